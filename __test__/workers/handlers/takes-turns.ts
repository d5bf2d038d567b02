import { threadId } from 'node:worker_threads'
import { AdditionalOutputs, type AudioFrame, type EmitType, ReplyOnPause } from '../../../src/index.ts'
import { tone } from '../../../src/testing/index.ts'

/** Answers each turn with a long tone, and says where, what it was given, and what became of it. */
export default class TakesTurns extends ReplyOnPause {
  constructor() {
    super(
      async function* ([rate, samples]: AudioFrame, { session, turn }): AsyncGenerator<EmitType> {
        yield new AdditionalOutputs(threadId, turn.number, samples.length / rate, session.id)
        for (let i = 0; i < 20; i++) yield tone(880, { seconds: 0.5 })
      },
      { needsContext: true },
    )
  }
}
