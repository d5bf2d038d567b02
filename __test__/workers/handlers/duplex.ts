import { AdditionalOutputs, type AudioFrame, type EmitType, type Session } from '../../../src/index.ts'

/** An echo that hands messages of its client to the page, and ends its call when told so. */
export default async function* duplex(
  frames: AsyncIterable<AudioFrame>,
  session: Session,
): AsyncGenerator<EmitType, void> {
  const texts: string[] = []
  session.on('message', (text) => texts.push(text))
  for await (const frame of frames) {
    yield frame
    const text = texts.shift()
    if (text === 'enough') session.close('the handler had enough')
    else if (text !== undefined) yield new AdditionalOutputs(text, session.id, session.state, session.transport)
  }
}
