import { once } from 'node:events'
import test from 'ava'
import type { ParleyError, Session, SessionStats, Stream } from '../../src/index.ts'
import { callByAiortc } from '../helpers/aiortc.ts'
import { serve } from '../helpers/serve.ts'

test.serial('aiortc hears its beeps come back, soon and at full strength', async (t) => {
  const { url } = await serve(t)
  const call = await callByAiortc(url, { seconds: 4 })
  t.is(call.hertz, 1000)
  t.true(call.loudness > 0.2, `amplitude ${call.loudness}`)
  t.true(call.frames > 150, `${call.frames} frames`)
  t.true(call.delayMs !== null && call.delayMs < 500, `after ${call.delayMs} ms`)
})

/** The statistics of a stream's calls as they were last. */
function watch(stream: Stream): { newest: SessionStats | undefined; address: string | undefined } {
  const seen: ReturnType<typeof watch> = { newest: undefined, address: undefined }
  stream.on('session:connected', (session) => {
    const look = (): void => void Object.assign(seen, { newest: session.stats(), address: session.remoteAddress })
    const timer = setInterval(look, 50)
    session.once('closed', () => clearInterval(timer))
  })
  return seen
}

test.serial('aiortc pads its packets, and the echo of what is in them is whole', async (t) => {
  const { url, stream } = await serve(t)
  const seen = watch(stream)
  const call = await callByAiortc(url, { seconds: 4, padded: true })
  t.is(call.hertz, 1000)
  t.true(call.loudness > 0.2, `amplitude ${call.loudness}`)
  t.true(call.frames > 150, `${call.frames} frames`)
  // How evenly packets come depends on the machine, and so what is made up meanwhile.
  t.like(seen.newest, { lost: 0, fecRecovered: 0, restarts: 0 })
  t.true((seen.newest?.packetsIn ?? 0) > 200, 'a fifth of them to probe')
})

test.serial('aiortc changes the source of its audio without a word, and is heard on', async (t) => {
  const { url, stream } = await serve(t)
  const seen = watch(stream)
  const call = await callByAiortc(url, { seconds: 4, changesSource: true })
  t.is(call.hertz, 1000)
  t.true(call.delayMs !== null && call.delayMs < 500, `after ${call.delayMs} ms`)
  t.is(seen.newest?.restarts, 1)
  t.true((seen.newest?.packetsIn ?? 0) > 200, `${seen.newest?.packetsIn} packets in five seconds`)
})

test.serial('a session counts what goes both ways, and knows its client and codec', async (t) => {
  const { url, stream } = await serve(t)
  stream.on('session:connected', (session) => t.is(session.transport, 'webrtc'))
  const seen = watch(stream)
  const call = await callByAiortc(url, { seconds: 3 })
  const { newest, address } = seen
  t.true((newest?.packetsIn ?? 0) > 100 && (newest?.packetsOut ?? 0) > 100, JSON.stringify(newest))
  t.true((newest?.bytesIn ?? 0) > 3_000 && (newest?.bytesOut ?? 0) > 3_000)
  t.like(newest, { lost: 0, inputDropped: 0, outputDropped: 0, codec: 'opus' })
  t.true((newest?.outputQueueMs ?? 1e9) < 400 && (newest?.inputQueueMs ?? 1e9) < 400)
  t.regex(address ?? '', /^[\da-f.:]+$/)
  t.true(call.frames > 100)
})

test.serial('texts go both ways over the data channel of aiortc', async (t) => {
  const { url } = await serve(t)
  const call = await callByAiortc(url, { seconds: 1, texts: ['handshake', 'Grüße 🦜'] })
  const messages: readonly unknown[] = call.messages
  t.deepEqual(messages, [{ type: 'log', data: 'Server received: Grüße 🦜' }])
})

test.serial('candidates of aiortc that follow the offer one by one are taken', async (t) => {
  const { url } = await serve(t)
  const call = await callByAiortc(url, { trickle: true })
  t.true(call.candidateAnswers.length > 0)
  for (const answer of call.candidateAnswers) t.deepEqual(answer, { status: 'success' })
  t.is(call.hertz, 1000)
})

test.serial('when aiortc hangs up, its session is closed as ended by the peer, and its place is free', async (t) => {
  const { url, stream } = await serve(t, { concurrencyLimit: 1 })
  for (const turn of ['first', 'second']) {
    const closed = once(stream, 'session:closed')
    const call = await callByAiortc(url, { seconds: 0.5 })
    t.is(call.refused, undefined, turn)
    const [, reason] = await closed
    t.is(reason, 'peer')
    t.is(stream.sessions.size, 0)
  }
})

test.serial('aiortc is refused over the limit, with the limit', async (t) => {
  const { url, stream } = await serve(t, { concurrencyLimit: 1 })
  const first = callByAiortc(url, { seconds: 3 })
  await Promise.race([first, once(stream, 'session:connected')])
  const { refused } = await callByAiortc(url)
  t.deepEqual(refused, { error: 'concurrency_limit_reached', limit: 1 })
  t.is((await first).hertz, 1000)
})

test.serial('a message that establishes no channel ends the call of who sent it, and no other', async (t) => {
  const errors: unknown[] = []
  const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: (text: string) => errors.push(text) }
  const { url, stream } = await serve(t, { concurrencyLimit: 2, logger })
  const bystander = callByAiortc(url, { seconds: 12 })
  await Promise.race([bystander, once(stream, 'session:connected')])
  const session = [...stream.sessions.values()][0] as Session
  const faults: ParleyError[] = []
  stream.on('error', (error) => faults.push(error))
  const closed = new Promise((resolve) => stream.once('session:closed', (_session, reason) => resolve(reason)))
  await callByAiortc(url, { seconds: 1, establish: '00' })
  t.is(await closed, 'error')
  t.is(errors.length > 0, true, 'the log tells of it')
  t.deepEqual(
    faults.map(({ code }) => code),
    ['ERR_PARLEY_SESSION_FAILED'],
  )
  t.regex(faults[0]?.message ?? '', /fault in the media core/)
  t.is(stream.sessions.size, 1)
  const before = session.stats().packetsOut
  const heard = await bystander
  t.is(heard.hertz, 1000)
  const { packetsIn, lost, packetsOut } = session.stats()
  t.is(lost, 0, `of ${packetsIn} packets`)
  t.true(packetsOut > before + 50, 'the other call went on')
  t.true(heard.frames > packetsOut - 20, `${heard.frames} frames of ${packetsOut}`)
})
