import type { Settings } from './settings.ts'

/** One turn of the conversation. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant'
  content: string
}

/**
 * Asks the language model, and yields its answer while it is being written.
 *
 * @param settings - where it is
 * @param messages - the conversation so far
 * @param signal - stops the model
 * @returns the tokens of the answer
 * @throws Error when it can't be reached or refuses
 */
export async function* chat(
  settings: Settings,
  messages: readonly Message[],
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { baseURL, apiKey, models } = settings
  const response = await fetch(`${baseURL}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
    body: JSON.stringify({ model: models.chat, messages, stream: true }),
    signal,
  })
  if (!response.ok || response.body === null)
    throw new Error(`The language model refused with status ${response.status}`)
  let rest = ''
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield tokenIn(line)
  }
}

/** The token in a line of server-sent events; empty in all other lines. */
function tokenIn(line: string): string {
  if (!line.startsWith('data: {')) return ''
  const { choices } = JSON.parse(line.slice(6)) as { choices?: { delta?: { content?: string | null } }[] }
  return choices?.[0]?.delta?.content ?? ''
}
