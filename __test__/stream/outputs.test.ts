import test from 'ava'
import { AdditionalOutputs, SessionClosedError, TimeoutError } from '../../src/index.ts'
import { SessionOutputs } from '../../src/session/session-outputs.ts'
import { OutputBoard } from '../../src/stream/output-board.ts'
import { quietStream } from '../helpers/quiet-stream.ts'

const [A, B] = [new AdditionalOutputs('a'), new AdditionalOutputs('b')]

function boardWith(...waiting: AdditionalOutputs[]): { board: OutputBoard; outputs: SessionOutputs } {
  const [board, outputs] = [new OutputBoard(), new SessionOutputs()]
  for (const each of waiting) outputs.put(each)
  board.open('id', outputs)
  return { board, outputs }
}

async function read(stream: AsyncIterable<AdditionalOutputs>): Promise<AdditionalOutputs[]> {
  const all: AdditionalOutputs[] = []
  for await (const each of stream) all.push(each)
  return all
}

test('a stream of outputs has them in order, and ends with its session', async (t) => {
  const { board, outputs } = boardWith(A)
  const all = read(board.stream('id', undefined))
  outputs.put(B)
  outputs.end()
  t.deepEqual(await all, [A, B])
})

test('a stream of outputs that was begun before the session exists waits for it', async (t) => {
  const [board, outputs] = [new OutputBoard(), new SessionOutputs()]
  const all = read(board.stream('id', undefined))
  board.open('id', outputs)
  outputs.put(A)
  outputs.end()
  t.deepEqual(await all, [A])
})

test('a reader that was aborted ends, and takes nothing from the next', async (t) => {
  const { board, outputs } = boardWith()
  const abort = new AbortController()
  const first = read(board.stream('id', abort.signal))
  await Promise.resolve()
  abort.abort()
  t.deepEqual(await first, [])
  outputs.put(A)
  t.is(await board.latest('id', 1), A)
})

test('a reader that is left while it waits takes nothing from the next', async (t) => {
  const { board, outputs } = boardWith()
  const iterator = board.stream('id', undefined)[Symbol.asyncIterator]()
  const next = iterator.next()
  await iterator.return?.()
  t.deepEqual(await next, { done: true, value: undefined })
  outputs.put(A)
  t.is(await board.latest('id', 1), A)
})

test('outputs of a session that has ended can still be fetched, then it is said that it ended', async (t) => {
  const { board, outputs } = boardWith(A)
  outputs.end()
  board.close('id', outputs)
  t.is(await board.latest('id', 1), A)
  await t.throwsAsync(board.latest('id', 1), { instanceOf: SessionClosedError })
})

test('fetchLatestOutput without outputs is a TimeoutError', async (t) => {
  const { stream } = quietStream(t)
  const error = await t.throwsAsync(stream.fetchLatestOutput('nobody', { timeout: 0.02 }), { instanceOf: TimeoutError })
  t.regex(error.message, /nobody.*0\.02 seconds/)
  t.is(error.code, 'ERR_PARLEY_TIMEOUT')
})

const WRONG: [options: unknown, message: RegExp][] = [
  [null, /options must be an object, not null/],
  [{ timeuot: 1 }, /no option timeuot; there is timeout/],
  [{ timeout: '1' }, /timeout.*"1"/],
  [{ timeout: 0 }, /timeout.*more than 0.*not 0/],
]
for (const [options, message] of WRONG) {
  test(`fetchLatestOutput refuses by name: ${message.source}`, async (t) => {
    const { stream } = quietStream(t)
    await t.throwsAsync(stream.fetchLatestOutput('id', options as object), { message })
  })
}

test('outputs of an id that is none are refused at once', async (t) => {
  const { stream } = quietStream(t)
  for (const id of [undefined, 5, null]) {
    await t.throwsAsync(stream.fetchLatestOutput(id as never), {
      instanceOf: TypeError,
      message: `The webrtcId must be a string, not ${id}`,
    })
    t.throws(() => stream.outputStream(id as never), { instanceOf: TypeError, message: /webrtcId/ })
  }
  t.throws(() => stream.outputStream('a', { signal: 5 as never }), { message: /signal must be an AbortSignal, not 5/ })
})

test('outputs that nobody reads are bounded: the oldest go', async (t) => {
  const outputs = new SessionOutputs()
  for (let i = 0; i < 300; i++) outputs.put(new AdditionalOutputs(i))
  t.is(outputs.size, 256)
  t.deepEqual((await outputs.next())?.args, [44])
})
