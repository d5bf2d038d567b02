import { ReplyOnPause, type ReplyOnPauseOptions, type Turn } from '../../src/index.ts'
import { testCall, tone } from '../../src/testing/index.ts'
import { scene } from './scene.ts'

/** How a sentence was replied to by somebody who knows when it is over. */
export interface FastTurn {
  /** From the true end of the sentence until the reply is heard, in ms. */
  readonly delayMs: number
  /** When the turn detector was asked, in ms after the true end of the sentence; negative: in the middle of it. */
  readonly askedMs: readonly number[]
  /** The turns that were replied to. */
  readonly turns: readonly Turn[]
  /** How much of the sentence is before what the function was given, in ms. */
  readonly missingMs: number
}

/** Says something, to a handler whose turn detector says no in the middle of it, and yes behind it. */
export async function fastTurn(parts: readonly (string | number)[], options: ReplyOnPauseOptions): Promise<FastTurn> {
  const { audio, phrases } = scene(parts)
  const [startMs, endMs] = [phrases[0]?.fromMs ?? 0, phrases.at(-1)?.toMs ?? 0]
  const [askedMs, turns]: [number[], Turn[]] = [[], []]
  let sinceEndMs = (): number => 0
  const turnDetector = (): number => {
    askedMs.push(sinceEndMs())
    return sinceEndMs() >= 0 ? 1 : 0
  }
  const handler = new ReplyOnPause(() => [tone(880, { seconds: 0.5 })], { ...options, turnDetector })
  await using call = await testCall(handler, { seed: 1 })
  const begunMs = call.nowMs
  sinceEndMs = () => call.nowMs - begunMs - endMs
  call.session.on('turn', (turn) => turns.push(turn))
  await call.play(audio)
  await call.wait(1)
  const [reply] = call.heard.sounds()
  const delayMs = (reply?.fromMs ?? Infinity) - begunMs - endMs
  return { delayMs, askedMs, turns, missingMs: (turns[0]?.from ?? Infinity) * 1000 - begunMs - startMs }
}
