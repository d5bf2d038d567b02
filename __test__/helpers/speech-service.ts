import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'

/** What a service was asked. */
interface Asked {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** Of a multipart request. */
  readonly form: FormData
  /** Of a JSON request. */
  readonly json: Record<string, unknown>
  /** Resolves when the client has hung up before the answer was whole. */
  readonly hungUp: Promise<void>
}

/** A service on a port of its own. */
export interface SpeechService {
  readonly baseURL: string
  /** Every request, in order. */
  readonly asked: Asked[]
}

/** Answers one request. What it throws ends the connection. */
export type Answer = (response: ServerResponse, asked: Asked) => void | Promise<void>

/** Serves the OpenAI HTTP API as a script says; it ends with the test. */
export async function speechService(t: ExecutionContext, answer: Answer): Promise<SpeechService> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    void serve(request, response, asked, answer).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  asked: Asked[],
  answer: Answer,
): Promise<void> {
  const hungUp = new Promise<void>((resolve) => {
    response.on('close', () => (response.writableFinished ? undefined : resolve()))
  })
  const body = Buffer.concat(await request.toArray())
  const type = request.headers['content-type'] ?? ''
  const isForm = type.startsWith('multipart/form-data')
  const question: Asked = {
    path: request.url ?? '',
    headers: request.headers,
    form: isForm ? await new Response(body, { headers: { 'content-type': type } }).formData() : new FormData(),
    json: isForm ? {} : (JSON.parse(body.toString()) as Record<string, unknown>),
    hungUp,
  }
  asked.push(question)
  await answer(response, question)
}

/** Answers with JSON. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return (response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/** Answers with bytes of a type. */
export function bytes(body: Uint8Array | string, type: string, status = 200): Answer {
  return (response) => void response.writeHead(status, { 'content-type': type }).end(body)
}

/** Writes pieces that arrive one by one, each by itself. */
export async function pieces(response: ServerResponse, list: Iterable<Uint8Array | string>): Promise<void> {
  for (const piece of list) {
    await new Promise<void>((resolve) => response.write(piece, () => resolve()))
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

/** Bytes of signed 16-bit little-endian PCM. */
export function pcmBytes(samples: Int16Array): Buffer {
  const buffer = Buffer.alloc(samples.length * 2)
  for (const [i, sample] of samples.entries()) buffer.writeInt16LE(sample, i * 2)
  return buffer
}
