// Sessions that begin, talk and end in every way, and what is left of them: `npm run soak:cycles`.
//
//   --cycles 10000     how many
//   --concurrency 16   how many at once
//   --samples 40       how often memory is measured
//   --kib 1            the most that resident memory may grow by with each cycle, after the first tenth (or 250)
//   --only REGEX       the endings whose names match, and none of the rare ones: --only 'thread|film|pictures'
//   --not REGEX        none of those whose names match: --not 'thread|film|pictures'
//   --json FILE        a file that the result is appended to, one line of JSON
//
// Ends with 1 when a limit is broken. What is measured is this process, the server; callers are processes of their own.
import { parseArgs } from 'node:util'
import { type Ending, RARE, USUAL } from './endings.ts'
import { Lab } from './lab.ts'
import { Census, collect, showMemory, slope, usage, type Usage } from './usage.ts'
import { conclude } from './watch.ts'

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '10000' },
    concurrency: { type: 'string', default: '16' },
    samples: { type: 'string', default: '40' },
    kib: { type: 'string', default: '1' },
    only: { type: 'string' },
    not: { type: 'string' },
    json: { type: 'string' },
  },
})
const [cycles, concurrency, samples] = [Number(values.cycles), Number(values.concurrency), Number(values.samples)]
const KIB = 1024
const { only, not } = values
const usual = USUAL.filter(({ name }) => matches(name, only, true) && !matches(name, not, false))
const kib = Number(values.kib)
/** How many of the cycles end in one of the rare ways. */
const RARE_EVERY = 250

const census = new Census()
const lab = new Lab(census)
const failures: string[] = []
const slow: Promise<void>[] = []

function matches(name: string, pattern: string | undefined, byDefault: boolean): boolean {
  return pattern === undefined ? byDefault : new RegExp(pattern).test(name)
}

/** One session, or one offer that comes to nothing. */
async function cycle(ending: Ending): Promise<void> {
  try {
    await ending.run(lab)
  } catch (error) {
    failures.push(`${ending.name}: ${String(error)}`)
  }
}

async function cyclesUntil(first: number, last: number): Promise<void> {
  let next = first
  const work = async (): Promise<void> => {
    for (let number = next++; number < last; number = next++) {
      // What takes half a minute goes on beside the others.
      if (only === undefined && number % RARE_EVERY === 0) slow.push(...RARE.map(cycle))
      await cycle(usual[number % usual.length] ?? USUAL[0])
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
}

/** Waits for what is over to be collected, as long as that helps. */
async function whenCollected(): Promise<Record<string, number>> {
  for (let left = 0; left < 50; left++) {
    await collect()
    if (Object.keys(census.living()).length === 0) break
    await new Promise((resolve) => void setTimeout(resolve, 100))
  }
  return census.living()
}

function show(done: number, seen: Usage): void {
  console.log(`${done} cycles: ${showMemory(seen)}, ${seen.descriptors} descriptors, ${seen.threads} threads`)
}

/** Measures when whatever is about to end has ended: what is open and runs stays the same for a second. */
async function settled(): Promise<Usage> {
  let [seen, same] = [await usage(), 0]
  for (let left = 50; left > 0 && same < 5; left--) {
    await new Promise((resolve) => void setTimeout(resolve, 200))
    const now = await usage()
    same = now.descriptors === seen.descriptors && now.threads === seen.threads ? same + 1 : 0
    seen = now
  }
  return seen
}

/** Before this nothing is judged: caches fill, pools grow. */
const warmUp = Math.min(cycles / 2, Math.max(250, cycles / 10))
await cyclesUntil(0, warmUp)
await Promise.all(slow.splice(0))
const begin = await settled()
show(warmUp, begin)
// One call goes on, as on any server: its media threads stay, and so does the memory that their allocators keep.
const hangUp = await lab.hold()
const points: [number, number][] = []
for (let sample = 1; sample <= samples; sample++) {
  const from = warmUp + Math.round(((cycles - warmUp) * (sample - 1)) / samples)
  const to = warmUp + Math.round(((cycles - warmUp) * sample) / samples)
  await cyclesUntil(from, to)
  const now = await usage()
  points.push([to, now.resident])
  show(to, now)
}
await Promise.all([...slow, hangUp()])
const end = await settled()
show(cycles, end)
const growth = slope(points) / KIB
const later = slope(points.slice(points.length >> 1)) / KIB
await lab.close()
const living = await whenCollected()

if (!(growth <= kib)) failures.push(`resident memory grows by ${growth.toFixed(2)} KiB a cycle`)
for (const what of ['descriptors', 'threads'] as const) {
  if (end[what] > begin[what]) failures.push(`${what}: ${begin[what]} before, ${end[what]} after`)
}
if (end.descriptors > begin.descriptors) console.log('descriptors before', begin.kinds, 'after', end.kinds)
for (const [kind, count] of Object.entries(end.resources)) {
  const before = begin.resources[kind] ?? 0
  if (count > before) failures.push(`${kind}: ${before} before, ${count} after`)
}
for (const [kind, count] of Object.entries(living)) failures.push(`${count} ${kind} were never collected`)
const { copies, shutdowns, repeated } = lab
if (shutdowns !== copies) failures.push(`of ${copies} handlers ${shutdowns} were shut down`)
if (repeated > 0) failures.push(`${repeated} handlers were shut down twice`)
console.log(
  `${growth.toFixed(3)} KiB a cycle, ${later.toFixed(3)} in the second half; ${shutdowns} of ${copies} handlers shut down`,
)
const result = { cycles, concurrency, kibACycle: growth, kibACycleLater: later, copies, shutdowns, begin, end }
conclude({ soak: 'cycles', result, wrong: failures, file: values.json })
