import { AdditionalOutputs, AsyncStreamHandler, type EmitType, getCurrentContext } from '../../../src/index.ts'

/** Hands out what it knows of its call, once. */
export default class Phone extends AsyncStreamHandler {
  #hasTold = false

  override async receive(): Promise<void> {
    // It only tells.
  }

  override async emit(): Promise<EmitType> {
    if (this.#hasTold) return null
    this.#hasTold = true
    return new AdditionalOutputs(this.phoneMode, getCurrentContext().call)
  }

  override copy(): Phone {
    return new Phone()
  }
}
