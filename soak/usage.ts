import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** What a process holds. */
export interface Usage {
  /** Resident memory in bytes. */
  readonly resident: number
  /** JavaScript's heap in bytes, after a collection. */
  readonly heap: number
  /** Open file descriptors; 0 where the system doesn't list them. */
  readonly descriptors: number
  /** Those by what they are open on, such as a socket or an epoll. */
  readonly kinds: Readonly<Record<string, number>>
  /** Threads; 0 where the system doesn't list them. */
  readonly threads: number
  /** What keeps or could keep the event loop going, by kind. */
  readonly resources: Readonly<Record<string, number>>
}

/** What a process holds, and when. */
export interface Measured extends Usage {
  /** Of the run. */
  readonly minute: number
}

/** Bytes of a MiB. */
export const MIB = 1_048_576

/**
 * Memory as it is shown.
 *
 * @param usage - a process's
 * @returns what is resident and what of it is JavaScript's, in MiB
 */
export function showMemory({ resident, heap }: Usage): string {
  return `${(resident / MIB).toFixed(1)} MiB (heap ${(heap / MIB).toFixed(1)})`
}

/**
 * Measures this process, garbage collected before. Needs `node --expose-gc`.
 *
 * @param rounds - of collecting; the first leaves what was only kept by finalisers
 * @returns what it holds
 */
export async function usage(rounds = 3): Promise<Usage> {
  await collect(rounds)
  const { rss, heapUsed } = process.memoryUsage()
  const [descriptors, sockets] = [entries('/proc/self/fd'), protocols()]
  return {
    resident: rss,
    heap: heapUsed,
    descriptors: descriptors.length,
    kinds: tally(descriptors.map((descriptor) => kindOf(descriptor, sockets))),
    threads: entries('/proc/self/task').length,
    resources: tally(process.getActiveResourcesInfo()),
  }
}

/** The fewest times that a run measures its memory. */
const FEWEST = 10

/**
 * Measures memory at some looks of a run only, once a minute if that is often enough: for that garbage is collected, all at once,
 * which holds up the event loop for 10 to 20 ms, where V8 by itself takes 4. It is done once each time: two in a row would be
 * heard.
 *
 * @param minutes - how long the run is
 * @param seconds - from one look to the next
 * @returns to be called at each look; gives what the process holds then, or undefined
 */
export function nowAndThen(minutes: number, seconds: number): () => Promise<Usage | undefined> {
  const every = Math.max(1, Math.round(Math.min(60, (minutes * 60) / FEWEST) / seconds))
  let looks = 0
  return async () => (looks++ % every === 0 ? usage(1) : undefined)
}

/**
 * The looks at which memory was measured.
 *
 * @param looks - all of a run
 * @returns what was held, and when
 * @throws RangeError when it was never measured
 */
export function measured(
  looks: readonly { readonly minute: number; readonly memory: Usage | undefined }[],
): [Measured, ...Measured[]] {
  const [first, ...rest] = looks.flatMap(({ minute, memory }) => (memory === undefined ? [] : [{ ...memory, minute }]))
  if (first === undefined) throw new RangeError('The run was too short: its memory was never measured')
  return [first, ...rest]
}

/**
 * Collects garbage, in three rounds what was only kept by finalisers too.
 *
 * @param rounds - each holds up the event loop
 */
export async function collect(rounds = 3): Promise<void> {
  if (globalThis.gc === undefined) throw new Error('Run this with node --expose-gc')
  for (let round = 0; round < rounds; round++) {
    globalThis.gc()
    await new Promise(setImmediate)
  }
}

/**
 * How much `y` grows with each `x`: the median of the slopes between any two points (Theil and Sen's estimator), so that
 * neither a single step of an allocator nor a single high reading is taken for growth.
 *
 * @param points - two or more
 */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const slopes = points.flatMap(([x, y], index) =>
    points.slice(index + 1).map(([laterX, laterY]) => (laterY - y) / (laterX - x)),
  )
  return median(slopes)
}

/**
 * The one in the middle.
 *
 * @param numbers - in any order
 * @returns NaN when there are none
 */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? NaN
}

/** Counts objects that the collector has yet to take. */
export class Census {
  readonly #registry = new FinalizationRegistry((kind: string) => this.#count(kind, -1))
  readonly #living = new Map<string, number>()

  /**
   * @param kind - what it is called
   * @param object - not kept alive by this
   */
  add(kind: string, object: object): void {
    this.#registry.register(object, kind)
    this.#count(kind, 1)
  }

  /** How many live, by kind; those of none left out. */
  living(): Record<string, number> {
    return Object.fromEntries([...this.#living].filter(([, count]) => count > 0))
  }

  #count(kind: string, by: number): void {
    this.#living.set(kind, (this.#living.get(kind) ?? 0) + by)
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** What a descriptor is open on, without what only one such thing has: its number. */
function kindOf(descriptor: string, sockets: ReadonlyMap<string, string>): string {
  try {
    const [, kind = '', number = ''] = /^(.*?)(?::\[(\d+)\])?$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`)) ?? []
    return kind === 'socket' ? `${sockets.get(number) ?? 'other'} socket` : kind
  } catch {
    // The one by which they were listed.
    return 'gone'
  }
}

/** The protocol of each of the system's sockets, by its number. */
function protocols(): ReadonlyMap<string, string> {
  const files = ['udp', 'udp6', 'tcp', 'tcp6', 'unix']
  return new Map(files.flatMap((file) => socketsOf(file).map((number) => [number, file] as const)))
}

function socketsOf(file: string): string[] {
  try {
    const [, ...lines] = readFileSync(`/proc/self/net/${file}`, 'utf8').trim().split('\n')
    const column = file === 'unix' ? 6 : 9
    return lines.flatMap((line) => line.trim().split(/\s+/)[column] ?? [])
  } catch {
    return []
  }
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
