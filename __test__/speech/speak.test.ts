import { setImmediate as turn } from 'node:timers/promises'
import test from 'ava'
import { PlayedMark, speak } from '../../src/index.ts'
import type { AudioFrame, TextToSpeech, TextToSpeechOptions } from '../../src/index.ts'
import { collect } from '../helpers/collect.ts'
import { listenedSignal } from '../helpers/listened-signal.ts'
import { random, tokensAtRandom } from '../helpers/random.ts'

const RATE = 8000

/** Speaks a sentence as so many seconds of its number, and tells what it was asked. */
class Speaker {
  readonly asked: string[] = []
  readonly options: TextToSpeechOptions[] = []
  readonly done: string[] = []
  readonly stopped: string[] = []
  readonly #seconds: number
  readonly #pieces: number

  constructor({ seconds = 1, pieces = 2 } = {}) {
    this.#seconds = seconds
    this.#pieces = pieces
  }

  async *streamTts(text: string, options: TextToSpeechOptions = {}): AsyncGenerator<AudioFrame> {
    const number = this.asked.push(text)
    this.options.push(options)
    try {
      for (let i = 0; i < this.#pieces; i++) {
        await turn()
        yield [RATE, new Int16Array((this.#seconds * RATE) / this.#pieces).fill(number)]
      }
      this.done.push(text)
    } finally {
      if (!this.done.includes(text)) this.stopped.push(text)
    }
  }
}

/** Speaks nothing until it is told to stop, and not even then. */
const deaf: Pick<TextToSpeech, 'streamTts'> = {
  // eslint-disable-next-line require-yield
  async *streamTts() {
    await new Promise(() => undefined)
  },
}

async function* words(text: string): AsyncGenerator<string> {
  for (const word of text.match(/\S+\s*/g) ?? []) {
    await turn()
    yield word
  }
}

/** Of what a promise rejects with, which may be a DOMException. */
function nameOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => (error as Error).name,
  )
}

/** Lets everything go on that can. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await turn()
}

test('an answer is yielded as audio in one line, sentence by sentence, in order', async (t) => {
  const speaker = new Speaker()
  async function* reply(): AsyncGenerator<AudioFrame> {
    yield* speak(words('One. Two. Three.'), speaker)
  }
  const heard: number[] = []
  for await (const [rate, samples] of reply()) {
    t.is(rate, RATE)
    t.is(samples.length, RATE / 2)
    heard.push(samples[0] ?? 0)
  }
  t.deepEqual(heard, [1, 1, 2, 2, 3, 3])
  t.deepEqual(speaker.asked, ['One.', 'Two.', 'Three.'])
})

test('the first sentence is spoken while the answer is still being written', async (t) => {
  let writeMore: (text: string) => void = t.fail
  const more = new Promise<string>((resolve) => (writeMore = resolve))
  async function* answer(): AsyncGenerator<string> {
    yield 'Yes. '
    yield 'And'
    yield await more
  }
  const speech = speak(answer(), new Speaker())
  t.deepEqual((await speech.next()).value, [RATE, new Int16Array(RATE / 2).fill(1)])
  writeMore(' no.')
  t.is((await collect(speech)).length, 3)
})

test('the next sentences are spoken while the first one plays, but only some', async (t) => {
  const speaker = new Speaker({ seconds: 4 })
  let written = 0
  async function* answer(): AsyncGenerator<string> {
    for (; written < 100; written++) yield `Sentence ${written}. `
  }
  const speech = speak(answer(), speaker)
  await speech.next()
  await settle()
  t.deepEqual(speaker.asked.slice(0, 3), ['Sentence 0.', 'Sentence 1.', 'Sentence 2.'])
  t.true(speaker.asked.length <= 4, `${speaker.asked.length} sentences for 10 s ahead of one of 4 s each`)
  t.true(written <= 12, `${written} sentences were written`)
  const before = speaker.asked.length
  for (let i = 0; i < 4; i++) await speech.next()
  await settle()
  t.true(speaker.asked.length > before && speaker.asked.length <= before + 3)
  await speech.return()
})

test('an abort stops the writer and the speaker at once, with its reason', async (t) => {
  const speaker = new Speaker({ seconds: 8 })
  const stopped: string[] = []
  async function* answer(): AsyncGenerator<string> {
    try {
      for (;;) {
        yield 'More. '
        await turn()
      }
    } finally {
      stopped.push('writer')
    }
  }
  const abort = new AbortController()
  const speech = speak(answer(), speaker, { signal: abort.signal })
  await speech.next()
  abort.abort(new Error('interrupted'))
  await t.throwsAsync(speech.next(), { message: 'interrupted' })
  await settle()
  t.deepEqual(stopped, ['writer'])
  const asked = speaker.asked.length
  t.is(speaker.done.length + speaker.stopped.length, asked, 'none is left speaking')
  t.true(speaker.options.every(({ signal }) => signal?.aborted === true))
  await settle()
  t.is(speaker.asked.length, asked, 'and none begins')
})

test('an abort is heeded while the writer or the speaker is waited for, even if these hear of nothing', async (t) => {
  async function* never(): AsyncGenerator<string> {
    yield 'Yes. No'
    await new Promise(() => undefined)
  }
  for (const [text, tts] of [
    [never(), deaf],
    [words('Yes. No.'), deaf],
    [never(), new Speaker({ pieces: 1 })],
  ] as const) {
    const abort = new AbortController()
    const speech = speak(text, tts, { signal: abort.signal })
    if (tts !== deaf) await speech.next()
    const next = speech.next()
    await settle()
    abort.abort()
    t.is(await nameOf(next), 'AbortError')
    t.deepEqual(await speech.next(), { done: true, value: undefined })
  }
})

test('a signal that is aborted already asks nobody', async (t) => {
  const speaker = new Speaker()
  const speech = speak('Yes.', speaker, { signal: AbortSignal.abort() })
  t.is(await nameOf(speech.next()), 'AbortError')
  t.deepEqual(speaker.asked, [])
})

test('leaving the loop stops the writer and the speaker', async (t) => {
  const speaker = new Speaker({ seconds: 30, pieces: 30 })
  let stopped = false
  async function* answer(): AsyncGenerator<string> {
    try {
      for (;;) yield 'More. '
    } finally {
      stopped = true
    }
  }
  for await (const part of speak(answer(), speaker)) if (part[1].length > 0) break
  await settle()
  t.true(stopped)
  t.deepEqual(speaker.stopped, ['More.'])
})

test('no listener is left on a signal that outlives the answer', async (t) => {
  const { signal, listeners } = listenedSignal()
  await collect(speak(words('One. Two.'), new Speaker(), { signal }))
  t.is(listeners.size, 0)
})

test('what the writer throws comes after the sentences that were whole before it', async (t) => {
  async function* answer(): AsyncGenerator<string> {
    yield 'One. Two. Th'
    throw new Error('the model is gone')
  }
  const heard: number[] = []
  await t.throwsAsync(
    async () => {
      for await (const [, samples] of speak(answer(), new Speaker({ pieces: 1 }))) heard.push(samples[0] ?? 0)
    },
    { message: 'the model is gone' },
  )
  t.deepEqual(heard, [1, 2])
})

test('what the speaker throws stops the writer', async (t) => {
  let stopped = false
  async function* answer(): AsyncGenerator<string> {
    try {
      for (;;) yield 'More. '
    } finally {
      stopped = true
    }
  }
  const tts = {
    async *streamTts(): AsyncGenerator<AudioFrame> {
      yield [RATE, new Int16Array(5)]
      throw new Error('no voice')
    },
  }
  await t.throwsAsync(collect(speak(answer(), tts)), { message: 'no voice' })
  await settle()
  t.true(stopped)
})

test('a speaker that returns something else than audio is named', async (t) => {
  const tts = { streamTts: async () => new Int16Array(5) }
  await t.throwsAsync(collect(speak('Yes.', tts as never)), {
    instanceOf: TypeError,
    message: 'streamTts must return an async iterable of audio, not Promise',
  })
})

test('what a speaker gives in place of audio is passed on, to be refused by name where it is emitted', async (t) => {
  const parts = [[], [24_000], [24_000, null], 'words', null]
  const tts = {
    async *streamTts() {
      yield* parts
    },
  }
  t.deepEqual(await collect(speak('Yes.', tts as never)), parts as never)
})

test('a speaker whose iterator gives no results is named', async (t) => {
  const tts = { streamTts: () => ({ [Symbol.asyncIterator]: () => ({ next: () => 5 }) }) }
  await t.throwsAsync(collect(speak('Yes.', tts as never)), {
    instanceOf: TypeError,
    message: 'next() of an iterable of text or audio gave 5; it must be { done, value }',
  })
})

test('voice and speed go to the model, and nothing else does', async (t) => {
  const speaker = new Speaker()
  await collect(speak('Yes.', speaker, { voice: 'alloy', speed: 2, marks: true }))
  const { signal, ...rest } = speaker.options[0] ?? {}
  t.deepEqual(rest, { voice: 'alloy', speed: 2 })
  t.true(signal instanceof AbortSignal)
})

test('marks follow each sentence, named by it', async (t) => {
  const parts: unknown[] = []
  for await (const part of speak('One. Two.', new Speaker({ pieces: 1 }), { marks: true })) {
    parts.push(part instanceof PlayedMark ? part.name : part[1][0])
  }
  t.deepEqual(parts, [1, 'One.', 2, 'Two.'])
})

test('no text is no audio', async (t) => {
  const speaker = new Speaker()
  t.deepEqual(await collect(speak([null, '', ' ', '…'], speaker)), [])
  t.deepEqual(speaker.asked, [])
})

test('wrong arguments are refused at once, by name', (t) => {
  const tts = new Speaker()
  const wrong: [() => unknown, RegExp][] = [
    [() => speak(undefined as never, tts), /text must be a string.*undefined/],
    [() => speak(Promise.resolve('x') as never, tts), /Promise/],
    [() => speak('x', undefined as never), /streamTts, not undefined/],
    [() => speak('x', Promise.resolve(tts) as never), /await it first/],
    [() => speak('x', { tts: () => undefined } as never), /streamTts/],
    [() => speak('x', tts, { speed: 9 }), /speed.*9/],
    [() => speak('x', tts, { speed: '1' as never }), /speed.*"1"/],
    [() => speak('x', tts, { voice: 5 as never }), /voice.*5/],
    [() => speak('x', tts, { signal: {} as never }), /signal.*AbortSignal.*Object/],
    [() => speak('x', tts, { marks: 1 as never }), /marks.*1/],
    [() => speak('x', tts, { vioce: 'x' } as never), /no option vioce/],
    [() => speak('x', tts, null as never), /options must be an object, not null/],
  ]
  for (const [call, message] of wrong) {
    const error = t.throws(call, { message })
    t.true(error instanceof TypeError || error instanceof RangeError)
  }
})

test('for any answer, tokens and speaker: every sentence once, in order, whatever is slow', async (t) => {
  for (let seed = 1; seed <= 100; seed++) {
    const next = random(seed)
    const count = Math.floor(next() * 20)
    const text = Array.from({ length: count }, (_, i) => `Sentence number ${i}.`).join(next() < 0.5 ? ' ' : '\n')
    const dawdle = async (): Promise<void> => {
      for (let i = Math.floor(next() * 4); i > 0; i--) await turn()
    }
    const tts = {
      async *streamTts(sentence: string): AsyncGenerator<AudioFrame> {
        for (let pieces = Math.floor(next() * 4); pieces >= 0; pieces--) {
          await dawdle()
          yield [RATE, new Int16Array(next() * 3 * RATE).fill(Number(/\d+/.exec(sentence)?.[0]))]
        }
      },
    }
    async function* answer(): AsyncGenerator<string> {
      for (const token of tokensAtRandom(text, next)) {
        await dawdle()
        yield token
      }
    }
    const names: string[] = []
    let last = 0
    for await (const part of speak(answer(), tts, { marks: true })) {
      await dawdle()
      if (part instanceof PlayedMark) names.push(part.name)
      else t.true((part[1][0] ?? last) >= last, `seed ${seed}`)
      if (!(part instanceof PlayedMark)) last = part[1][0] ?? last
    }
    t.deepEqual(
      names,
      Array.from({ length: count }, (_, i) => `Sentence number ${i}.`),
      `seed ${seed}`,
    )
  }
})
