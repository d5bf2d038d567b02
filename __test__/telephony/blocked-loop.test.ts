import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import { AsyncStreamHandler, type EmitType } from '../../src/index.ts'
import { tone } from '../../src/testing/index.ts'
import { toneShare } from '../../src/testing/tone-share.ts'
import { decodeMulaw } from '../helpers/mulaw.ts'
import type { PhoneCallers } from '../helpers/phone-callers.ts'
import { servePhone } from '../helpers/serve-phone.ts'

const CALLS = 50
const SECONDS = 3
/** Messages of 20 ms that each caller gets at least while this thread does nothing. */
const BLOCKED = 5
/** After so long they never will, in ms. */
const NEVER = 30_000

/** Says three seconds of a tone at once, and then nothing. */
class Says extends AsyncStreamHandler {
  static frames = 0
  #waiting: EmitType = tone(500, { seconds: SECONDS })

  override async receive(): Promise<void> {
    Says.frames++
  }

  override async emit(): Promise<EmitType> {
    const said = this.#waiting
    this.#waiting = null
    return said
  }

  override copy(): Says {
    return new Says()
  }
}

/** Runs nothing else on this thread until each counter has so much more; whether that came true. */
function blockUntil(counters: Int32Array, more: number): boolean {
  const wanted = counters.map((count) => count + more)
  const nobody = new Int32Array(new SharedArrayBuffer(4))
  for (const end = performance.now() + NEVER; performance.now() < end; Atomics.wait(nobody, 0, 0, 5)) {
    if (counters.every((_, index) => Atomics.load(counters, index) >= (wanted[index] as number))) return true
  }
  return false
}

test('fifty calls are heard without a gap while the event loop is blocked, a tenth of each second and longer', async (t) => {
  const { stream, local } = await servePhone(t, { handler: new Says() }, { insecure: true })
  const received = new SharedArrayBuffer(CALLS * 4)
  const counters = new Int32Array(received)
  const url = local('ws://voice.example.org/telephone/handler')
  const workerData: PhoneCallers = { url, calls: CALLS, received }
  const callers = new Worker(new URL('../helpers/phone-callers.ts', import.meta.url), { workerData })
  t.teardown(() => callers.terminate())
  while (counters.some((count) => count < 5)) await new Promise((resolve) => void setTimeout(resolve, 20))
  for (let second = 0; second < SECONDS - 1; second++) {
    t.true(blockUntil(counters, BLOCKED), 'the media threads need no event loop')
    await new Promise((resolve) => void setTimeout(resolve, 100))
  }
  while (counters.some((count) => count < SECONDS * 50)) await new Promise((resolve) => void setTimeout(resolve, 20))
  for (const session of stream.sessions.values()) {
    const { inputDropped, outputDropped } = session.stats()
    t.deepEqual({ inputDropped, outputDropped }, { inputDropped: 0, outputDropped: 0 })
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  callers.postMessage('what was heard?')
  const [heard] = (await once(callers, 'message')) as [Uint8Array[]]
  t.is(heard.length, CALLS)
  for (const bytes of heard) {
    const samples = decodeMulaw(bytes.subarray(0, SECONDS * 8000))
    t.true(toneShare(samples, 8000, 1, 500) > 0.98)
    t.is(longestSilence(samples), 0, 'the tone goes on from its first sample to its last')
  }
  t.true(Says.frames > 0)
})

/** Frames of 20 ms in a row that are silent, at most; the first fades in, and the last out. */
function longestSilence(samples: Int16Array): number {
  let [longest, silent] = [0, 0]
  for (let at = 160; at + 320 <= samples.length; at += 160) {
    const isSilent = samples.subarray(at, at + 160).every((sample) => Math.abs(sample) < 1000)
    silent = isSilent ? silent + 1 : 0
    longest = Math.max(longest, silent)
  }
  return longest
}
