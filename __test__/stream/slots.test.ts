import test from 'ava'
import { SessionRegistry } from '../../src/stream/session-registry.ts'
import { type Call, call } from '../helpers/call.ts'
import { Echo } from '../helpers/echo.ts'

/** Takes a session in that has not connected yet. */
function admit(registry: SessionRegistry, id: string, address?: string): Call {
  const made = call(new Echo(), { id, connected: false })
  registry.add(made.core, undefined, address)
  return made
}

test('a session that has connected counts for every address', (t) => {
  const registry = new SessionRegistry(1)
  admit(registry, 'a', '192.0.2.1').link.event({ kind: 'connected' })
  t.is(registry.lack('192.0.2.1'), 'limit')
  t.is(registry.lack('192.0.2.2'), 'limit')
})

test('one that has not connected counts for its own address only', (t) => {
  const registry = new SessionRegistry(1)
  admit(registry, 'a', '192.0.2.1')
  t.is(registry.lack('192.0.2.1'), 'limit')
  t.is(registry.lack('::ffff:192.0.2.1'), 'limit')
  t.is(registry.lack('192.0.2.2'), undefined)
})

test('offers whose address is not known count for each other', (t) => {
  const registry = new SessionRegistry(1)
  admit(registry, 'a')
  t.is(registry.lack(undefined), 'limit')
})

test('addresses of one IPv6 network of 64 bits count as one', (t) => {
  const registry = new SessionRegistry(1)
  admit(registry, 'a', '2001:db8:0:7::1')
  t.is(registry.lack('2001:db8::7:1:2:3:4'), 'limit')
  t.is(registry.lack('2001:DB8:0:7:ffff::9'), 'limit')
  t.is(registry.lack('2001:db8:0:8::1'), undefined)
})

test('one that connects when all places are taken is told so, and closed', (t) => {
  const registry = new SessionRegistry(1)
  const [first, second] = [admit(registry, 'a', '192.0.2.1'), admit(registry, 'b', '192.0.2.2')]
  first.link.event({ kind: 'connected' })
  second.link.event({ kind: 'connected' })
  t.is(first.core.state, 'connected')
  t.is(second.core.state, 'closed')
  t.is(second.reason, 'error')
  t.regex(second.link.told[0]?.message ?? '', /All 1 places were taken/)
})

test('a place is free as soon as its session has ended, and coming back takes no second one', (t) => {
  const registry = new SessionRegistry(1)
  const { link } = admit(registry, 'a', '192.0.2.1')
  for (const kind of ['connected', 'disconnected', 'connected'] as const) link.event({ kind })
  t.is(registry.sessions.size, 1)
  link.event({ kind: 'closed', code: 'peer' })
  t.is(registry.sessions.size, 0)
  t.is(registry.lack('192.0.2.1'), undefined)
})

test('offers that wait for their connection are bounded, for one address and in all', (t) => {
  const registry = new SessionRegistry(Infinity)
  for (let i = 0; i < 256; i++) admit(registry, `a${i}`, '192.0.2.1')
  t.is(registry.lack('192.0.2.1'), 'half-open')
  t.is(registry.lack('192.0.2.2'), undefined)
  for (let i = 0; i < 256; i++) admit(registry, `b${i}`, `198.51.100.${i}`)
  t.is(registry.lack('192.0.2.2'), 'half-open')
})
