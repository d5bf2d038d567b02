import { type EmitType, StreamHandler } from '../../../src/index.ts'

/** Its copies want other audio than itself. */
export default class Fickle extends StreamHandler {
  override receive(): void {}
  override emit(): EmitType {
    return null
  }
  override copy(): Fickle {
    return new Fickle({ inputSampleRate: 16_000 })
  }
}
