import {
  AdditionalOutputs,
  openaiCompatibleStt,
  openaiCompatibleTts,
  PlayedMark,
  ReplyOnPause,
  speak,
  Stream,
} from 'parley-rtc'
import type { AudioFrame, EmitType, ReplyContext, Session } from 'parley-rtc'
import { chat, type Message } from './chat.ts'
import type { Settings } from './settings.ts'

const MANNERS =
  'You are talking with somebody by voice. Answer in one to three short sentences, without lists, symbols or formatting.'

/** Listens, asks the services, and speaks their answer; whoever talks into it is listened to. */
export function voiceAssistant(settings: Settings): Stream {
  const { baseURL, apiKey, models, voice } = settings
  const stt = openaiCompatibleStt({ baseURL, apiKey, model: models.stt })
  const tts = openaiCompatibleTts({ baseURL, apiKey, model: models.tts, voice })
  const conversations = new WeakMap<Session, Message[]>()

  async function* reply(audio: AudioFrame, { session, signal }: ReplyContext): AsyncGenerator<EmitType> {
    const conversation = conversations.get(session) ?? [{ role: 'system', content: MANNERS }]
    conversations.set(session, conversation)
    const question = await stt.stt(audio, { signal })
    if (question === '') return
    conversation.push({ role: 'user', content: question })
    yield shown(conversation)
    const answer: Message = { role: 'assistant', content: '' }
    const tokens = chat(settings, conversation.filter(isSaid), signal)
    conversation.push(answer)
    for await (const part of speak(tokens, tts, { signal, marks: true })) {
      yield part
      if (part instanceof PlayedMark) void remember(part, answer)
    }
  }

  return new Stream({
    // 16,000 Hz is what speech models hear: no more need be converted and sent.
    handler: new ReplyOnPause(reply, { needsContext: true, inputSampleRate: 16_000 }),
    concurrencyLimit: 10,
    additionalOutputs: [{ type: 'chat', name: 'conversation', label: 'Conversation' }],
    additionalOutputsHandler: (_shown, conversation) => [conversation],
    ui: { title: 'Voice assistant', subtitle: 'Press start and ask. Talk into its answer to interrupt it.' },
  })
}

/** The model is told only what was heard of its answers, or it would build on what an interruption cut off. */
async function remember(sentence: PlayedMark, answer: Message): Promise<void> {
  const { complete } = await sentence.played
  if (complete) answer.content = `${answer.content} ${sentence.name}`.trim()
}

function shown(conversation: readonly Message[]): AdditionalOutputs {
  return new AdditionalOutputs(conversation.filter(({ role }) => role !== 'system').filter(isSaid))
}

function isSaid({ content }: Message): boolean {
  return content !== ''
}
