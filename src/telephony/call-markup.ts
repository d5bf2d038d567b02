/** A text that the provider's own voice says. */
export interface SpokenText {
  /** What is said. */
  readonly text: string
  /** The provider's name for a voice; its default one without. */
  readonly voice?: string
  /** Such as `'en-GB'`; the voice's own without. */
  readonly language?: string
}

/** What happens to a call: it is greeted, its audio is streamed until the stream ends, and it is bidden farewell. */
export interface ConnectMarkup {
  /** Said before the stream begins. */
  readonly greeting: readonly SpokenText[]
  /** Said after the stream has ended, before the call does. */
  readonly farewell: readonly SpokenText[]
  /** Where the stream goes to. */
  readonly url: string
  /** Further attributes of `<Stream>`. */
  readonly attributes: Readonly<Record<string, string>>
  /** What the stream's start repeats. */
  readonly parameters: Readonly<Record<string, string>>
}

/**
 * The markup that connects a call's audio both ways: TwiML (https://www.twilio.com/docs/voice/twiml/stream), which Telnyx's TeXML
 * shares (https://developers.telnyx.com/docs/voice/programmable-voice/texml-verbs/stream).
 *
 * @param markup - what it says
 * @returns XML
 */
export function connectMarkup({ greeting, farewell, url, attributes, parameters }: ConnectMarkup): string {
  const inner = Object.entries(parameters).map(([name, value]) => element('Parameter', { name, value }))
  const stream = element('Stream', { url, ...attributes }, inner.join(''))
  return response([...greeting.map(say), element('Connect', {}, stream), ...farewell.map(say)])
}

/**
 * The markup that turns a call away with the busy tone, before it costs its caller anything
 * (https://www.twilio.com/docs/voice/twiml/reject).
 *
 * @returns XML
 */
export function busyMarkup(): string {
  return response([element('Reject', { reason: 'busy' })])
}

function response(verbs: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('Response', {}, verbs.join(''))}`
}

function say({ text, voice, language }: SpokenText): string {
  const attributes = { ...(voice === undefined ? {} : { voice }), ...(language === undefined ? {} : { language }) }
  return element('Say', attributes, escapeXml(text))
}

function element(name: string, attributes: Readonly<Record<string, string>>, inner = ''): string {
  const head = Object.entries(attributes).reduce((all, [key, value]) => `${all} ${key}="${escapeXml(value)}"`, name)
  return inner === '' ? `<${head}/>` : `<${head}>${inner}</${name}>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Leaves out what XML 1.0 has no way to write (section 2.2), such as half of a surrogate pair. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '')
}
