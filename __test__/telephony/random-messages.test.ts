import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import { WebSocket } from 'ws'
import { random } from '../helpers/random.ts'
import type { ScriptedCall } from '../helpers/scripted-provider.ts'
import type { ServedPhone } from '../helpers/serve-phone.ts'
import { markupFor, untouched, watchedPhone } from '../helpers/watched-phone.ts'

// One test after the other, and nothing else in this process: what is left of it is measured.
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes that JavaScript holds, and buffers outside of its heap, when all garbage is collected, of finalisers too. */
async function held(): Promise<number> {
  for (let round = 0; round < 5; round += 1) {
    collect()
    // oxlint-disable-next-line no-await-in-loop -- one round after the other
    await new Promise(setImmediate)
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Something like a provider's message, mostly not. */
function anything(draw: () => number, streamSid: string): string | Buffer {
  const pick = <Value>(...values: readonly Value[]): Value => values[Math.floor(draw() * values.length)] as Value
  const value = (depth = 0): unknown =>
    pick<() => unknown>(
      () => null,
      () => Math.floor(draw() * 1e9) - 5e8,
      () => pick('', '1', 'AAAA', '\u0000', 'é'.repeat(50), '__proto__', streamSid, 'inbound'),
      () => draw() < 0.5,
      () => (depth > 2 ? [] : [value(depth + 1)]),
      () =>
        depth > 2 ? {} : { [pick('payload', 'chunk', 'name', 'digit', 'callSid', '__proto__')]: value(depth + 1) },
    )()
  if (draw() < 0.2)
    return Buffer.from(Array.from({ length: Math.floor(draw() * 50) }, () => Math.floor(draw() * 256))).toString(
      'latin1',
    )
  const event = pick<unknown>('connected', 'start', 'media', 'mark', 'dtmf', 'stop', 'clear', 'x', 5, null)
  const streamId = pick<unknown>(streamSid, 'MZ2', 5, undefined)
  const parts = { start: value(), media: value(), mark: value(), dtmf: value(), stop: value() }
  const text = JSON.stringify({ event, streamSid: streamId, sequenceNumber: value(), ...parts })
  return draw() < 0.1 ? text.slice(0, Math.floor(draw() * text.length)) : text
}

/** Opens sockets without a call and sends 25 messages over each: what the sockets were closed with. */
async function flood(phone: ServedPhone, url: string, draw: () => number, messages: number): Promise<Set<number>> {
  const headers = { 'x-twilio-signature': phone.provider.sign(url) }
  const codes = new Set<number>()
  for (let sent = 0; sent < messages; sent += 25) {
    const socket = new WebSocket(phone.local(url), { headers })
    socket.on('error', () => undefined)
    const closed = once(socket, 'close') as Promise<[number, Buffer]>
    // oxlint-disable-next-line no-await-in-loop -- the messages of one socket after those of the other
    await once(socket, 'open')
    for (let i = 0; i < 25; i += 1) socket.send(anything(draw, 'MZ1'))
    // oxlint-disable-next-line no-await-in-loop -- as above
    const [code] = await closed
    codes.add(code)
  }
  return codes
}

test.serial('ten thousand random messages reach no handler, and leave nothing', async (t) => {
  const phone = await watchedPhone(t)
  const draw = random(7)
  const { url = '' } = await markupFor(phone, 'CA1')
  // What is compiled and cached for good comes first.
  await flood(phone, url, draw, 2500)
  const before = await held()
  const codes = await flood(phone, url, draw, 10_000)
  const grown = (await held()) - before
  untouched(t, phone)
  t.deepEqual(
    [...codes].filter((code) => ![1000, 1003, 1007, 1008].includes(code)),
    [],
  )
  t.log(`${Math.round(grown / 1024)} KiB more are held after 10,000 messages on 400 sockets`)
  t.true(grown < 1024 * 1024, `${grown} bytes are left of 10,000 messages`)
})

test.serial('random messages within a call end it at most', async (t) => {
  const phone = await watchedPhone(t)
  const draw = random(11)
  for (let i = 0; i < 20; i += 1) {
    const callSid = `CA${i}`
    // oxlint-disable-next-line no-await-in-loop -- one call after the other
    const call: ScriptedCall = await phone.provider.connect(await markupFor(phone, callSid), { callSid })
    for (let sent = 0; sent < 50; sent += 1) call.send(anything(draw, call.streamSid))
    call.send('the end')
    // oxlint-disable-next-line no-await-in-loop -- as above
    const { code } = await call.closed
    t.true([1000, 1003, 1007, 1008].includes(code), String(code))
  }
  t.is(phone.stream.sessions.size, 0)
  await Promise.all([once(phone.stream, 'session'), phone.provider.call(phone.webhook)])
  t.is(phone.stream.sessions.size, 1)
})
