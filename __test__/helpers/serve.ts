import type { ExecutionContext } from 'ava'
import { Stream } from '../../src/index.ts'
import type { LaunchOptions, StreamOptions } from '../../src/index.ts'
import { Echo } from './echo.ts'

/** A stream that a test launched. */
export interface Served {
  /** The stream; closed with its test. */
  readonly stream: Stream
  /** Of the built-in page, with a slash at the end. */
  readonly url: string
}

/** Launches a stream on a free port, an echo unless told otherwise; it ends with the test. */
export async function serve(
  t: ExecutionContext,
  options: Partial<StreamOptions> = {},
  launch: LaunchOptions = {},
): Promise<Served> {
  const stream = new Stream({ handler: new Echo(), ...options } as StreamOptions)
  t.teardown(() => stream.close())
  const { url } = await stream.launch({ port: 0, quiet: true, ...launch })
  return { stream, url }
}

/** Posts a body as JSON, and reads the answer as JSON. */
export async function post(
  url: string | URL,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown; headers: Headers }> {
  const response = await fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })
  return { status: response.status, body: await response.json(), headers: response.headers }
}
