import { isAbbreviated } from './abbreviations.ts'

/** Ends of sentences where a space follows: Latin, Greek, Arabic, Urdu, Hindi, Amharic. */
const ENDS = '.!?…؟۔।॥።'
/** Ends of sentences that need no space: Chinese and Japanese. */
const WIDE_ENDS = '。！？｡．'
/** Ends of clauses, where a long first sentence is cut so that it is heard early. */
const CLAUSE_ENDS = ',;:—–،'
/** Those that need no space. */
const WIDE_CLAUSE_ENDS = '，、；：'
/** What may stand between the end of a sentence and the space. */
const CLOSERS = '"\'”’»)\\]}*_」』）】〉》'

const SENTENCE = new RegExp(`([${ENDS}])[${CLOSERS}]*$`, 'u')
const WIDE_SENTENCE = new RegExp(`[${WIDE_ENDS}][${CLOSERS}]*$`, 'u')
const CLAUSE = new RegExp(`[${CLAUSE_ENDS}][${CLOSERS}]*$`, 'u')
const WIDE_CLAUSE = new RegExp(`[${WIDE_CLAUSE_ENDS}]$`, 'u')
/** What comes behind a sentence's end and still belongs to it. */
const BELONGS = new RegExp(`[${ENDS}${WIDE_ENDS}”’»)\\]}」』）】〉》]`, 'u')
const WIDE_BELONGS = new RegExp(`[${WIDE_ENDS}${CLOSERS}]`, 'u')
const HALF_A_CHARACTER = /[\uD800-\uDBFF]$/
const WORD = /[\p{L}\p{N}]/u

/** From this length on the first piece may end with a clause: some two seconds of speech. In UTF-16 code units. */
const FIRST_CLAUSE = 40
/** The same of Chinese and Japanese, which say more with each character. */
const FIRST_WIDE_CLAUSE = 12
/** No piece is longer. Services refuse long ones, and none is heard before it is whole. */
const MAX_LENGTH = 400

/**
 * Cuts text that comes in tokens into sentences, each to be spoken by itself. A sentence is handed out with the first
 * character behind it; where tokens begin and end makes no difference.
 */
export class SentenceSplitter {
  #text = ''
  /** Of a character that two tokens share. */
  #half = ''
  #isFirst = true
  /** Whether the text is written without capitals, so that none tells where a sentence begins. */
  #isLowercase: boolean | undefined;

  /**
   * Takes the next piece of the text.
   *
   * @param token - of any length
   * @returns the sentences that it completes, trimmed, each with a letter or a digit at least; read them to the end
   */
  *push(token: string): Generator<string, void, void> {
    const text = this.#half + token
    const whole = HALF_A_CHARACTER.test(text) ? text.slice(0, -1) : text
    this.#half = text.slice(whole.length)
    for (const character of whole) yield* this.#take(character)
  }

  /**
   * Takes the end of the text.
   *
   * @returns what is left, if anything; another text may follow
   */
  end(): string[] {
    this.#text += this.#half
    const rest = this.#cut(this.#text.length)
    this.#text = ''
    this.#half = ''
    this.#isFirst = true
    this.#isLowercase = undefined
    return rest
  }

  #take(character: string): string[] {
    const isEnd = this.#endsBefore(character)
    // What has no words waits for those that follow.
    const ended = isEnd && WORD.test(this.#text) ? this.#cut(this.#text.length) : []
    this.#text += character
    if (/\p{L}/u.test(character)) this.#isLowercase ??= /\p{Ll}/u.test(character)
    return this.#text.length > MAX_LENGTH ? [...ended, ...this.#cut(this.#lastPlaceToCut())] : ended
  }

  #endsBefore(next: string): boolean {
    if (next === '\n' || next === '\r') return true
    if (/\s/u.test(next) || WORD.test(this.#text.at(-1) ?? 'a')) return false
    const text = this.#text.trimEnd()
    const hasSpace = text.length < this.#text.length
    if (WIDE_SENTENCE.test(text)) return !isWideContinued(text, next)
    if (this.#isFirst && endsClause(text, hasSpace)) return true
    return hasSpace && this.#endsSentence(text, next)
  }

  #endsSentence(text: string, next: string): boolean {
    const end = SENTENCE.exec(text)
    if (end === null || BELONGS.test(next)) return false
    if (/\p{Ll}/u.test(next) && this.#isLowercase !== true) return false
    const before = text.slice(0, end.index)
    return end[1] !== '.' || before.endsWith('.') || !isAbbreviated(before, next)
  }

  #cut(length: number): string[] {
    const piece = this.#text.slice(0, length).trim()
    this.#text = this.#text.slice(length)
    if (!WORD.test(piece)) return []
    this.#isFirst = false
    return [piece]
  }

  /** Behind the last clause, else before the last word, else anywhere but within a character. */
  #lastPlaceToCut(): number {
    const text = this.#text.slice(0, MAX_LENGTH)
    const clause = lastClause(text)
    if (clause > MAX_LENGTH / 4) return clause + 1
    const space = text.search(/\s\S*$/u)
    if (space > MAX_LENGTH / 4) return space
    return HALF_A_CHARACTER.test(text) ? MAX_LENGTH - 1 : MAX_LENGTH
  }
}

function endsClause(text: string, hasSpace: boolean): boolean {
  if (text.length >= FIRST_WIDE_CLAUSE && WIDE_CLAUSE.test(text)) return true
  return text.length >= FIRST_CLAUSE && hasSpace && CLAUSE.test(text)
}

/** A closing bracket, one more exclamation mark, or the digits behind a point. */
function isWideContinued(text: string, next: string): boolean {
  return WIDE_BELONGS.test(next) || (text.endsWith('．') && /\p{N}/u.test(next))
}

function lastClause(text: string): number {
  const narrow = Array.from(CLAUSE_ENDS, (end) => text.lastIndexOf(`${end} `))
  const wide = Array.from(WIDE_CLAUSE_ENDS, (end) => text.lastIndexOf(end))
  return Math.max(...narrow, ...wide)
}
