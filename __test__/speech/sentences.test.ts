import test from 'ava'
import { splitSentences } from '../../src/index.ts'
import type { TextSource } from '../../src/index.ts'
import { collect } from '../helpers/collect.ts'
import { random, tokensAtRandom } from '../helpers/random.ts'

function sentencesOf(text: TextSource): Promise<string[]> {
  return collect(splitSentences(text))
}

const TABLE: readonly [why: string, sentences: readonly string[], joint?: string][] = [
  ['three kinds of end', ['Stop.', 'Really?', 'Yes!']],
  ['titles', ['Dr. Smith met Mrs. Jones and Prof. Dr. Meier.', 'They spoke.']],
  ['initials and letters with points', ['J. R. R. Tolkien of the U.K. Army wrote e.g. The Hobbit.', 'Good.']],
  ['times of day', ['It is 5 p.m.', 'Go home.']],
  ['decimals, versions and addresses', ['Pi is 3.14, see example.com or v2.0.1.', 'Fine.']],
  ['numbers at the end', ['The answer is 42.', 'That is all.']],
  ['No. as a word and before a number', ['No.', 'It is No. 5 of Fig. 3.', 'Yes.']],
  ['German ordinals and abbreviations', ['Am 3. Mai kamen ca. 20 Gäste, z. B. Hr. Weber bzw. Anna.', 'Schön!']],
  ['French and Spanish', ['Qui ?', 'M. Dupont.', '¿Qué dice la Sra. García?', 'Nada.']],
  ['ellipses', ['Well... let me think…', 'Yes.', 'Wait...', 'No.']],
  ['spaced ellipses', ['And . . . then?', 'Nothing.']],
  ['several marks', ['What?!', 'No way!!!', 'Ok.']],
  ['quotes and brackets', ['"Stop!" he said.', '(He meant it.)', '“Fine.”', 'So it was.']],
  ['bold and italic', ['**Hello.**', '_Good._', 'Bye.']],
  ['lines of a list', ['Buy:', '1. Milk', '2. Bread and butter', '3. Dr. Oetker', '- Salt'], '\n'],
  ['paragraphs', ['One', 'Two', 'Three'], '\r\n\r\n'],
  ['Chinese', ['你好。', '今天天气怎么样？', '很好！'], ''],
  ['Japanese with brackets', ['「はい。」', '彼は３．５キロ走った。', 'すごい！！', 'はい'], ''],
  ['Hindi and Arabic', ['यह ठीक है।', 'अच्छा।', 'كيف حالك؟', 'بخير.']],
  ['no capitals at all', ['hi there.', 'how are you?', 'i am fine.']],
  ['an emoji between', ['Great!', '😀 Let us go.']],
]

for (const [why, sentences, joint = ' '] of TABLE) {
  test(`sentences are told apart: ${why}`, async (t) => {
    const text = sentences.join(joint)
    t.deepEqual(await sentencesOf(text), sentences)
    t.deepEqual(await sentencesOf(text.split('')), sentences, 'letter by letter')
  })
}

test('a sentence is there with the first letter behind it, before the rest is written', async (t) => {
  const written: string[] = []
  async function* answer(): AsyncGenerator<string> {
    for (const token of ['Hel', 'lo', '.', ' ', 'How', ' are', ' you', '?']) {
      written.push(token)
      yield token
    }
  }
  const sentences = splitSentences(answer())
  t.is((await sentences.next()).value, 'Hello.')
  t.is(written.at(-1), 'How')
  await sentences.return()
})

test('a first sentence that grows long is cut at a clause, a later one is not', async (t) => {
  const text =
    'When you are ready, and not before that, we will go there. When you are ready, and not before that, we stay.'
  t.deepEqual(await sentencesOf(text), [
    'When you are ready, and not before that,',
    'we will go there.',
    'When you are ready, and not before that, we stay.',
  ])
  t.deepEqual(await sentencesOf('今天下午三点钟以后有空的话，我们就一起去公园吧。'), [
    '今天下午三点钟以后有空的话，',
    '我们就一起去公园吧。',
  ])
})

test('no sentence is longer than 400 characters, and none is cut within a word or a character', async (t) => {
  const words = await sentencesOf('word '.repeat(300))
  t.true(words.every((piece) => piece.length <= 400 && /^word( word)*$/.test(piece)))
  t.is(words.join(' '), 'word '.repeat(300).trim())
  const letters = await sentencesOf('𝒳'.repeat(1000))
  t.true(letters.every((piece) => piece.length <= 400 && /^(𝒳)+$/u.test(piece)))
  t.is(letters.join(''), '𝒳'.repeat(1000))
})

test('what has no words is left out, however much of it there is', async (t) => {
  t.deepEqual(await sentencesOf(['', '  ', '…', '\n', '* * *', '?!', '😀']), [])
  const [only = '', ...others] = await sentencesOf(['- '.repeat(1000), 'Yes.'])
  t.regex(only, /^(- )*Yes\.$/)
  t.true(only.length <= 400 && others.length === 0)
})

test('null, undefined and empty tokens are passed over, as language models send them', async (t) => {
  t.deepEqual(await sentencesOf([null, 'Yes', undefined, '', '.', null]), ['Yes.'])
})

test('tokens that are no strings are refused with a hint', async (t) => {
  const chunks = [{ choices: [] }] as never
  await t.throwsAsync(sentencesOf(chunks), { instanceOf: TypeError, message: /not Object.*choices\[0\]\?\.delta/ })
  for (const text of [undefined, null, 5, {}, Promise.resolve('x'), new Uint8Array(2)]) {
    t.throws(() => splitSentences(text as never), { instanceOf: TypeError, message: /string or an iterable/ })
  }
})

test('for any text and any tokens: the same sentences, all its words in order, none empty or too long', async (t) => {
  const parts = [
    ...'a b I x É ß 5 42 3.14 Dr. e.g. Yes. No! Why? … ... , ; : — ( ) " “ ” 。 ？ ， 「 」 ． 你好 はい \n \r\n \t * - 😀 👩‍👩‍👧 𝒳 ।'.split(
      ' ',
    ),
    'Supercalifragilistic'.repeat(6),
  ]
  for (let seed = 1; seed <= 300; seed++) {
    const next = random(seed)
    const space = next() < 0.7 ? ' ' : ''
    const text = Array.from({ length: next() * 120 }, () => parts[Math.floor(next() * parts.length)]).join(space)
    const whole = await sentencesOf(text)
    t.deepEqual(await sentencesOf(tokensAtRandom(text, next)), whole, `seed ${seed}`)
    t.is(wordsOf(whole.join(' ')), wordsOf(text), `seed ${seed}`)
    t.true(whole.every((piece) => piece.length <= 400 && /[\p{L}\p{N}]/u.test(piece) && piece.trim() === piece))
  }
})

function wordsOf(text: string): string {
  return text.replace(/[^\p{L}\p{N}]/gu, '')
}
