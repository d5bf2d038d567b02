import test from 'ava'
import { InvalidRequestError } from '../../src/index.ts'
import { isCandidate } from '../../src/signaling/candidate.ts'
import { formatMessage, formatNotice, formatReceipt } from '../../src/signaling/messages.ts'
import { parseOfferBody } from '../../src/signaling/offer-body.ts'
import { parseOrigin } from '../../src/signaling/sdp-origin.ts'

/** The Mulberry32 generator: equal seeds give equal values for ever. */
class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  below(end: number): number {
    this.#state = (this.#state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end)
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }
}

const FIELDS = [
  'type',
  'sdp',
  'webrtc_id',
  'candidate',
  'sdpMid',
  'sdpMLineIndex',
  '__proto__',
  'toString',
  'length',
  '',
]
const TEXTS = [
  'offer',
  'ice-candidate',
  'v=0',
  'abc',
  '',
  '\0',
  '\ud800',
  '"\\\n',
  'ÿ',
  '😀',
  'candidate:1 1 udp 1 x 1 typ host',
]
const NUMBERS = [0, -0, -1, 0.5, 65_535, 65_536, 2 ** 53, 1e308, -1e-308]

function text(random: Random): string {
  return random.pick(TEXTS).repeat(random.pick([1, 1, 1, 2, 300, 70_000]))
}

/** A value as `JSON.parse` gives it. */
function anyJson(random: Random, depth = 0): unknown {
  const kind = random.below(depth > 3 ? 4 : 7)
  if (kind === 0) return random.pick([null, true, false] as const)
  if (kind === 1) return random.pick(NUMBERS)
  if (kind < 4) return text(random)
  const parts = Array.from({ length: random.below(6) }, () => anyJson(random, depth + 1))
  if (kind === 4) return parts
  return Object.fromEntries(parts.map((part) => [random.pick(FIELDS), part]))
}

test('any JSON as the body of an offer is read or refused with a reason', (t) => {
  const random = new Random(1)
  let read = 0
  for (let run = 0; run < 5000; run += 1) {
    const hostile = anyJson(random)
    const base = {
      type: random.pick(['offer', 'ice-candidate']),
      sdp: 'v=0',
      webrtc_id: 'abc',
      candidate: { candidate: '' },
    }
    const body = random.below(2) === 0 ? hostile : { ...base, [random.pick(FIELDS)]: hostile }
    try {
      const parsed = parseOfferBody(body)
      read += 1
      if (parsed.kind === 'offer' && typeof parsed.sdp !== 'string') t.fail('an offer without text')
      if (parsed.webrtcId.length > 256) t.fail('an id without a bound')
    } catch (error) {
      if (!(error instanceof InvalidRequestError) || error.message === '') t.fail(String(error))
      if ((error as Error).message.length > 1000) t.fail('a reason that repeats the whole body')
    }
  }
  t.true(read > 250 && read < 4750, `${read} of 5,000 were read`)
})

test('any text in a message gives JSON that the data channel takes', (t) => {
  const random = new Random(2)
  for (let run = 0; run < 500; run += 1) {
    const said = text(random) + text(random)
    const messages = [formatMessage({ type: 'stopword', data: said }), formatNotice('error', said), formatReceipt(said)]
    for (const message of messages) {
      if (Buffer.byteLength(message) > 65_536) t.fail(`${Buffer.byteLength(message)} bytes`)
      const parsed = JSON.parse(message) as { type?: unknown }
      if (typeof parsed.type !== 'string') t.fail(message)
    }
  }
  t.pass()
})

test('any text is a candidate or none, and has an origin or none', (t) => {
  const random = new Random(3)
  const line = (): string => random.pick([text(random), 'o=- 1 2 IN IP4 0.0.0.0', `o=${text(random)} ${text(random)}`])
  for (let run = 0; run < 500; run += 1) {
    t.is(typeof isCandidate(line()), 'boolean')
    parseOrigin([line(), line(), line()].join(random.pick(['\n', '\r\n', '\r'])))
  }
})
