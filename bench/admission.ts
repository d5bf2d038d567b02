// What live calls hear while many others begin at once, on real UDP: calls with a steady tone, then so many offers in one
// moment, a few times over. Prints what the worst-off of the live calls got in the five seconds before, and in the time
// in which all the others were connected. Run, with nothing else on the machine:
// node --import=@oxc-node/core/register bench/admission.ts [LIVE] [OFFERS] [ROUNDS]
import { setTimeout as sleep } from 'node:timers/promises'
import { Stream } from 'parley-rtc'
import { type Caller, Callers, type Report } from '../soak/callers.ts'
import { Echo } from '../soak/echo.ts'

const [live = 8, offers = 32, rounds = 5] = process.argv.slice(2).map(Number)
/** How long the live calls are listened to before each burst, and for how long at least from its begin. */
const BEFORE_MS = 5000
const AFTER_MS = 1000

/** The worst that any of the live calls got. */
interface Worst {
  readonly pauseMs: number
  readonly lateMs: number
  readonly withoutToneMs: number
  readonly missing: number
  readonly jumps: number
}

/** One burst. */
interface Round {
  readonly before: Worst
  readonly during: Worst
  readonly answeredMs: readonly number[]
  readonly connectedMs: readonly number[]
}

const stream = new Stream({ handler: new Echo(), concurrencyLimit: Infinity, media: { bindAddress: '127.0.0.1' } })
const program = Callers.start('release')
const calls: Caller[] = []
while (calls.length < live) calls.push(await program.call(stream))
await sleep(3000)
const all: Round[] = []
while (all.length < rounds) all.push(await burst())
await program.kill()
await stream.close()
show(all)

async function burst(): Promise<Round> {
  const others = Callers.start('release')
  others.yield()
  const callers = Array.from({ length: offers }, () => others.make())
  const sdps = await Promise.all(callers.map((caller) => caller.offer()))
  await worst()
  await sleep(BEFORE_MS)
  const before = await worst()
  const began = performance.now()
  const times = await Promise.all(callers.map((caller, index) => connect(caller, sdps[index] ?? '', began)))
  await sleep(Math.max(0, began + AFTER_MS - performance.now()))
  const during = await worst()
  await others.kill()
  await sleep(3000)
  return {
    before,
    during,
    answeredMs: times.map(({ answered }) => answered),
    connectedMs: times.map(({ connected }) => connected),
  }
}

async function connect(caller: Caller, sdp: string, began: number): Promise<{ answered: number; connected: number }> {
  const answer = await stream.offer({ type: 'offer', sdp, webrtc_id: caller.id })
  if (!('sdp' in answer)) throw new Error(`An offer was refused: ${JSON.stringify(answer)}`)
  const answered = performance.now() - began
  caller.answered(answer.sdp)
  await caller.until(() => caller.isConnected)
  return { answered, connected: performance.now() - began }
}

/** Since it was asked last. */
async function worst(): Promise<Worst> {
  const reports = await Promise.all(calls.map((call) => call.report()))
  const most = (figure: (report: Report) => number): number => Math.max(...reports.map(figure))
  return {
    pauseMs: most(({ longestPauseMs }) => longestPauseMs),
    lateMs: most(({ latestMs }) => latestMs),
    withoutToneMs: most(({ longestGapMs }) => longestGapMs),
    missing: most(({ missing }) => missing),
    jumps: most(({ jumps }) => jumps),
  }
}

function show(bursts: readonly Round[]): void {
  console.log(`${live} live calls, ${offers} offers at once, ${bursts.length} times (Node ${process.version})\n`)
  console.log('| ms, the worst live call of each round | before | while the others begin |\n| --- | --- | --- |')
  const row = (what: string, figure: (worst: Worst) => number): void => {
    const cells = [bursts.map(({ before }) => figure(before)), bursts.map(({ during }) => figure(during))]
    console.log(`| ${what} | ${cells.map((values) => values.join(', ')).join(' | ')} |`)
  }
  row('longest time from one packet to the next', ({ pauseMs }) => pauseMs)
  row('latest packet, against the earliest', ({ lateMs }) => lateMs)
  row('longest stretch of what was heard without the tone', ({ withoutToneMs }) => withoutToneMs)
  row('packets lost', ({ missing }) => missing)
  row('places where the sender ran dry', ({ jumps }) => jumps)
  const shares = (times: (round: Round) => readonly number[]): string => {
    const sorted = bursts.flatMap(times).toSorted((a, b) => a - b)
    return [0.5, 0.95, 1].map((share) => Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? NaN)).join(', ')
  }
  console.log(
    `\nms from the first offer, median, 95 % and the last: answered ${shares(({ answeredMs }) => answeredMs)},`,
  )
  console.log(`connected ${shares(({ connectedMs }) => connectedMs)}`)
}
