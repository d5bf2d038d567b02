import { threadId } from 'node:worker_threads'
import { AdditionalOutputs, type EmitType } from '../../../src/index.ts'
import { AudioVideoEcho } from '../../helpers/audio-video-echo.ts'

/** Says what it hears, shows what it sees, and tells once which thread it is on. */
export default class Mirror extends AudioVideoEcho {
  #hasTold = false

  override emit(): EmitType {
    if (this.#hasTold) return super.emit()
    this.#hasTold = true
    return new AdditionalOutputs(threadId)
  }

  override copy(): Mirror {
    return new Mirror()
  }
}
