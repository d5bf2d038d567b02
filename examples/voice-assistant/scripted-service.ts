// A service to try the assistant without any model: it hears what its script says, answers by the script, and speaks tones.
// Run: node --import=@oxc-node/core/register examples/voice-assistant/scripted-service.ts
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

/** What is heard, and what is answered to it. */
const SCRIPT: readonly (readonly [heard: string, answer: string])[] = [
  ['What time is it?', 'It is half past nine. Time for a break.'],
  ['And what is the weather like?', 'Dr. Rain says 3.5 degrees and sun. Take a hat! Or two.'],
  ['Thank you.', 'You are welcome.'],
]

const RATE = 24_000
/** Of the first sentence that is spoken, in Hz; each further one is 100 higher. */
const FIRST_TONE = 400
const SECONDS_A_LETTER = 0.04

/** A service at work. */
export interface ScriptedService {
  readonly baseURL: string
  /** What was asked: the path, and what was understood of the request. */
  readonly asked: readonly string[]
  close(): void
}

/** Serves the three parts of the API that the assistant needs, on a free port unless told otherwise. */
export async function scriptedService(port = 0): Promise<ScriptedService> {
  const asked: string[] = []
  const server = createServer((request, response) => void answer(request, response, asked))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked, close: () => close(server) }
}

async function answer(request: IncomingMessage, response: ServerResponse, asked: string[]): Promise<void> {
  const body = Buffer.concat(await request.toArray())
  const path = request.url?.replace('/v1/', '') ?? ''
  const count = asked.filter((line) => line.startsWith(path)).length
  if (path === 'audio/transcriptions') {
    asked.push(`${path} ${body.includes('RIFF') ? 'WAV' : 'no WAV'}`)
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ text: SCRIPT[count % SCRIPT.length]?.[0] }))
  } else if (path === 'chat/completions') {
    const { messages } = JSON.parse(body.toString()) as { messages: { role: string; content: string }[] }
    asked.push(
      `${path} ${messages
        .map(({ role, content }) => `${role}: ${content}`)
        .slice(1)
        .join(' | ')}`,
    )
    await write(response, messages.at(-1)?.content)
  } else if (path === 'audio/speech') {
    const { input } = JSON.parse(body.toString()) as { input: string }
    asked.push(`${path} ${input}`)
    await speak(response, FIRST_TONE + 100 * count, input.length * SECONDS_A_LETTER)
  } else {
    response.writeHead(404).end()
  }
}

/** Writes the answer letter by letter, four at a time, as tokens. */
async function write(response: ServerResponse, question: string | undefined): Promise<void> {
  response.setHeader('content-type', 'text/event-stream')
  const text = SCRIPT.find(([heard]) => heard === question)?.[1] ?? 'I am only a script.'
  for (const content of text.match(/.{1,4}/gs) ?? []) {
    await send(response, `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`)
  }
  response.end('data: [DONE]\n\n')
}

/** Speaks a tone, in pieces that end within a sample. */
async function speak(response: ServerResponse, hertz: number, seconds: number): Promise<void> {
  response.setHeader('content-type', 'audio/pcm')
  const pcm = Buffer.alloc(2 * Math.round(seconds * RATE))
  for (let i = 0; i < pcm.length / 2; i++) pcm.writeInt16LE(8000 * Math.sin((2 * Math.PI * hertz * i) / RATE), 2 * i)
  for (let at = 0; at < pcm.length; at += 4801) await send(response, pcm.subarray(at, at + 4801))
  response.end()
}

function send(response: ServerResponse, piece: string | Buffer): Promise<void> {
  return new Promise((resolve) => response.write(piece, () => resolve()))
}

function close(server: Server): void {
  server.closeAllConnections()
  server.close()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { baseURL } = await scriptedService(Number(process.env['PORT'] ?? 8000))
  console.log(`Try the assistant with OPENAI_BASE_URL=${baseURL}`)
}
