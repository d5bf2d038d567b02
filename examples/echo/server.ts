// Says what it hears. Run by `npm start`, or: node --import=@oxc-node/core/register examples/echo/server.ts
import { AsyncQueue, AsyncStreamHandler, Stream, waitForItem } from 'parley-rtc'
import type { AudioFrame, EmitType } from 'parley-rtc'

class Echo extends AsyncStreamHandler {
  readonly #frames = new AsyncQueue<AudioFrame>()

  async receive(frame: AudioFrame): Promise<void> {
    this.#frames.put(frame)
  }

  emit(): Promise<EmitType> {
    return waitForItem(this.#frames)
  }

  copy(): Echo {
    return new Echo()
  }
}

const stream = new Stream({
  handler: new Echo(),
  concurrencyLimit: 10,
  ui: { title: 'Echo', subtitle: 'Press start, speak, and hear yourself. Headphones keep it from going round.' },
})
await stream.launch({ port: Number(process.env['PORT'] ?? 7860) })
