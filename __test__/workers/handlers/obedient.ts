import { threadId } from 'node:worker_threads'
import {
  AdditionalOutputs,
  AsyncQueue,
  AsyncStreamHandler,
  type AudioFrame,
  CloseStream,
  type EmitType,
  getCurrentContext,
  warning,
  WebRTCError,
} from '../../../src/index.ts'

/** An echo that does what its inputs say. */
export default class Obedient extends AsyncStreamHandler {
  readonly #emitted = new AsyncQueue<EmitType>()
  readonly #greeting: unknown

  constructor(greeting: unknown = 'hello') {
    super({ inputSampleRate: 16_000, outputSampleRate: 16_000 })
    this.#greeting = greeting
  }

  override receive(frame: AudioFrame): Promise<void> {
    if (this.argsSet.isSet) {
      this.reset()
      this.#obey(...(this.latestArgs as [string, string, unknown]))
    }
    this.#emitted.put(frame)
    return Promise.resolve()
  }

  override emit(): Promise<EmitType> {
    return this.#emitted.get()
  }

  override copy(): Obedient {
    return new Obedient(this.#greeting)
  }

  #obey(_: string, order: string, value: unknown): void {
    switch (order) {
      case 'who':
        return void this.#tellWho()
      case 'output':
        return void this.#emitted.put(new AdditionalOutputs(value))
      case 'output a function':
        return void this.#emitted.put(new AdditionalOutputs(1, { inner: () => 1 }))
      case 'send':
        this.sendMessageSync(JSON.stringify({ type: 'log', data: value }))
        return warning('Take care')
      case 'close':
        return void this.#emitted.put(new CloseStream('Goodbye'))
      case 'throw':
        throw new WebRTCError('Your hour is over')
      case 'crash':
        setImmediate(() => {
          throw new Error('a bug of mine')
        })
        return
      case 'exit':
        // oxlint-disable-next-line unicorn/no-process-exit -- ends this thread alone
        return process.exit(3)
      case 'loop':
        for (;;);
    }
  }

  async #tellWho(): Promise<void> {
    const called = await this.loop.call(() => threadId)
    const { webrtcId } = getCurrentContext()
    this.#emitted.put(new AdditionalOutputs({ loop: this.loop.threadId, called, webrtcId, greeting: this.#greeting }))
  }
}
