// Crossing between JavaScript and the addon. Run: node --import=@oxc-node/core/register bench/boundary.bench.ts
import { readFileSync } from 'node:fs'
import { Host } from '../src/native/host.ts'
import type { MediaLink } from '../src/native/media-link.ts'
import { GeneratorHandler } from '../src/driver/generator-handler.ts'
import { engineSettings, linkSettings } from '../src/stream/link-settings.ts'
import { resolveOptions } from '../src/stream/resolve-options.ts'
import { report } from './report.ts'

const silence = function* (): Generator<null> {}
const settings = resolveOptions({
  handler: silence,
  modality: 'audio',
  mode: 'receive',
  media: { bindAddress: '127.0.0.1' },
})
const sdp = readFileSync(new URL('../__test__/package/offer.sdp', import.meta.url), 'utf8')

/** A session that has answered its offer and never connects. */
async function halfOpen(): Promise<MediaLink> {
  const host = await Host.open()
  const handler = new GeneratorHandler(silence, false)
  const link = host.accept(
    engineSettings(settings, { stunServers: [], turnServers: [] }),
    linkSettings(settings, handler),
    sdp,
  )
  await new Promise<void>((resolve) => {
    const alive = setTimeout(() => undefined, 10_000)
    link.listen({ onAudio: () => undefined, onRoom: () => undefined, onEvent: () => (clearTimeout(alive), resolve()) })
  })
  return link
}

const link = await halfOpen()
const [frame, floats, room] = [new Int16Array(480), new Float32Array(480), new Int16Array(960)]

await report('Crossing the boundary', (bench) => {
  bench
    .add('readAudio, nothing waits', () => void link.readAudio(room))
    .add('writeAudio, 20 ms at 24 kHz', () => void link.writeAudio(frame, 24_000, 1), {
      afterAll: () => link.clearQueue(),
    })
    .add('writeAudioFloat, 20 ms at 24 kHz', () => void link.writeAudio(floats, 24_000, 1), {
      afterAll: () => link.clearQueue(),
    })
    .add('queuedMs', () => void link.queuedMs())
    .add('stats', () => void link.stats())
})
link.close(false)
