import { StreamHandler } from '../../../src/index.ts'

export default class Throws extends StreamHandler {
  constructor() {
    super()
    throw new Error('no model file')
  }
  override receive(): void {}
  override emit(): null {
    return null
  }
  override copy(): Throws {
    return this
  }
}
