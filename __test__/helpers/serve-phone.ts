import type { ExecutionContext } from 'ava'
import { Stream, twilio } from '../../src/index.ts'
import type { LaunchOptions, StreamOptions, TelephonyOptions } from '../../src/index.ts'
import { Log } from './call.ts'
import { Echo } from './echo.ts'
import { ScriptedProvider } from './scripted-provider.ts'

/** What requests are signed with. */
export const AUTH_TOKEN = 'a-secret-of-the-account'
/** Where the provider reaches the server, which a proxy leads to a port of this machine. */
export const PUBLIC_URL = 'https://voice.example.org'

/** A stream that answers the telephone. */
export interface ServedPhone {
  readonly stream: Stream
  readonly provider: ScriptedProvider
  readonly log: Log
  /** Of the number. */
  readonly webhook: string
  /** Where a public address really is. */
  readonly local: (url: string) => string
}

/** Launches a stream that answers the telephone, an echo unless told otherwise; it ends with the test. */
export async function servePhone(
  t: ExecutionContext,
  options: Partial<StreamOptions> = {},
  telephony: Partial<TelephonyOptions> = {},
  launch: LaunchOptions = {},
): Promise<ServedPhone> {
  const log = new Log()
  const phone = { provider: twilio({ authToken: AUTH_TOKEN }), publicUrl: PUBLIC_URL, ...telephony }
  const defaults = { handler: new Echo(), concurrencyLimit: 100, logger: log, media: { bindAddress: '127.0.0.1' } }
  const stream = new Stream({ ...defaults, ...options, telephony: phone } as StreamOptions)
  t.teardown(() => stream.close())
  const { url } = await stream.launch({ port: 0, quiet: true, ...launch })
  const { host } = new URL(url)
  const local = (asked: string): string =>
    asked.replace(/^(http|ws)s?:\/\/voice\.example\.org/, (_, scheme: string) => `${scheme}://${host}`)
  const provider = new ScriptedProvider(t, AUTH_TOKEN, local)
  return { stream, provider, log, local, webhook: `${PUBLIC_URL}${launch.path ?? ''}/telephone/incoming` }
}
