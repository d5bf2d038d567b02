import test from 'ava'
import { type AudioFrame, type EmitType, StreamHandler } from '../../src/index.ts'
import { type NetworkOptions, Recording, testCall, tone } from '../../src/testing/index.ts'

type Network = NetworkOptions & { loss: number; jitterMs: number; seed: number }

const MIXED_UP = { reordering: 0.05, duplicates: 0.02 }
const NETWORKS: readonly Network[] = [
  { loss: 0, jitterMs: 80, seed: 43 },
  { loss: 0.05, jitterMs: 20, ...MIXED_UP, seed: 42 },
  { loss: 0.1, jitterMs: 40, ...MIXED_UP, seed: 41 },
  { loss: 0.2, jitterMs: 0, seed: 44 },
]
const SECONDS = 10
/** Of both tones, in dB: half of full scale. Opus takes a quieter one for noise, of which it sends no copies. */
const LOUDNESS = -9
const [CALLER_HERTZ, HANDLER_HERTZ] = [440, 880]

/** Keeps what it hears, and plays a tone. */
class Listener extends StreamHandler {
  readonly parts: Int16Array[] = []
  #played = 0
  override receive([, samples]: AudioFrame): void {
    this.parts.push(samples)
  }
  override emit(): EmitType {
    return this.#played++ < SECONDS ? tone(HANDLER_HERTZ, { loudness: LOUDNESS }) : null
  }
  override copy(): Listener {
    return new Listener()
  }
}

function heardBy({ parts }: Listener): Recording {
  const samples = Int16Array.from(parts.flatMap((part) => [...part]))
  return new Recording(
    samples,
    parts.map((_, i) => i * 20),
  )
}

function describe({ loss, jitterMs, reordering }: Network): string {
  const more = reordering === undefined ? '' : ', reordering and duplicates'
  return `${loss * 100} % loss with ${jitterMs} ms of jitter${more}`
}

// One after the other, for they go on in real time.
for (const network of NETWORKS) {
  for (const over of ['memory', 'udp'] as const) {
    test.serial(`at ${describe(network)} both ends hear nearly all, over ${over}`, async (t) => {
      const { loss, jitterMs } = network
      const call = await testCall(new Listener(), { ...network, over })
      await call.play(tone(CALLER_HERTZ, { seconds: SECONDS, loudness: LOUDNESS }))
      await call.wait(0.5)
      const [stats, caller] = [call.session.stats(), call.stats()]
      // A goodbye that gets lost is missed for 15 s.
      call.setNetwork({})
      await call.end()
      const handler = heardBy(call.handler as Listener)
      const { packetsIn, lost, concealed, fecRecovered } = stats
      t.log({ packetsIn, lost, concealed, fecRecovered, jitterMs: stats.jitterMs, caller, hole: handler.longestHoleMs })
      t.true(lost + caller.lost >= 300 * loss, 'the network lost as much as was asked for')
      t.true(stats.jitterMs >= jitterMs / 10, `${stats.jitterMs} ms of jitter`)
      const both = [
        [handler, CALLER_HERTZ],
        [call.heard, HANDLER_HERTZ],
      ] as const
      for (const [heard, hertz] of both) {
        const share = (heard.toneShare(hertz) * heard.soundSeconds) / SECONDS
        t.log({ hertz, share, soundSeconds: heard.soundSeconds, hole: heard.longestHoleMs })
        t.true(heard.soundSeconds >= 0.98 * SECONDS, `${heard.soundSeconds} s of ${SECONDS} s`)
        t.true(share >= (loss > 0.1 ? 0.9 : 0.95), `${share} of the tone of ${hertz} Hz`)
        t.true(heard.longestHoleMs <= 60, `a hole of ${heard.longestHoleMs} ms`)
      }
    })
  }
}
