import test from 'ava'
import { type AudioFrame, type EmitType, StreamHandler } from '../../src/index.ts'
import { Recording, testCall, tone } from '../../src/testing/index.ts'

const BAD = { loss: 0.1, jitterMs: 40, reordering: 0.05, duplicates: 0.02, seed: 41 }
const SECONDS = 10

/** Keeps what it hears, and plays a tone. */
class Listener extends StreamHandler {
  readonly parts: Int16Array[] = []
  #played = 0
  override receive([, samples]: AudioFrame): void {
    this.parts.push(samples)
  }
  override emit(): EmitType {
    return this.#played++ < SECONDS ? tone(880) : null
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

for (const over of ['memory', 'udp'] as const) {
  test(`at 10 % loss with jitter, reordering and duplicates both ends hear nearly all, over ${over}`, async (t) => {
    const call = await testCall(new Listener(), { ...BAD, over })
    await call.play(tone(440, { seconds: SECONDS }))
    await call.wait(0.5)
    await call.end()
    const handler = heardBy(call.handler as Listener)
    const { packetsIn, lost, concealed } = call.session.stats()
    t.log({ packetsIn, lost, concealed, caller: call.stats(), hole: handler.longestHoleMs })
    t.true(lost + call.stats().lost > 30, 'the network was as bad as was asked for')
    for (const heard of [handler, call.heard]) {
      t.true(heard.soundSeconds >= 0.98 * SECONDS, `${heard.soundSeconds} s of ${SECONDS} s`)
      t.true(heard.longestHoleMs <= 60, `a hole of ${heard.longestHoleMs} ms`)
    }
  })
}
