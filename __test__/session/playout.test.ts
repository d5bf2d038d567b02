import test from 'ava'
import { Playout } from '../../src/session/playout.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { encodeMulaw } from '../helpers/mulaw.ts'
import { sine } from '../helpers/socket-client.ts'

const VOICE = encodeMulaw(sine(440, 8000, 0.02))
const SILENCE = new Uint8Array(160).fill(0xff)
/** 20 ms whose samples are so many dB below full scale. */
const noise = (db: number): Uint8Array => {
  const amplitude = 32_768 * 10 ** (db / 20)
  return encodeMulaw(Int16Array.from({ length: 160 }, (_, i) => (i % 2 === 0 ? amplitude : -amplitude)))
}

/** A far end that gets audio 100 ms ahead, and how much of it waits there. */
function farEnd() {
  const time = { ms: 1000 }
  const playout = new Playout(100, new VirtualClock(() => time.ms))
  const far = {
    endsAt: 0,
    sent: 0,
    get waits(): number {
      return Math.max(0, far.endsAt - time.ms)
    },
    /** So many payloads are due, one after the other in so many ms. */
    send(payload: Uint8Array, count: number, ms: number): void {
      for (let i = 0; i < count; i++) {
        if (playout.takes(payload)) {
          far.endsAt = Math.max(far.endsAt, time.ms) + 20
          far.sent++
        }
        time.ms += ms
      }
    },
  }
  return { time, far, playout }
}

test('what is sent ahead as agreed is left whole, quiet or not', (t) => {
  for (const payload of [VOICE, SILENCE]) {
    const { far } = farEnd()
    far.send(payload, 6, 0)
    far.send(payload, 500, 20)
    t.is(far.sent, 506)
  }
})

test('after a hold-up quiet audio is left out until no more waits than usual, and a voice never', (t) => {
  const { time, far } = farEnd()
  far.send(VOICE, 50, 20)
  time.ms += 400
  far.send(VOICE, 20, 0)
  far.send(VOICE, 50, 20)
  t.is(far.sent, 120, 'all that was said')
  t.true(far.waits > 350, `${far.waits} ms wait`)
  far.send(SILENCE, 50, 20)
  t.true(far.waits <= 140, `${far.waits} ms wait`)
  const sent = far.sent
  far.send(VOICE, 50, 20)
  far.send(SILENCE, 50, 20)
  t.is(far.sent, sent + 100, 'and then nothing more is left out')
})

test('quiet is what is 50 dB below full scale on average', (t) => {
  for (const [db, isSent] of [
    [-45, true],
    [-55, false],
    [-60, false],
  ] as const) {
    const { far } = farEnd()
    far.send(VOICE, 20, 0)
    far.send(noise(db), 1, 0)
    t.is(far.sent === 21, isSent, `${db} dB`)
  }
})

test('a far end that was told to drop what it had has nothing to play', (t) => {
  const { far, playout } = farEnd()
  far.send(VOICE, 50, 0)
  playout.cleared()
  far.send(SILENCE, 6, 0)
  t.is(far.sent, 56)
})
