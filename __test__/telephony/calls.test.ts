import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import {
  AdditionalOutputs,
  AsyncStreamHandler,
  CloseStream,
  type Context,
  type EmitType,
  getCurrentContext,
  PlayedMark,
  ReplyOnPause,
  type Session,
  TelephoneError,
  type TelephoneProvider,
  twilio,
} from '../../src/index.ts'
import { tone } from '../../src/testing/index.ts'
import { toneShare } from '../../src/testing/tone-share.ts'
import { mulawSpeech, mulawTone } from '../helpers/mulaw.ts'
import { readMarkup, type ScriptedCall } from '../helpers/scripted-provider.ts'
import { AUTH_TOKEN, PUBLIC_URL, servePhone } from '../helpers/serve-phone.ts'
import { speech } from '../helpers/speech.ts'
import { workerHandler } from '../helpers/worker-handler.ts'

/** Emits what it is given, and then nothing. */
class Says extends AsyncStreamHandler {
  readonly #script: readonly EmitType[]
  readonly #waiting: EmitType[]

  constructor(...script: EmitType[]) {
    super()
    this.#script = script
    this.#waiting = [...script]
  }

  override async receive(): Promise<void> {
    // It only speaks.
  }

  override async emit(): Promise<EmitType> {
    return this.#waiting.shift()
  }

