import {
  AdditionalOutputs,
  AsyncQueue,
  AsyncStreamHandler,
  type AudioFrame,
  CloseStream,
  type EmitType,
} from 'parley-rtc'
import { TALK_FRAMES, TALKED } from './talk.ts'

/** How a {@link WorkerSubject} ends when it is told so by an input. */
export type WorkerFault = 'crash' | 'exit' | 'farewell'

/** An echo on a worker thread, which tells when it has heard a few frames. */
export default class WorkerSubject extends AsyncStreamHandler {
  readonly #emitted = new AsyncQueue<EmitType>()
  #heard = 0

  override async receive(frame: AudioFrame): Promise<void> {
    this.#emitted.put(frame)
    if (++this.#heard === TALK_FRAMES) this.#emitted.put(new AdditionalOutputs(TALKED))
  }

  override emit(): Promise<EmitType> {
    return this.#emitted.get()
  }

  override setArgs(args: unknown[]): void {
    super.setArgs(args)
    this.#end(args[1] as WorkerFault)
  }

  override copy(): WorkerSubject {
    return new WorkerSubject()
  }

  #end(fault: WorkerFault): void {
    if (fault === 'farewell') return void this.#emitted.put(new CloseStream('Enough'))
    // oxlint-disable-next-line unicorn/no-process-exit -- ends this thread alone
    if (fault === 'exit') process.exit(3)
    setImmediate(() => {
      throw new Error('The thread crashes')
    })
  }
}
