import type { ExecutionContext } from 'ava'
import { AsyncStreamHandler, type EmitType, type StreamOptions, type TelephonyOptions } from '../../src/index.ts'
import { type Markup, readMarkup } from './scripted-provider.ts'
import { type ServedPhone, servePhone } from './serve-phone.ts'

/** Counts what reaches it, in all of its copies. */
export class Watched extends AsyncStreamHandler {
  readonly reached: { started: number; frames: number }

  constructor(reached = { started: 0, frames: 0 }) {
    super()
    this.reached = reached
  }

  override async startUp(): Promise<void> {
    this.reached.started += 1
  }

  override async receive(): Promise<void> {
    this.reached.frames += 1
  }

  override async emit(): Promise<EmitType> {
    return null
  }

  override copy(): Watched {
    return new Watched(this.reached)
  }
}

/** A phone whose handler counts what reaches it. */
export async function watchedPhone(
  t: ExecutionContext,
  options: Partial<StreamOptions> = {},
  telephony: Partial<TelephonyOptions> = {},
): Promise<ServedPhone & { handler: Watched }> {
  const handler = new Watched()
  return { ...(await servePhone(t, { ...options, handler }, telephony)), handler }
}

/** What the webhook of a call is answered. */
export async function markupFor({ provider, webhook }: ServedPhone, callSid: string): Promise<Markup> {
  const response = await provider.post(webhook, provider.form(callSid))
  return readMarkup(await response.text())
}

/** Nothing has come of it: no session, no handler. */
export function untouched(
  t: ExecutionContext,
  { stream, handler }: { stream: ServedPhone['stream']; handler: Watched },
): void {
  t.is(stream.sessions.size, 0)
  t.deepEqual(handler.reached, { started: 0, frames: 0 })
}
