import { AsyncStreamHandler, type EmitType } from '../../../src/index.ts'

/** A tenth of a second of 440 Hz, without a seam to the next. */
const TENTH: EmitType = [
  24_000,
  Int16Array.from({ length: 2400 }, (_, n) => 8000 * Math.sin((2 * Math.PI * 440 * n) / 24_000)),
]

/** Says 440 Hz without an end, whatever it hears. */
export default class Speaks extends AsyncStreamHandler {
  override async receive(): Promise<void> {}

  override async emit(): Promise<EmitType> {
    return TENTH
  }

  override copy(): Speaks {
    return new Speaks()
  }
}
