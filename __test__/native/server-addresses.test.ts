import test from 'ava'
import { ServerAddresses } from '../../src/native/server-addresses.ts'

const [A, B] = ['192.0.2.1', '192.0.2.2']

test('a name that leads elsewhere with each question keeps its address while sessions run', (t) => {
  const at = { time: 0, sessions: 0 }
  const addresses = new ServerAddresses(
    () => at.sessions > 0,
    () => at.time,
  )
  t.is(addresses.choose('stun.example', [A, B]), A)
  at.sessions = 1
  at.time = 3_600_000
  t.is(addresses.choose('stun.example', [B, A]), A)
  t.is(addresses.choose('stun.example', [B]), A, 'though the answer has it no more')
  t.is(addresses.choose('stun.example', []), A, 'though the name is not found')
  t.is(addresses.choose('other.example', [B]), B)
})

test('without sessions the address is the newest, but for those whose offers come together', (t) => {
  const at = { time: 0 }
  const addresses = new ServerAddresses(
    () => false,
    () => at.time,
  )
  t.is(addresses.choose('stun.example', [A]), A)
  at.time = 9_999
  t.is(addresses.choose('stun.example', [B]), A)
  at.time = 10_000
  t.is(addresses.choose('stun.example', [B]), B)
  at.time = 30_000
  t.is(addresses.choose('stun.example', []), undefined)
})
