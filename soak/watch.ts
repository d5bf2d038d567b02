import { appendFileSync } from 'node:fs'

/** A run that goes wrong goes wrong again and again; so many failures are told. */
const MOST_TOLD = 20

/** How long a soak lasts, and how often it is looked at. */
export interface Duration {
  /** Minutes in all. */
  readonly minutes: number
  /** The minutes at the beginning in which caches fill: what is seen then is shown, and doesn't count. */
  readonly warmUp: number
  /** Seconds from one look to the next. */
  readonly seconds: number
}

/**
 * Looks again and again, until the time is over.
 *
 * @param duration - for how long, and how often
 * @param look - measures everything at that minute
 * @param show - prints what was seen
 * @returns what counts
 */
export async function watch<Look extends { readonly minute: number }>(
  { minutes, warmUp, seconds }: Duration,
  look: (minute: number) => Promise<Look>,
  show: (look: Look) => void,
): Promise<Look[]> {
  const looks: Look[] = []
  const began = performance.now()
  const passed = (): number => (performance.now() - began) / 60_000
  while (passed() < minutes) {
    await new Promise((resolve) => void setTimeout(resolve, seconds * 1000))
    const seen = await look(passed())
    show(seen)
    if (seen.minute >= warmUp) looks.push(seen)
  }
  return looks
}

/** What a soak comes to. */
export interface Outcome {
  /** Its name, as in `npm run`. */
  readonly soak: string
  /** Its figures, and what it was asked for. */
  readonly result: Readonly<Record<string, unknown>>
  /** Everything that is wrong. */
  readonly wrong: readonly string[]
  /** The file that the result is appended to, if any. */
  readonly file: string | undefined
}

/**
 * Says how a soak ended, its result as a line of JSON before the last line, and lets the process end with 1 when something is
 * wrong.
 *
 * @param outcome - what it comes to
 */
export function conclude({ soak, result, wrong, file }: Outcome): void {
  for (const what of wrong.slice(0, MOST_TOLD)) console.error(`FAILED ${what}`)
  const line = JSON.stringify({ soak, ended: new Date().toISOString(), node: process.version, ...result, wrong })
  console.log(line)
  if (file !== undefined) appendFileSync(file, `${line}\n`)
  console.log(wrong.length === 0 ? 'ok' : `${wrong.length} failures`)
  process.exitCode = wrong.length === 0 ? 0 : 1
}
