import { randomBytes } from 'node:crypto'
import type { WireProtocol } from '../native/socket-link.ts'
import { describe } from '../frames/describe.ts'
import type { TelephoneProvider } from './provider.ts'

/**
 * How far ahead of real time audio is sent, in ms. The provider plays it on its own clock, and a clear drops what is ahead: so a
 * reply goes on without a gap while a handler is held up for as long. Live audio is never held back for it.
 */
export const LEAD_MS = 160

/** What payloads and marks are like; no text around them holds one of these. */
const PAYLOADS = ['UGFybGV5', 'dGFsa3M='] as const
const MARKS = ['p0123456789abcdefn10', 'pfedcba9876543210n7'] as const

/**
 * How a call's audio goes, for the media thread.
 *
 * @param provider - whose messages carry it
 * @param streamId - of the stream
 * @returns names of fields, and what is written around payloads and marks
 * @throws TypeError for a provider whose messages are no texts or can't be taken apart, naming the method
 */
export function callProtocol(provider: TelephoneProvider, streamId: string): WireProtocol {
  const [mediaHead, mediaTail] = around(provider, 'media', streamId, PAYLOADS)
  const [markHead, markTail] = around(provider, 'mark', streamId, MARKS)
  const marks = { markHead, markTail, markName: nameOfMarks() }
  const audio = { mediaHead, mediaTail, joined: 1, playoutMs: LEAD_MS }
  return {
    ...readsOf(provider, streamId),
    binaryMedia: false,
    sends: { binary: false, ...audio, ...marks, clear: clearOf(provider, streamId) },
  }
}

/** Nobody guesses it, so whatever a handler calls marks of its own, they are told apart from ours. */
function nameOfMarks(): string {
  return `p${randomBytes(8).toString('hex')}n`
}

function readsOf({ streamField }: TelephoneProvider, streamId: string): Pick<WireProtocol, 'reads'> {
  if (streamField === undefined) return {}
  const media = { media: 'media', payload: 'payload', chunk: 'chunk', track: 'track', ignoredTrack: 'outbound' }
  return { reads: { event: 'event', streamField, streamId, ...media, mark: 'mark', markName: 'name' } }
}

function clearOf(provider: TelephoneProvider, streamId: string): string {
  const text: unknown = provider.clear(streamId)
  if (typeof text === 'string') return text
  throw new TypeError(`The method clear of the provider ${provider.name} must give a text, not ${describe(text)}`)
}

/** What is written before and behind a part that changes. */
function around(
  provider: TelephoneProvider,
  method: 'media' | 'mark',
  streamId: string,
  [part, another]: readonly [string, string],
): readonly [head: string, tail: string] {
  const text: unknown = provider[method](streamId, part)
  const [head, tail, ...more] = typeof text === 'string' ? text.split(part) : []
  const isWhole = head !== undefined && tail !== undefined && more.length === 0
  if (isWhole && provider[method](streamId, another) === head + another + tail) return [head, tail]
  throw new TypeError(
    `The method ${method} of the provider ${provider.name} must give a text with what it is given in it once, as it is, and the ` +
      `same around it each time; it gave ${describe(text)}`,
  )
}