  override copy(): Says {
    return new Says(...this.#script)
  }
}

/** The session of the call that comes next. */
async function nextSession(stream: {
  once(name: 'session', listener: (session: Session) => void): unknown
}): Promise<Session> {
  return new Promise((resolve) => void stream.once('session', resolve))
}

/** How much of what a caller heard is a tone and little else. */
function share(call: ScriptedCall, hertz: number): number {
  return toneShare(call.heard, 8000, 1, hertz)
}

test('a caller hears what the handler says, and only messages of the provider’s', async (t) => {
  const { provider, webhook } = await servePhone(t)
  const call = await provider.call(webhook)
  call.say(mulawTone(600, 1.5))
  await call.untilHeard(2)
  t.true(share(call, 600) > 0.95)
  t.deepEqual(
    [...new Set(call.messages.map(({ event }) => event))].filter((event) => event !== 'media' && event !== 'mark'),
    [],
  )
})

test('the handler knows who calls, and waits for no inputs', async (t) => {
  const seen: { context: Context; phoneMode: boolean }[] = []
  class Curious extends Says {
    override async startUp(): Promise<void> {
      await this.waitForArgs()
      seen.push({ context: getCurrentContext(), phoneMode: this.phoneMode })
      await this.sendMessage('nobody reads this')
    }

    override copy(): Curious {
      return new Curious(new AdditionalOutputs('nor this'))
    }
  }
  const { provider, webhook, stream } = await servePhone(t, { handler: new Curious() })
  const [session, call] = await Promise.all([
    nextSession(stream),
    provider.call(webhook, { from: '+15550123', more: { CallerName: 'Ada & Co', FromCity: 'Paris' } }),
  ])
  await once(session, 'outputs')
  const expected = {
    provider: 'Twilio',
    direction: 'inbound',
    callId: call.callSid,
    from: '+15550123',
    to: '+15550199',
    parameters: { CallerName: 'Ada & Co', FromCity: 'Paris' },
  }
  t.deepEqual(session.call as unknown, expected)
  t.like(seen, [{ phoneMode: true, context: { webrtcId: call.streamSid, call: expected } }])
  t.is(session.id, call.streamSid)
  t.is(session.transport, 'telephone')
  t.is(session.remoteAddress, '127.0.0.1')
  t.deepEqual(
    call.messages.filter(({ event }) => event !== 'media' && event !== 'mark'),
    [],
  )
})

test('keys that the caller presses are events', async (t) => {
  const { provider, webhook, stream } = await servePhone(t)
  const [session, call] = await Promise.all([nextSession(stream), provider.call(webhook)])
  const keys: unknown[] = []
  session.on('dtmf', (...key) => keys.push(key))
  for (const digit of ['1', '#', 'D', 'x', '12']) call.press(digit)
  call.press('*')
  await call.until(() => keys.length >= 4)
  t.deepEqual(keys, [
    ['1', 0],
    ['#', 0],
    ['D', 0],
    ['*', 0],
  ])
})

test('what was heard goes by what the provider says it has played', async (t) => {
  const mark = new PlayedMark('the tone')
  const { provider, webhook, stream } = await servePhone(t, { handler: new Says(tone(500, { seconds: 1 }), mark) })
  const [session, call] = await Promise.all([nextSession(stream), provider.call(webhook)])
  const [, played] = (await once(session, 'played')) as [PlayedMark, { playedMs: number; complete: boolean }]
  t.true(played.complete)
  t.true(call.heard.length >= 8000, 'the mark came when the provider had played all of it')
  t.is(session.playedMs, 1000)
})

test('a handler may send marks of its own, whatever it calls them', async (t) => {
  const names = ['p0', 'p10', '10', 'the end']
  const returned: unknown[] = []
  class Marks extends Says {
    override async startUp(): Promise<void> {
      const { websocket, webrtcId: streamSid } = getCurrentContext()
      websocket?.on('message', (data) => {
        const { event, mark } = JSON.parse(String(data)) as { event: string; mark?: { name: unknown } }
        if (event === 'mark') returned.push(mark?.name)
      })
      for (const name of names) websocket?.send(JSON.stringify({ event: 'mark', streamSid, mark: { name } }))
    }

    override copy(): Marks {
      return new Marks(tone(500, { seconds: 1 }))
    }
  }
  const { provider, webhook } = await servePhone(t, { handler: new Marks() })
  const call = await provider.call(webhook)
  await call.until(() => returned.length >= names.length)
  await call.untilHeard(0.9)
  t.deepEqual(returned, names)
})

test('clearing the queue drops what the caller has not heard, at the provider too', async (t) => {
  const { provider, webhook, stream } = await servePhone(t, {
    handler: new Says(tone(500, { seconds: 20 })),
  })
  const [session, call] = await Promise.all([nextSession(stream), provider.call(webhook)])
  await call.untilHeard(0.5)
  session.clearQueue()
  await call.until(() => call.clears.length === 1)
  const [cleared = 0] = call.clears
  t.true(
    call.played.every(({ arrived }) => arrived <= cleared),
    'nothing of the old audio follows the clear',
  )
  t.true(session.playedMs >= 300 && session.playedMs < 3000, `${session.playedMs} ms`)
})

test('who speaks into a reply silences it at the provider, and their words are answered', async (t) => {
  const turns: number[] = []
  const handler = new ReplyOnPause(function* ([, audio]) {
    turns.push(audio.length)
    yield tone(turns.length === 1 ? 500 : 900, { seconds: 60 })
  })
  const { provider, webhook, stream } = await servePhone(t, { handler })
  const [session, call] = await Promise.all([nextSession(stream), provider.call(webhook)])
  const { samples, sampleRate } = await speech('question')
  const words = mulawSpeech(samples, sampleRate)
  call.say(words)
  await call.until(() => turns.length === 1 && call.heardSeconds > 1)
  const interrupted = once(session, 'interrupted') as Promise<[{ heardMs: number }]>
  call.say(words)
  const [{ heardMs }] = await interrupted
  await call.until(() => call.clears.length > 0)
  t.true(heardMs >= 500, `${heardMs} ms of the first reply were heard`)
  await call.until(() => turns.length === 2)
  const before = call.heardSeconds
  await call.until(() => call.heardSeconds > before + 0.5)
  t.true(share(call, 900) > 0)
})

test('a handler that closes the stream is heard to its end, and then the call is over', async (t) => {
  const { provider, webhook, stream } = await servePhone(t, {
    handler: new Says(tone(500, { seconds: 1 }), new CloseStream('Goodbye')),
  })
  const [session, call] = await Promise.all([nextSession(stream), provider.call(webhook)])
  const reason = once(session, 'closed')
  t.deepEqual(await call.closed, { code: 1000, reason: 'close_stream' })
  t.deepEqual(await reason, ['close_stream'])
  const bytes = call.played.reduce((sum, part) => sum + part.bytes.length, 0)
  t.true(bytes >= 8000 && share(call, 500) > 0.95)
})

for (const how of ['stop', 'drop'] as const) {
  test(`a caller who is gone (${how}) leaves nothing behind`, async (t) => {
    let shutdowns = 0
    class Ends extends Says {
      override shutdown(): void {
        shutdowns += 1
      }

      override copy(): Ends {
        return new Ends()
      }
    }
    const { provider, webhook, stream } = await servePhone(t, { handler: new Ends(), concurrencyLimit: 1 })
    const [session, call] = await Promise.all([nextSession(stream), provider.call(webhook)])
    const closed = once(session, 'closed')
    call[how]()
    t.deepEqual(await closed, ['peer'])
    t.is(stream.sessions.size, 0)
    t.is(shutdowns, 1)
    await provider.call(webhook)
  })
}

test('a provider of one’s own whose fields nobody knows is heard, marked and cleared by way of its adapter', async (t) => {
  const like = twilio({ authToken: AUTH_TOKEN })
  const own: Record<string, unknown> = { name: 'Own', isGuarded: true, remedy: '', streamAttributes: {} }
  for (const name of ['verifyWebhook', 'readCall', 'readMessage', 'media', 'mark', 'clear', 'placeCall'] as const) {
    own[name] = like[name].bind(like)
  }
  const telephony = { provider: own as unknown as TelephoneProvider }
  const { provider, webhook, stream } = await servePhone(t, {}, telephony)
  const [session, call] = await Promise.all([nextSession(stream), provider.call(webhook)])
  call.say(mulawTone(600, 1.5))
  await call.untilHeard(2)
  t.true(share(call, 600) > 0.95)
  t.true(session.playedMs > 500, `${session.playedMs} ms`)
  session.clearQueue()
  await call.until(() => call.clears.length === 1)
  t.like(session.stats(), { lost: 0, refused: 0 })
})

test('a call hears the busy tone when all places are taken', async (t) => {
  const { provider, webhook, stream } = await servePhone(t, { concurrencyLimit: 1 })
  await Promise.all([nextSession(stream), provider.call(webhook)])
  const response = await provider.post(webhook, provider.form('CA2'))
  t.regex(await response.text(), /<Reject reason="busy"\/>/)
})

test('calls that were let in together share the places', async (t) => {
  const { provider, webhook } = await servePhone(t, { concurrencyLimit: 1 })
  const markups = await Promise.all(
    ['CA1', 'CA2'].map(async (callSid) => {
      const response = await provider.post(webhook, provider.form(callSid))
      return { callSid, markup: readMarkup(await response.text()) }
    }),
  )
  const [, second] = await Promise.all(markups.map(({ markup, callSid }) => provider.connect(markup, { callSid })))
  t.deepEqual(await second?.closed, { code: 1013, reason: 'concurrency_limit_reached' })
})

test('the time limit holds for calls', async (t) => {
  const { provider, webhook } = await servePhone(t, { timeLimit: 0.5 })
  const call = await provider.call(webhook)
  t.deepEqual(await call.closed, { code: 1000, reason: 'time_limit' })
})

test('fifty calls at once hear each their own handler', async (t) => {
  const { provider, webhook, stream } = await servePhone(t)
  const tones = Array.from({ length: 25 }, (_, i) => 300 + 100 * i)
  const callers = [...tones, ...tones]
  const calls = await Promise.all(callers.map(async (hertz) => ({ hertz, call: await provider.call(webhook) })))
  await calls[0]?.call.until(() => stream.sessions.size === 50)
  for (const { call, hertz } of calls) call.say(mulawTone(hertz, 1))
  await Promise.all(calls.map(({ call }) => call.untilHeard(2)))
  const loudest = (call: ScriptedCall): number | undefined => {
    const shares = tones.map((hertz) => share(call, hertz))
    return tones[shares.indexOf(Math.max(...shares))]
  }
  t.deepEqual(
    calls.map(({ call }) => loudest(call)),
    callers,
  )
})

test('the handler may live on a worker thread', async (t) => {
  const handler = workerHandler('phone')
  const { provider, webhook, stream } = await servePhone(t, { handler, modality: 'audio' })
  const [session] = await Promise.all([nextSession(stream), provider.call(webhook, { from: '+15550123' })])
  const [{ args }] = (await once(session, 'outputs')) as [AdditionalOutputs]
  t.deepEqual(args, [true, session.call])
  t.is(session.call?.from, '+15550123')
})

test('routes and markup keep the prefix that a stream is mounted under', async (t) => {
  const { provider, webhook } = await servePhone(
    t,
    {},
    { publicUrl: 'https://voice.example.org:443' },
    { path: '/voice' },
  )
  const response = await provider.post(webhook, provider.form('CA1'))
  t.is(response.headers.get('content-type'), 'text/xml; charset=utf-8')
  const markup = readMarkup(await response.text())
  t.is(markup.url, 'wss://voice.example.org/voice/telephone/handler')
  t.is(markup.parameters['From'], '+15550100')
  const call = await provider.connect(markup, { callSid: 'CA1' })
  call.say(mulawTone(600, 1))
  await call.untilHeard(1)
})

test('the provider greets and bids farewell', async (t) => {
  const { provider, webhook } = await servePhone(
    t,
    {},
    { greeting: ['Hello <you>', { text: 'Bonjour', language: 'fr-FR' }], farewell: 'Bye' },
  )
  const text = await (await provider.post(webhook, provider.form('CA1'))).text()
  t.regex(
    text,
    /<Response><Say>Hello &lt;you&gt;<\/Say><Say language="fr-FR">Bonjour<\/Say><Connect>.*<\/Connect><Say>Bye<\/Say><\/Response>/,
  )
})

/** Twilio's REST API, which answers what it is told. */
async function restApi(
  t: ExecutionContext,
  status: number,
  answer: object,
): Promise<{ baseURL: string; asked: URLSearchParams[] }> {
  const asked: URLSearchParams[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      asked.push(new URLSearchParams(body))
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

test('a stream calls somebody, and the one who answers talks with its handler', async (t) => {
  const { baseURL, asked } = await restApi(t, 201, { sid: 'CA77' })
  const { provider, stream } = await servePhone(
    t,
    {},
    { provider: twilio({ accountSid: 'AC1', authToken: AUTH_TOKEN, baseURL }) },
  )
  const placed = await stream.call({ to: '+15550100', from: '+15550199', parameters: { order: '17' }, greeting: 'Hi' })
  t.is(placed.callId, 'CA77')
  t.is(placed.session, undefined)
  t.like(Object.fromEntries(asked[0] ?? []), { To: '+15550100', From: '+15550199', Timeout: '60' })
  const markup = readMarkup(asked[0]?.get('Twiml') ?? '')
  t.is(markup.url, `${PUBLIC_URL.replace('https', 'wss')}/telephone/handler`)
  t.regex(markup.xml, /<Say>Hi<\/Say>/)
  const call = await provider.connect(markup, { callSid: 'CA77' })
  const session = await placed.answered()
  t.true(placed.session === session)
  t.like(session.call, { direction: 'outbound', callId: 'CA77', to: '+15550100', parameters: { order: '17' } })
  call.say(mulawTone(600, 1))
  await call.untilHeard(1)
  t.true(share(call, 600) > 0.9)
})

test('a call that is refused, or finds no room, says so at once', async (t) => {
  const { baseURL } = await restApi(t, 400, { code: 21211, message: 'No such number' })
  const provider = twilio({ accountSid: 'AC1', authToken: AUTH_TOKEN, baseURL })
  const phone = await servePhone(t, { concurrencyLimit: 1 }, { provider })
  const numbers = { to: '+15550100', from: '+15550199' }
  await t.throwsAsync(phone.stream.call(numbers), { instanceOf: TelephoneError, message: /No such number/ })
  await Promise.all([nextSession(phone.stream), phone.provider.call(phone.webhook)])
  await t.throwsAsync(phone.stream.call(numbers), { instanceOf: TelephoneError, message: /All places are taken/ })
})

test('an answered call whose session is refused says so', async (t) => {
  const { baseURL, asked } = await restApi(t, 201, { sid: 'CA77' })
  const provider = twilio({ accountSid: 'AC1', authToken: AUTH_TOKEN, baseURL })
  const phone = await servePhone(t, { concurrencyLimit: 1 }, { provider })
  const placed = await phone.stream.call({ to: '+15550100', from: '+15550199' })
  await Promise.all([nextSession(phone.stream), phone.provider.call(phone.webhook)])
  const call = await phone.provider.connect(readMarkup(asked[0]?.get('Twiml') ?? ''), { callSid: 'CA77' })
  t.is((await call.closed).code, 1013)
  await t.throwsAsync(placed.answered(), { instanceOf: TelephoneError, message: /concurrency_limit_reached/ })
})
