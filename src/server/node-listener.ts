import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { FetchOptions, Stream } from './stream.ts'

/** Answers requests of `node:http`. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Turns requests of `node:http` into calls of {@link Stream.fetch}.
 *
 * @param stream - answers them
 * @param options - `path`: the prefix in the requests' `url`; `page`: whether the built-in page is served too
 * @returns a listener; one that is no route gets status 404
 */
export function nodeListener(stream: Stream, options: FetchOptions): NodeListener {
  const listener = getRequestListener(
    (request, { incoming }) =>
      stream.fetch(request, {
        ...options,
        remoteAddress: incoming.socket.remoteAddress,
        requestPath: askedPath(incoming),
      }),
    { overrideGlobalObjects: false },
  )
  return (request, response) => {
    restoreBody(request)
    // It answers failures by itself, and never rejects.
    void listener(request, response)
  }
}

/** Express takes the prefix off `url`. */
function askedPath(request: unknown): string | undefined {
  const { originalUrl } = request as { originalUrl?: string }
  return originalUrl?.split('?', 1)[0]
}

/** A framework's own parser may have read the body; @hono/node-server takes it from `rawBody` then. */
function restoreBody(request: IncomingMessage & { body?: unknown; rawBody?: unknown }): void {
  if (request.body === undefined || !request.readableEnded || request.rawBody !== undefined) return
  const { body } = request
  request.rawBody = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : format(request, body))
}

function format({ headers }: IncomingMessage, body: unknown): string {
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '')
  if (!isForm || typeof body !== 'object') return JSON.stringify(body)
  const pairs: [string, string][] = Object.entries(body ?? {}).flatMap(([name, value]) =>
    [value as unknown].flat().map((each): [string, string] => [name, String(each)]),
  )
  return new URLSearchParams(pairs).toString()
}
