import { InvalidRequestError } from '../errors.ts'
import { refusal } from '../signaling/offer-result.ts'
import { parseInputValues } from '../stream/input-values.ts'
import { iconOrigin } from '../stream/page-options.ts'
import type { StreamBase } from '../stream/stream-base.ts'
import { assetResponse, pageResponse } from './page-assets.ts'
import { MAX_BODY_BYTES, readJson } from './read-json.ts'
import type { Route } from './routes.ts'

/** Names the call in the header of a request, for a log keeps addresses. */
const ID_HEADER = 'parley-webrtc-id'
/** A body with files: 4 MiB of them in base64, and as much beside them as other bodies have. */
const MAX_FILES_BODY_BYTES: number = Math.ceil((4 * 1024 * 1024 * 4) / 3) + MAX_BODY_BYTES

/** The paths of {@link pageRoutes}; a last segment of `*` stands for any rest. */
export const PAGE_PATHS: readonly string[] = ['/', '/client/*', '/page/inputs', '/page/outputs']

/**
 * The routes of the built-in page: its files, what a person put into its inputs, and what its outputs show.
 *
 * @param stream - answers the requests
 * @param bodyTimeoutMs - how long a request's body may take
 * @returns the routes
 */
export function pageRoutes(stream: StreamBase, bodyTimeoutMs: number): Route[] {
  const pictures = iconOrigin(stream.options.ui)
  return [
    { path: '/', method: 'GET', handle: () => pageResponse(pictures) },
    {
      path: '/client/*',
      method: 'GET',
      handle: (r) => assetResponse(new URL(r.url).pathname.split('/client/')[1] ?? ''),
    },
    { path: '/page/inputs', method: 'POST', handle: (request) => takeInputs(stream, request, bodyTimeoutMs) },
    { path: '/page/outputs', method: 'GET', handle: (request) => showOutputs(stream, request) },
  ]
}

async function takeInputs(stream: StreamBase, request: Request, bodyTimeoutMs: number): Promise<Response> {
  const id = idOf(request)
  // Before the body is read, so that nobody without a call makes the server read a long one.
  if (!stream.sessions.has(id)) return unknown()
  const { additionalInputs } = stream.options
  const hasFiles = additionalInputs.some(({ type }) => type === 'file')
  const body = await readJson(request, bodyTimeoutMs, hasFiles ? MAX_FILES_BODY_BYTES : MAX_BODY_BYTES)
  const { values } = (body ?? {}) as { values?: unknown }
  return stream.setInput(id, ...parseInputValues(additionalInputs, values)) ? success({}) : unknown()
}

async function showOutputs(stream: StreamBase, request: Request): Promise<Response> {
  const values = await stream.shownOutputs(idOf(request))
  return values === undefined ? unknown() : success({ values })
}

function idOf(request: Request): string {
  const id = request.headers.get(ID_HEADER)
  if (id) return id
  throw new InvalidRequestError(ID_HEADER, `The header ${ID_HEADER} is missing: it must name the call`)
}

function success(more: object): Response {
  return Response.json({ status: 'success', ...more })
}

function unknown(): Response {
  return Response.json(refusal('unknown_connection'))
}
