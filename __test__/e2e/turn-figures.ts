import type { Interruption } from '../../src/index.ts'
import { definedPauses, FRAME } from '../helpers/definition.ts'
import type { SpokenCall } from './spoken-call.ts'

/** How long things took in a conversation; all in ms. */
export interface Figures {
  /** From when the definition of a pause was true to when it was found, in the caller's audio; of each turn. */
  readonly found: number[]
  /** From when the audio in which the pause was found had come to the first packet of the reply at the page; of each turn. */
  readonly answered: number[]
  /** From the true end of what was said to the reply, as the page plays it; of each turn. */
  readonly heardAfter: number[]
  /** How much of the speaker's audio it took to know of the interruption, from its true beginning. */
  readonly noticed: number
  /** From when that audio had come to the last packet of the old reply at the page; negative when that came before. */
  readonly silenced: number
  /** From the true beginning of the interruption to silence, as the page plays it. */
  readonly silentAfter: number
}

/** Measures a conversation of three turns with one interruption. */
export function figuresOf(call: SpokenCall): Figures {
  const { turns, frames, heard, phrases } = call
  const [interruption] = call.interruptions as [Interruption]
  const sounds = heard.sounds()
  const pauses = definedPauses(frames)
  const bursts = burstsOf(call.packets)
  // When audio has come: as early as it ever came, for the rest is waiting in the event loop.
  const lag = Math.min(...frames.map(({ at, begin }) => at - (begin + FRAME) * 1000))
  const cameAt = ({ foundAt }: { foundAt: number }): number => lag + foundAt * 1000
  return {
    found: turns.map(({ foundAt }, n) => (foundAt - (pauses[n] ?? NaN)) * 1000),
    answered: turns.map((turn, n) => (bursts[n]?.[0] ?? NaN) - cameAt(turn)),
    heardAfter: phrases.map(({ toMs }, n) => (sounds[n]?.fromMs ?? NaN) - toMs),
    noticed: interruption.foundAt * 1000 - beginningOf(call, 2),
    silenced: (bursts[1]?.at(-1) ?? NaN) - cameAt(interruption),
    silentAfter: (sounds[1]?.toMs ?? NaN) - (phrases[2]?.fromMs ?? NaN),
  }
}

/** Nothing is sent between replies. */
function burstsOf(packets: readonly number[]): number[][] {
  const bursts: number[][] = []
  for (const [n, at] of packets.entries()) {
    if (n === 0 || at - (packets[n - 1] as number) > 200) bursts.push([])
    bursts.at(-1)?.push(at)
  }
  return bursts
}

/** Where in the stream a turn's phrase truly began, in ms: by what can be heard of it in the audio that was handed over. */
function beginningOf({ turns, handed }: SpokenCall, turn: number): number {
  return (turns[turn]?.from ?? NaN) * 1000 + (handed[turn]?.sounds()[0]?.fromMs ?? NaN)
}
