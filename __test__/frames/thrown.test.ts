import test from 'ava'
import { AsyncStreamHandler, type EmitType, WebRTCError } from '../../src/index.ts'
import { describeThrown, messageOf, toWebRTCError } from '../../src/frames/thrown.ts'
import { announce } from '../../src/session/announce.ts'
import { call, frame, Log, settle } from '../helpers/call.ts'

/** Throws what it is given at the first frame. */
class Throws extends AsyncStreamHandler {
  readonly #thrown: unknown
  constructor(thrown: unknown) {
    super()
    this.#thrown = thrown
  }
  override async receive(): Promise<void> {
    throw this.#thrown
  }
  override emit(): Promise<EmitType> {
    return new Promise(() => undefined)
  }
  override copy(): Throws {
    return new Throws(this.#thrown)
  }
}

function circular(): Error {
  const error = new Error('around')
  error.cause = error
  return error
}

function chain(length: number): Error {
  return length === 0 ? new Error('root') : new Error(`step ${length}`, { cause: chain(length - 1) })
}

const REFUSES = new Proxy(new Error('hidden'), {
  get: () => {
    throw new Error('no')
  },
  getPrototypeOf: () => {
    throw new Error('no')
  },
})

const THROWN: [what: string, thrown: unknown, told: RegExp][] = [
  ['an object without a prototype', Object.create(null), /no text/],
  ['an error that is its own cause', circular(), /^around$/],
  ['a proxy that refuses everything', REFUSES, /no text/],
  ['a symbol', Symbol('odd'), /^Symbol\(odd\)$/],
  ['an error without a message', new TypeError(''), /^TypeError$/],
]
for (const [what, thrown, told] of THROWN) {
  test(`${what} that a handler throws ends its session alone, and the client is told`, async (t) => {
    const { core, link } = call(new Throws(thrown))
    link.receive(frame())
    await settle()
    t.is(core.state, 'closed')
    t.regex(link.told[0]?.message ?? '', told)
  })
}

test('a listener that throws what has no text is logged', (t) => {
  const log = new Log()
  announce(log, () => {
    throw Object.create(null)
  })
  t.regex(log.lines[0] ?? '', /listener failed: .*no text/)
})

test('a chain of causes is shown for five errors, and a circle once', (t) => {
  t.is(describeThrown(chain(1000)).split('\ncaused by ').length, 5)
  t.is(describeThrown(circular()).split('\ncaused by ').length, 1)
})

test('what was thrown is shown shortened when it is long', (t) => {
  t.is(messageOf('x'.repeat(1_000_000)).length, 10_001)
})

test('a WebRTCError stays what it is; anything else becomes its cause', (t) => {
  const error = new WebRTCError('mine')
  t.is(toWebRTCError(error), error)
  t.is(toWebRTCError(7).cause, 7)
})
