import { eventData } from './server-sent-events.ts'
import { reasonIn } from './refusal.ts'
import type { ServiceCall } from './service-call.ts'

/**
 * Reads a transcript that came whole: JSON with a `text`, or plain text.
 *
 * @param call - answered
 * @returns what was said, trimmed
 * @throws SpeechServiceError for another answer
 */
export async function readTranscript(call: ServiceCall): Promise<string> {
  const body = await call.text()
  const { contentType } = call
  if (contentType.includes('html')) throw call.error('answered a page of HTML: check the option baseURL')
  if (!contentType.includes('json')) return body.trim()
  const text = textOf(parsed(body))
  if (text !== undefined) return text.trim()
  throw call.error(`answered JSON without a text: ${reasonIn(body)}`)
}

/**
 * Reads a transcript while it is being written: the events of OpenAI's API (`transcript.text.delta`), the chunks of vLLM
 * (`choices[0].delta.content`), segments with a `text`, or, of a service that doesn't stream, the whole.
 *
 * @param call - answered
 * @returns the pieces of the text
 * @throws SpeechServiceError for another answer, or an error that came as an event
 */
export async function* streamTranscript(call: ServiceCall): AsyncGenerator<string, void, void> {
  if (!call.contentType.includes('event-stream')) {
    const text = await readTranscript(call)
    if (text !== '') yield text
    return
  }
  let isDelta = false
  for await (const data of eventData(call.bytes(), () => call.error('answered an endless event'))) {
    if (data === '[DONE]') return
    const event = parsed(data)
    if (hasError(event)) throw call.error(`broke off: ${reasonIn(data)}`)
    const piece = deltaOf(event)
    isDelta ||= piece !== undefined
    // The last event repeats what the others said, unless it is the only one.
    const text = piece ?? (isDelta ? '' : (textOf(event) ?? ''))
    if (text !== '') yield text
  }
}

function deltaOf(event: unknown): string | undefined {
  const { type, delta, choices } = Object(event) as Record<string, unknown>
  if (type === 'transcript.text.delta') return typeof delta === 'string' ? delta : ''
  if (!Array.isArray(choices)) return undefined
  const { content } = Object((choices[0] as { delta?: unknown } | undefined)?.delta) as { content?: unknown }
  return typeof content === 'string' ? content : ''
}

function textOf(value: unknown): string | undefined {
  const { text } = Object(value) as { text?: unknown }
  return typeof text === 'string' ? text : undefined
}

function hasError(event: unknown): boolean {
  const { type, error } = Object(event) as Record<string, unknown>
  return type === 'error' || (error !== undefined && error !== null)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
