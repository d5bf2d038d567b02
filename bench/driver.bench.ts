// What a frame costs in JavaScript, from the wake-up to the last write, with a link in memory instead of the engine.
// Run: node --import=@oxc-node/core/register bench/driver.bench.ts
import { createDriver } from '../src/driver/create-driver.ts'
import { DuplexHandler } from '../src/driver/duplex-handler.ts'
import type { Runner } from '../src/driver/runner.ts'
import { AsyncQueue, AsyncStreamHandler, type AudioFrame, type EmitType, StreamHandler } from '../src/index.ts'
import type { StreamHandlerBase } from '../src/handlers/stream-handler-base.ts'
import { report } from './report.ts'
import { OneFrameLink } from './one-frame-link.ts'

class SyncEcho extends StreamHandler {
  #frame: AudioFrame | null = null
  override receive(frame: AudioFrame): void {
    this.#frame = frame
  }
  override emit(): EmitType {
    const frame = this.#frame
    this.#frame = null
    return frame
  }
  override copy(): SyncEcho {
    return new SyncEcho()
  }
}

class AsyncEcho extends AsyncStreamHandler {
  readonly #frames = new AsyncQueue<AudioFrame>()
  override async receive(frame: AudioFrame): Promise<void> {
    this.#frames.put(frame)
  }
  override emit(): Promise<EmitType> {
    return this.#frames.get()
  }
  override copy(): AsyncEcho {
    return new AsyncEcho()
  }
}

async function* duplexEcho(frames: AsyncIterable<AudioFrame>): AsyncGenerator<EmitType> {
  for await (const frame of frames) yield frame
}

const ignore = (): void => undefined
const client = {
  onFailure: ignore,
  onComplaint: ignore,
  onWarning: ignore,
  onOutputs: ignore,
  onMark: ignore,
  onSpeech: ignore,
  onCloseStream: ignore,
}

function start(handler: StreamHandlerBase): { link: OneFrameLink; driver: Runner } {
  const link = new OneFrameLink()
  const context = { webrtcId: 'bench', warn: ignore }
  const driver = createDriver({ handler, link, client, context, outputTargetMs: 400, muted: false })
  driver.start()
  return { link, driver }
}

const [sync, async, duplex] = [start(new SyncEcho()), start(new AsyncEcho()), start(new DuplexHandler(duplexEcho))]

await report('Echo of a 20 ms frame at 48 kHz', (bench) => {
  bench.add('an array alone', () => void new Int16Array(960))
  bench.add('StreamHandler', () => {
    sync.link.offer()
    sync.driver.onAudio()
  })
  for (const [name, { link, driver }] of Object.entries({ AsyncStreamHandler: async, 'duplex function': duplex })) {
    bench.add(name, async () => {
      const written = link.nextWrite()
      link.offer()
      driver.onAudio()
      await written
    })
  }
})
for (const { driver } of [sync, async, duplex]) await driver.end('done')
