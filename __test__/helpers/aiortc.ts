import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PYTHON = fileURLToPath(new URL('../../.cache/venv/bin/python', import.meta.url))
const SCRIPT = fileURLToPath(new URL('../e2e/aiortc_client.py', import.meta.url))
const VIDEO_SCRIPT = fileURLToPath(new URL('../e2e/aiortc_video.py', import.meta.url))

/** What a call by aiortc is to be like. */
export interface AiortcCall {
  /** Seconds to listen once connected. Default 3. */
  readonly seconds?: number
  /** Whether beeps of 1,000 Hz are sent; else nothing is. Default true. */
  readonly send?: boolean
  /** Whether its candidates go along with the offer, or one by one after it. Default with the offer. */
  readonly trickle?: boolean
  /** Whether its RTP packets have padding, and some nothing else. Default false. */
  readonly padded?: boolean
  /** Whether its audio comes from another source (SSRC) after a second, without a word. Default false. */
  readonly changesSource?: boolean
  /** Texts to send over the data channel when it opens. */
  readonly texts?: readonly string[]
  /** Bytes in hex to send as a message that should establish a data channel, when the channel opens. */
  readonly establish?: string
}

/** What aiortc saw and heard. */
export interface AiortcReport {
  /** The states of the connection, in order. */
  readonly states: readonly string[]
  /** The loudest frequency heard; 0 when nothing was. */
  readonly hertz: number
  /** Its amplitude, 0 to 1. */
  readonly loudness: number
  /** Frames of 20 ms heard. */
  readonly frames: number
  /** Milliseconds from the beeps sent to those heard; null without. */
  readonly delayMs: number | null
  /** Messages of the server. */
  readonly messages: readonly { readonly type: string; readonly data: unknown; readonly message?: string }[]
  /** The answers to candidates that were posted one by one. */
  readonly candidateAnswers: readonly unknown[]
  /** The server's answer, when it was a refusal. */
  readonly refused?: { readonly error: string; readonly limit?: number }
}

/** Makes a call with aiortc, a WebRTC implementation in Python, and hangs up. */
export function callByAiortc(url: string, call: AiortcCall = {}): Promise<AiortcReport> {
  return runPython<AiortcReport>(SCRIPT, url, call)
}

/** What a video call by aiortc is to be like. */
export interface AiortcVideoCall {
  /** Until so many pictures came, or the server ended it. */
  readonly count: number
  /** A film to send again and again; else nothing is. */
  readonly film?: string
  /** The one codec to offer, such as `video/H264`; else all that it has. */
  readonly codec?: string
}

/** What aiortc saw. */
export interface AiortcVideoReport {
  /** The pictures that came, in `rgb24`. */
  readonly pictures: readonly { readonly width: number; readonly height: number; readonly data: Uint8Array }[]
  /** Messages of the server. */
  readonly messages: readonly { readonly type: string; readonly data: unknown }[]
  /** The codecs that the server answered with. */
  readonly codecs?: readonly string[]
  /** The server's answer, when it was a refusal. */
  readonly refused?: { readonly error: string; readonly message?: string }
}

/** Makes a video call with aiortc. */
export async function seeByAiortc(url: string, call: AiortcVideoCall): Promise<AiortcVideoReport> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-pictures-'))
  try {
    const path = join(folder, 'pictures.rgb')
    type Report = Omit<AiortcVideoReport, 'pictures'> & { sizes: [number, number][] }
    const { sizes, ...report } = await runPython<Report>(VIDEO_SCRIPT, url, { ...call, pictures: path })
    const file = await readFile(path)
    let at = 0
    const pictures = sizes.map(([width, height]) => {
      const data = file.subarray(at, (at += 3 * width * height))
      return { width, height, data }
    })
    return { ...report, pictures }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function runPython<Report>(script: string, url: string, call: object): Promise<Report> {
  if (!existsSync(PYTHON)) throw new Error("aiortc isn't installed: run npm run setup")
  const child = spawn(PYTHON, [script, url, JSON.stringify(call)], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [output, errors] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`aiortc's client failed:\n${errors}`)
  return JSON.parse(output) as Report
}
