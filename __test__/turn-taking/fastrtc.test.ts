import { readFileSync } from 'node:fs'
import anyTest from 'ava'
import type { ExecutionContext } from 'ava'
import { type EmitAudio, ReplyOnPause, type ReplyOnPauseOptions, type Turn } from '../../src/index.ts'
import { delayBetween } from '../../src/testing/envelope.ts'
import { testCall, tone } from '../../src/testing/index.ts'
import type { Span } from '../../src/testing/spans.ts'
import { scene } from '../helpers/scene.ts'

// The table of docs/turn-taking.md: the same audio and options here and there. FastRTC's turns are those of its own code, by
// scripts/turns/fastrtc_turns.py.

/** What is said, and with which options. */
interface Case {
  readonly name: string
  readonly parts: (string | number)[]
  readonly options: ReplyOnPauseOptions
  /** How long replies are; 0.1 s by default. */
  readonly replySeconds?: number
  /** Which phrases each turn has, half of each at least. */
  readonly turns: number[][]
  /** Whether FastRTC's turns are others; why is in the table. */
  readonly differs?: boolean
}

/** A turn on the clock of what is said, in seconds. */
type Heard = Pick<Turn, 'from' | 'to' | 'foundAt'> & Partial<Turn>

const test = anyTest.serial
const cases = read('cases') as Case[]
const fastrtc = read('fastrtc') as Record<string, Heard[]>

for (const { name, parts, options, replySeconds, turns: expected, differs = false } of cases) {
  test(`${name}: ${differs ? "other turns than FastRTC's" : "FastRTC's turns"}`, async (t) => {
    const { audio, phrases } = scene(parts)
    const turns = await turnsOf(audio, options, replySeconds)
    const theirs = fastrtc[name] ?? t.fail('run scripts/turns/fastrtc_turns.py')
    t.log(`here ${describe(turns, phrases)}; FastRTC ${describe(theirs, phrases)}`)
    t.deepEqual(phrasesIn(turns, phrases), expected)
    t.is(isEqual(phrasesIn(theirs, phrases), expected), !differs)
    for (const turn of turns) {
      beginsBeforeItsSpeech(t, turn, phrases)
      if (turn.reason === 'pause') isFoundInTime(t, turn, phrases, options)
    }
  })
}

/** The turns of a call in which that is said. */
async function turnsOf(said: EmitAudio, options: ReplyOnPauseOptions, replySeconds = 0.1): Promise<Heard[]> {
  const handed: EmitAudio[] = []
  const turns: Turn[] = []
  const handler = new ReplyOnPause(
    function* (audio) {
      handed.push(audio)
      yield tone(880, { seconds: replySeconds })
    },
    { ...options, inputSampleRate: 16_000 },
  )
  await using call = await testCall(handler, { seed: 1 })
  call.session.on('turn', (turn) => turns.push(turn))
  await call.play(said)
  if (handed[0] === undefined || turns[0] === undefined) return []
  // Stream time is not the clock of what is said: it began when the call did.
  const behind = turns[0].from - (delayBetween(handed[0], said) ?? Infinity) / 1000
  return turns.map((turn) => ({
    reason: turn.reason,
    from: turn.from - behind,
    to: turn.to - behind,
    foundAt: turn.foundAt - behind,
  }))
}

function phrasesIn(turns: readonly Heard[], phrases: readonly Span[]): number[][] {
  const isIn = ({ from, to }: Heard, { fromMs, toMs }: Span): boolean =>
    Math.min(to * 1000, toMs) - Math.max(from * 1000, fromMs) >= (toMs - fromMs) / 2
  return turns.map((turn) => [...phrases.keys()].filter((n) => isIn(turn, phrases[n] as Span)))
}

/** Nothing of the phrase that a turn begins with is missing. */
function beginsBeforeItsSpeech(t: ExecutionContext, turn: Heard, phrases: readonly Span[]): void {
  const [first] = phrasesIn([turn], phrases)[0] ?? []
  if (first === undefined) return
  const lead = (phrases[first] as Span).fromMs - turn.from * 1000
  t.true(lead > -10 && lead < 500, `${lead} ms before the phrase`)
}

/** The pause is found as soon as there can be less speech than the threshold in the window, and when the model is sure. */
function isFoundInTime(
  t: ExecutionContext,
  turn: Heard,
  phrases: readonly Span[],
  { algoOptions: { audioChunkDuration = 0.6, speechThreshold = 0.1 } = {} }: ReplyOnPauseOptions,
): void {
  const last = phrasesIn([turn], phrases)[0]?.at(-1)
  if (last === undefined) return
  const late = turn.foundAt - (phrases[last] as Span).toMs / 1000 - (audioChunkDuration - speechThreshold)
  t.true(late > -0.1 && late < 0.15, `found ${late} s after it can have been`)
}

/** For the table: where each turn begins and was found, beside the true start and end of its phrases, in ms. */
function describe(turns: readonly Heard[], phrases: readonly Span[]): string {
  const row = (turn: Heard): string => {
    const own = (phrasesIn([turn], phrases)[0] ?? []).map((n) => phrases[n] as Span)
    const [first, last] = [own[0], own.at(-1)]
    if (first === undefined || last === undefined) return `none in ${turn.from.toFixed(2)} to ${turn.to.toFixed(2)} s`
    const [lead, found] = [first.fromMs - turn.from * 1000, turn.foundAt * 1000 - last.toMs]
    return `${own.length} from ${Math.round(lead)} ms before, found ${Math.round(found)} after`
  }
  return `${turns.length}: ${turns.map(row).join(', ')}`
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../fixtures/turns/${name}.json`, import.meta.url), 'utf8'))
}
