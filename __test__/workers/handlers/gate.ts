import { type EmitType, StreamHandler } from '../../../src/index.ts'

/** Where a handler tells that it is held up, and where it is let go. */
export const [ENTERED, OPEN] = [0, 1]

/** Any input holds up its thread's event loop until the gate is opened, if ever. */
export default class Gate extends StreamHandler {
  readonly #gate: Int32Array<SharedArrayBuffer>

  constructor(gate: Int32Array<SharedArrayBuffer>) {
    super()
    this.#gate = gate
  }

  override setArgs(args: unknown[]): void {
    super.setArgs(args)
    Atomics.add(this.#gate, ENTERED, 1)
    Atomics.wait(this.#gate, OPEN, 0)
  }

  override receive(): void {}

  override emit(): EmitType {
    return null
  }

  override copy(): Gate {
    return new Gate(this.#gate)
  }
}
