import type { ExecutionContext } from 'ava'
import type { Browser } from 'playwright-core'
import { Recording } from '../../src/testing/index.ts'
import { openPage } from '../helpers/browser.ts'

/** 20 ms at 48 kHz. */
const FRAME = 960

/** A call from a page, with both its sides on one clock: ms since the microphone began. */
export interface Conversation {
  /** What the microphone said. */
  readonly said: Recording
  /** What came out of the loudspeaker. */
  readonly heard: Recording
  /** When packets with audio came to the page, in ms since the epoch; none are seen over a WebSocket. */
  readonly packets: readonly number[]
  /** What the server said in messages. */
  readonly messages: readonly { readonly type: string; readonly data: unknown }[]
}

/** Opens the page that calls by itself, and lets its microphone speak for so long. */
export async function converse(
  t: Pick<ExecutionContext, 'teardown'>,
  browser: Browser,
  url: string,
  seconds: number,
  transport: 'webrtc' | 'websocket',
): Promise<Conversation> {
  const page = await openPage(t, browser, `${url}turns.html`)
  await page.click('#start')
  const kept = await page.evaluate<Record<'said' | 'heard', string> & Pick<Conversation, 'packets' | 'messages'>>(
    `converse(${seconds}, '${transport}')`,
  )
  return { ...kept, said: recording(kept.said), heard: recording(kept.heard) }
}

function recording(base64: string): Recording {
  return recordingOf(new Int16Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer))
}

/** Samples at 48 kHz, on a clock that began with them. */
export function recordingOf(samples: Int16Array): Recording {
  const frames = Math.floor(samples.length / FRAME)
  const times = Array.from({ length: frames }, (_, frame) => frame * 20)
  return new Recording(samples.subarray(0, frames * FRAME), times)
}
