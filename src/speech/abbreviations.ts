/** Words before a full stop that go on with a name or a word: after these no sentence ends. */
const BEFORE_NAMES = wordsOf(`
  mr mrs ms mx dr prof rev gen col sgt capt maj lt gov sen rep hon pres st mt messrs vs viz cf approx
  sr sra srta dra mme mlle mgr bzw ca evtl ggf inkl exkl zzgl vgl sog hr hrn dipl ing
`)

/** Words before a full stop that go on with a number. Before anything else they are words, such as "No." */
const BEFORE_NUMBERS = wordsOf('no nos nr fig figs vol p pp ch sec art eq tab abs kap ver')

/** German words before an ordinal, which has a full stop: "am 3. Mai". */
const BEFORE_ORDINALS = wordsOf('der die das den dem des am im vom zum zur beim bis seit jeder jede jedes')

/** Letters with full stops between them that a sentence may well end with. */
const TIMES_OF_DAY = wordsOf('a.m p.m')

/**
 * Whether the full stop after a text belongs to its last word, so that the sentence goes on.
 *
 * @param text - of the sentence so far, without the full stop
 * @param next - the first character after the full stop and the space behind it
 * @returns true for an abbreviation, initials, an ordinal or the number of a list's item
 */
export function isAbbreviated(text: string, next: string): boolean {
  const word = /[^\s("'“‘«[*_]*$/u.exec(text)?.[0] ?? ''
  const lower = word.toLowerCase()
  if (/^\d+$/.test(word)) return isOrdinal(word, text.slice(0, -word.length).trimEnd())
  if (/^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]$/u.test(word)) return true
  if (/^(\p{L}\.)+\p{L}$/u.test(word)) return !TIMES_OF_DAY.has(lower)
  return BEFORE_NAMES.has(lower) || (BEFORE_NUMBERS.has(lower) && /\p{N}/u.test(next))
}

/** The number that begins a list's item, or a German ordinal. */
function isOrdinal(number: string, before: string): boolean {
  if (!/[\p{L}\p{N}]/u.test(before)) return true
  return number.length <= 2 && BEFORE_ORDINALS.has(/\p{L}+$/u.exec(before)?.[0].toLowerCase() ?? '')
}

function wordsOf(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/))
}
