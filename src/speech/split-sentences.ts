import { describe } from '../frames/describe.ts'
import { SentenceSplitter } from './sentence-splitter.ts'

/** A text, or its tokens in order as a language model writes them; what is null, undefined or empty is passed over. */
export type TextSource = string | Iterable<string | null | undefined> | AsyncIterable<string | null | undefined>

/**
 * Cuts a text into sentences while it is being written. Sentences end where they do in speech: not after "Dr." or within
 * "3.14", but at a line's end and after "。". A first sentence that grows long ends with a clause already, so that it is
 * heard early, and none is longer than 400 characters. What has neither letters nor digits is left out.
 *
 * @param text - whole, or in tokens
 * @returns the sentences, each as soon as the character behind it is there
 * @throws TypeError for what is no text, at once; when iterated, whatever the tokens' source throws, after the sentences
 * before that
 */
export function splitSentences(text: TextSource): AsyncGenerator<string, void, void> {
  return split(tokensOf(text))
}

async function* split(tokens: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<string, void, void> {
  const splitter = new SentenceSplitter()
  for await (const token of tokens) {
    if (typeof token === 'string') yield* splitter.push(token)
    else if (token !== null && token !== undefined) throw wrongToken(token)
  }
  yield* splitter.end()
}

/**
 * Refuses what is no text at once, before it is read.
 *
 * @param text - as a user gave it
 * @returns its tokens
 * @throws TypeError naming the value
 */
export function tokensOf(text: unknown): Iterable<unknown> | AsyncIterable<unknown> {
  if (typeof text === 'string') return [text]
  const isObject = typeof text === 'object' && text !== null && !ArrayBuffer.isView(text)
  if (isObject && Symbol.asyncIterator in text) return text as AsyncIterable<unknown>
  if (isObject && Symbol.iterator in text) return text as Iterable<unknown>
  throw new TypeError(`A text must be a string or an iterable of strings, not ${describe(text)}`)
}

function wrongToken(token: unknown): TypeError {
  const cure = 'map a language model’s chunks to their text first, such as chunk.choices[0]?.delta.content'
  return new TypeError(`The tokens of a text must be strings, not ${describe(token)}: ${cure}`)
}
