import { readFile } from 'node:fs/promises'

/**
 * Where the compiled client lies: beside this module, or in `dist` when the sources themselves run, as in the tests,
 * for a browser can't load TypeScript.
 */
const CLIENT = new URL(import.meta.url.endsWith('.ts') ? '../../dist/client/' : '../client/', import.meta.url)

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/** What a file of the client may be called: one folder deep at most, so that no name leads out of it. */
const ASSET_NAME = /^(?:(?:page|webrtc|websocket)\/)?[a-z][a-z-]*\.(css|js|svg)$/

/**
 * What the built-in page may do: load its own files and talk to its own server, nothing else. Media comes as streams,
 * which need no source; nobody else's page may frame it. Pictures may also come with a message, and from one other place.
 */
function contentSecurityPolicy(pictures: string | undefined): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' data:${pictures === undefined ? '' : ` ${pictures}`}`,
    "connect-src 'self'",
    "media-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    "require-trusted-types-for 'script'",
  ].join('; ')
}

/**
 * The built-in page itself. It names its files relative to its own address, which must end in a slash.
 *
 * @param pictures - an origin that it may load pictures from beside its own
 * @returns the page
 */
export function pageResponse(pictures?: string): Promise<Response> {
  return fileResponse('page/index.html', 'html', pictures)
}

/**
 * One of the files that the built-in page loads, or a page of one's own: `client/connect.js` is the browser module.
 *
 * @param name - the path below `client/`
 * @returns the file, or status 404
 */
export async function assetResponse(name: string): Promise<Response> {
  const extension = ASSET_NAME.exec(name)?.[1]
  return extension === undefined ? notFound() : fileResponse(name, extension)
}

async function fileResponse(name: string, extension: string, pictures?: string): Promise<Response> {
  try {
    const body = await readFile(new URL(name, CLIENT))
    const policy = { 'content-security-policy': contentSecurityPolicy(pictures) }
    return new Response(body, { headers: { ...HEADERS, ...policy, 'content-type': TYPES[extension] ?? '' } })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return notFound()
    throw error
  }
}

function notFound(): Response {
  return new Response('Not found', { status: 404, headers: { 'content-type': 'text/plain' } })
}

const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-cache',
  'referrer-policy': 'no-referrer',
}
