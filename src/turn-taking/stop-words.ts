import { describe } from '../frames/describe.ts'

/** Where a stop word is in a text. */
export interface StopWordMatch {
  /** The stop word, as it was given. */
  readonly stopWord: string
  /** Whether words follow it in the text. */
  readonly isFollowed: boolean
}

/** What is a word to somebody who listens: letters and digits, whatever the case; punctuation and apostrophes are silent. */
export class StopWords {
  readonly #words: readonly (readonly [stopWord: string, words: readonly string[]])[]

  /**
   * @param stopWords - words, or phrases of several words
   * @throws TypeError or RangeError naming the one that can't be used
   */
  constructor(stopWords: readonly string[]) {
    if (!Array.isArray(stopWords) || stopWords.length === 0) {
      throw new TypeError(
        `The stop words must be a list of words or phrases, such as ['computer', 'hey llama'], not ${describe(stopWords)}`,
      )
    }
    this.#words = stopWords.map((stopWord) => [stopWord, checkWords(stopWord)])
  }

  /**
   * Looks for the last stop word in a text: as whole words, one behind the other.
   *
   * @param text - what was said
   * @returns where it is, undefined when there is none
   */
  find(text: string): StopWordMatch | undefined {
    const said = wordsOf(text)
    for (let end = said.length; end > 0; end--) {
      const found = this.#words.find(([, words]) => endsAt(said, words, end))
      if (found !== undefined) return { stopWord: found[0], isFollowed: end < said.length }
    }
    return undefined
  }
}

function endsAt(said: readonly string[], words: readonly string[], end: number): boolean {
  const start = end - words.length
  return start >= 0 && words.every((word, i) => said[start + i] === word)
}

/**
 * The words of a text, as they are compared.
 *
 * @param text - in any language; what is written without spaces is split by a dictionary
 * @returns in lower case, without punctuation
 */
function wordsOf(text: string): string[] {
  const plain = text
    .normalize('NFKC')
    .replaceAll(/['’‘ʼ`]/gu, '')
    .toLowerCase()
  const segments = new Intl.Segmenter(undefined, { granularity: 'word' }).segment(plain)
  // A segment such as `e.g` or `3.5` is one to the segmenter.
  return [...segments].flatMap(({ segment }) => segment.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [])
}

function checkWords(stopWord: unknown): string[] {
  if (typeof stopWord !== 'string') throw new TypeError(`A stop word must be a string, not ${describe(stopWord)}`)
  const words = wordsOf(stopWord)
  if (words.length > 0) return words
  throw new RangeError(`A stop word must have a letter or a digit; ${describe(stopWord)} has none`)
}
