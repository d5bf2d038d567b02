import test from 'ava'
import { picture, testCall } from '../../src/testing/index.ts'

const red = picture([220, 30, 30])

for (const maxFramerate of [10, 24]) {
  test(`no more than ${maxFramerate} pictures a second leave when no more are wanted`, async (t) => {
    const stream = { rtpParams: { maxFramerate } }
    const call = await testCall((frame) => frame, { modality: 'video', seed: 1, stream })
    await call.show(red, { seconds: 2 })
    t.true(Math.abs(call.seen.length - 2 * maxFramerate) <= 2, `${call.seen.length} pictures`)
    await call.end()
  })
}

test('pictures keep to a bitrate that no network makes as low', async (t) => {
  const stream = { rtpParams: { maxBitrate: 40_000 } }
  const call = await testCall((frame) => frame, { modality: 'video', seed: 1, stream })
  await call.show(red, { seconds: 1 })
  t.is(call.session.stats().video?.bitrate, 40_000)
  await call.end()
})
