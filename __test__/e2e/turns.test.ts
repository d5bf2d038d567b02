import test from 'ava'
import type { ExecutionContext } from 'ava'
import type { Recording, Span } from '../../src/testing/index.ts'
import { LONGEST_GAP_MS, REPLIES, type SpokenCall, spokenCall } from './spoken-call.ts'
import { figuresOf } from './turn-figures.ts'

// What is asserted is content, order, and times in the audio itself. How long things took in real time depends on the
// machine; bench/turns-chromium.ts prints that.

test.serial('Chromium speaks two turns and interrupts the second reply', async (t) => {
  const call = await spokenCall(t)
  isConversation(t, call)
  const figures = figuresOf(call)
  t.log(figures)
  for (const ms of figures.found) t.true(ms >= 0 && ms <= 64, `a pause found after ${ms} ms`)
  t.true(figures.noticed <= 300, `an interruption known after ${figures.noticed} ms of it`)
})

test.serial('over a WebSocket too it does, and what is left of the interrupted reply is not heard', async (t) => {
  const call = await spokenCall(t, 'websocket')
  isConversation(t, call)
  const { found, noticed } = figuresOf(call)
  t.log({ found, noticed })
  for (const ms of found) t.true(ms >= 0 && ms <= 64, `a pause found after ${ms} ms`)
  t.true(noticed <= 300, `an interruption known after ${noticed} ms of it`)
})

function isConversation(t: ExecutionContext, call: SpokenCall): void {
  const { heard, handed, turns, interruptions, phrases, lengths } = call
  t.deepEqual(call.order, ['turn', 'turn', 'interrupted', 'turn'])
  t.is(phrases.length, 3)
  // A busy machine may be late with a part of a reply; between replies is more than a second.
  const sounds = heard.sounds(LONGEST_GAP_MS)
  t.deepEqual(pitches(heard, sounds), [400, 560, 780])
  const [first, second, third] = sounds.map(({ fromMs, toMs }) => (toMs - fromMs) / 1000) as [number, number, number]
  t.true(first > 0.9 && third > 0.9, `replies of ${first} and ${third} s`)
  t.true(second < REPLIES[1].seconds, `an interrupted reply of ${second} s`)
  for (const [n, length] of lengths.entries()) {
    t.true((sounds[n] as Span).fromMs > (phrases[n] as Span).toMs, `reply ${n} to what was said`)
    // Silence comes first, so nothing is cut off; what follows is as long as what was said.
    const [speech] = (handed[n] as Recording).sounds(1000) as [Span]
    const more = speech.toMs - speech.fromMs - length
    t.true(speech.fromMs >= 200, `turn ${n} handed over ${speech.fromMs} ms of silence first`)
    t.true(Math.abs(more) < 150, `turn ${n} handed over ${more} ms more of speech than was said`)
  }
  const heardMs = interruptions[0]?.heardMs ?? 0
  t.true(heardMs > 0 && heardMs < REPLIES[1].seconds * 1000, `${heardMs} ms of it heard`)
  t.is(turns[2]?.heardMs, heardMs)
  t.deepEqual(
    call.messages.filter(({ type }) => type === 'log').map(({ data }) => data),
    Array.from({ length: 3 }, () => ['started_talking', 'pause_detected', 'response_starting']).flat(),
  )
}

/** What each sound is: the pitch of a reply, or undefined. */
function pitches(heard: Recording, sounds: readonly Span[]): (number | undefined)[] {
  const pitchOf = ({ fromMs, toMs }: Span): number | undefined =>
    REPLIES.find(({ hertz }) => heard.between(fromMs, toMs).toneShare(hertz) > 0.8)?.hertz
  return sounds.map(pitchOf)
}
