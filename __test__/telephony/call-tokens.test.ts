import test from 'ava'
import { CallTokens } from '../../src/telephony/call-tokens.ts'

test('a token holds once', (t) => {
  const tokens = new CallTokens<string>()
  const token = tokens.issue('a call', 60)
  t.regex(token, /^[\w-]{22}$/, '128 bits')
  t.is(tokens.redeem(`${token}x`), undefined)
  t.is(tokens.redeem(token), 'a call')
  t.is(tokens.redeem(token), undefined)
})

test('a token holds for its time, and is forgotten then', (t) => {
  let now = 0
  const tokens = new CallTokens<string>(() => now)
  const [early, late] = [tokens.issue('early', 60), tokens.issue('late', 60)]
  now = 60_000
  t.is(tokens.redeem(early), 'early')
  now = 60_001
  t.is(tokens.redeem(late), undefined)
  for (let i = 0; i < 5; i += 1) tokens.issue('unused', 1)
  now += 1001
  tokens.issue('another', 60)
  t.is(tokens.size, 1)
})

test('tokens that nobody uses fill no memory, and the latest hold', (t) => {
  const tokens = new CallTokens<number>()
  const first = tokens.issue(-1, 600)
  let last = ''
  for (let i = 0; i < 20_000; i += 1) last = tokens.issue(i, 600)
  t.true(tokens.size <= 10_000)
  t.is(tokens.redeem(first), undefined)
  t.is(tokens.redeem(last), 19_999)
})

test('no two tokens are the same', (t) => {
  const tokens = new CallTokens<number>()
  t.is(new Set(Array.from({ length: 1000 }, (_, i) => tokens.issue(i, 60))).size, 1000)
})
