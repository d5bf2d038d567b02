import test from 'ava'
import { AdditionalOutputs, OutputsHandlerError, type OutputDescription } from '../../src/index.ts'
import { ShownOutputs } from '../../src/stream/shown-outputs.ts'
import type { OutputsHandler } from '../../src/stream/stream-options.ts'
import { call } from '../helpers/call.ts'
import { Echo } from '../helpers/echo.ts'

const CHAT_AND_TEXT: OutputDescription[] = [
  { type: 'chat', name: 'talk' },
  { type: 'text', name: 'mood' },
]

interface Followed {
  readonly shown: ShownOutputs
  readonly errors: OutputsHandlerError[]
  readonly emit: (...args: unknown[]) => void
  readonly end: () => void
}

/** A session with the id `id`, whose outputs are shown. */
function follow(handler: OutputsHandler, descriptions: readonly OutputDescription[] = CHAT_AND_TEXT): Followed {
  const { core } = call(new Echo())
  const [shown, errors] = [new ShownOutputs(descriptions, handler), [] as OutputsHandlerError[]]
  shown.follow(core.session, (error) => errors.push(error))
  return {
    shown,
    errors,
    emit: (...args) => core.onOutputs(new AdditionalOutputs(...args)),
    end: () => core.close('done'),
  }
}

test('the function gets what is shown and what was emitted, one after the other, and what it returns is shown', async (t) => {
  const currents: unknown[] = []
  const { shown, emit, errors } = follow(async (current, word, mood) => {
    currents.push(current)
    // The first one takes longest: the order must not depend on it.
    await new Promise((resolve) => void setTimeout(resolve, word === 'a' ? 10 : 0))
    return [[...(current[0] as unknown[]), word], mood]
  })
  t.deepEqual(await shown.values('id'), [[], null])
  emit('a', 'glad')
  emit('b', 'sad')
  t.deepEqual(await shown.values('id'), [['a', 'b'], 'sad'])
  t.deepEqual(currents, [
    [[], null],
    [['a'], 'glad'],
  ])
  t.deepEqual(errors, [])
})

test('a function that need not wait may return its list at once', async (t) => {
  const { shown, emit } = follow((_current, word) => [[], word])
  emit('now')
  t.deepEqual(await shown.values('id'), [[], 'now'])
})

test('what is shown can still be read when the session has ended, and of an unknown one there is nothing', async (t) => {
  const { shown, emit, end } = follow((_current, word) => [[], word])
  emit('last')
  end()
  t.deepEqual(await shown.values('id'), [[], 'last'])
  t.is(await shown.values('nobody'), undefined)
})

const WRONG: [what: string, handler: OutputsHandler, message: RegExp][] = [
  ['throws', () => fail(), /failed: no paint/],
  ['rejects', () => Promise.reject(new Error('no ink')), /failed: no ink/],
  ['returns no list', () => 'text', /list of 2.*"text"/],
  ['returns too few', () => [1], /list of 2.*\[1\]/],
  ['returns what JSON lacks', () => [[], 1n], /additionalOutputsHandler\[1\].*1n/],
]
for (const [what, handler, message] of WRONG) {
  test(`a function that ${what} is an error with its cause, and the page shows what it did`, async (t) => {
    let isFirst = true
    const { shown, emit, errors } = follow((...args) => {
      if (!isFirst) return handler(...args)
      isFirst = false
      return [[], 'before']
    })
    emit()
    emit()
    t.deepEqual(await shown.values('id'), [[], 'before'])
    t.true(errors[0] instanceof OutputsHandlerError)
    t.is(errors[0]?.code, 'ERR_PARLEY_OUTPUTS_HANDLER')
    t.regex(errors[0]?.message ?? '', message)
    t.true(errors[0]?.cause instanceof Error)
  })
}

test('outputs that wait for a slow function are bounded, and that is told', (t) => {
  const { emit, errors } = follow(() => new Promise(() => undefined))
  for (let i = 0; i < 257; i++) emit(i)
  t.is(errors.length, 1)
  t.regex(errors[0]?.message ?? '', /slow: over 256/)
})

function fail(): never {
  throw new Error('no paint')
}
