import { createHmac, randomBytes } from 'node:crypto'
import type { ExecutionContext } from 'ava'
import { WebSocket } from 'ws'
import { decodeMulaw } from './mulaw.ts'

/** Bytes of 20 ms of µ-law, and one of silence. */
const FRAME = 160
const MULAW_ZERO = 0xff
const FRAME_MS = 20

/** What the markup of a webhook's answer says. */
export interface Markup {
  readonly xml: string
  /** Of `<Stream>`; undefined when the call isn't connected. */
  readonly url: string | undefined
  readonly parameters: Record<string, string>
}

/** Who calls whom. */
export interface Numbers {
  readonly from?: string
  readonly to?: string
  /** Further fields of the webhook. */
  readonly more?: Record<string, string>
}

/** How the media of a call connect otherwise than they should. */
export interface ConnectEdits {
  readonly callSid?: string
  readonly streamSid?: string
  readonly parameters?: Record<string, string>
  /** Of the signature. */
  readonly signature?: string | undefined
  readonly mediaFormat?: Record<string, unknown>
  /** Whether `start` is sent. Default true. */
  readonly starts?: boolean
}

/**
 * Twilio as its manuals describe it (https://www.twilio.com/docs/voice/media-streams/websocket-messages,
 * https://www.twilio.com/docs/usage/security): posts signed webhooks, follows the markup, streams the caller's audio in real
 * time, plays what it gets on its own clock, and answers marks when the audio before them has been played.
 */
export class ScriptedProvider {
  readonly accountSid = 'AC00000000000000000000000000000001'
  readonly #t: ExecutionContext
  readonly #authToken: string
  readonly #local: (url: string) => string

  /**
   * @param t - whose end ends all calls
   * @param authToken - what it signs with
   * @param local - where the addresses of the markup really are
   */
  constructor(t: ExecutionContext, authToken: string, local: (url: string) => string = (url) => url) {
    this.#t = t
    this.#authToken = authToken
    this.#local = local
  }

  sign(url: string, form: Record<string, string> = {}): string {
    const text = Object.keys(form)
      .sort()
      .reduce((all, name) => all + name + form[name], url)
    return createHmac('sha1', this.#authToken).update(text).digest('base64')
  }

  form(callSid: string, { from = '+15550100', to = '+15550199', more = {} }: Numbers = {}): Record<string, string> {
    const numbers = { From: from, To: to, Caller: from, Called: to }
    return {
      AccountSid: this.accountSid,
      ApiVersion: '2010-04-01',
      CallSid: callSid,
      CallStatus: 'ringing',
      ...numbers,
      ...more,
    }
  }

  /** Posts a webhook as Twilio does. */
  post(url: string, form: Record<string, string>, signature = this.sign(url, form)): Promise<Response> {
    const headers = { 'x-twilio-signature': signature, 'user-agent': 'TwilioProxy/1.1' }
    return fetch(this.#local(url), { method: 'POST', body: new URLSearchParams(form), headers })
  }

  /** Calls the number whose webhook is at an address: rings, and follows the markup. */
  async call(url: string, numbers: Numbers = {}): Promise<ScriptedCall> {
    const callSid = sid('CA')
    const response = await this.post(url, this.form(callSid, numbers))
    const markup = readMarkup(await response.text())
    if (response.status !== 200 || markup.url === undefined) throw new Error(`${response.status} ${markup.xml}`)
    return this.connect(markup, { callSid })
  }

  /** Connects a call's media, as `<Stream>` says. */
  async connect(markup: Markup, edits: ConnectEdits = {}): Promise<ScriptedCall> {
    const url = markup.url ?? ''
    const signature = 'signature' in edits ? edits.signature : this.sign(url)
    const headers = signature === undefined ? {} : { 'x-twilio-signature': signature }
    const socket = new WebSocket(this.#local(url), { headers })
    const call = new ScriptedCall(socket, edits.streamSid ?? sid('MZ'), edits.callSid ?? sid('CA'))
    this.#t.teardown(() => call.drop())
    await call.opened
    call.send({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    if (edits.starts !== false) call.start(this.accountSid, edits.parameters ?? markup.parameters, edits.mediaFormat)
    return call
  }
}

/** A random id as Twilio's are. */
function sid(prefix: string): string {
  return prefix + randomBytes(16).toString('hex')
}

/** Reads markup, as far as it connects a call. */
export function readMarkup(xml: string): Markup {
  const url = /<Stream url="([^"]*)"/.exec(xml)?.[1]
  const pairs = [...xml.matchAll(/<Parameter name="([^"]*)" value="([^"]*)"\/>/g)]
  const parameters = Object.fromEntries(pairs.map(([, name = '', value = '']) => [unescape(name), unescape(value)]))
  return { xml, url: url === undefined ? undefined : unescape(url), parameters }
}

function unescape(text: string): string {
  const signs: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return text.replace(/&(\w+);/g, (_, name: string) => signs[name] ?? '')
}

/** Audio that the provider got, and when it plays it, in ms. */
export interface Played {
  readonly arrived: number
  /** When its first sample is heard. */
  readonly from: number
  to: number
  readonly bytes: Uint8Array
}

/** A mark that is to be answered. */
interface Mark {
  readonly name: unknown
  /** When the audio before it has been played, in ms. */
  readonly playedAt: number
  timer: NodeJS.Timeout | undefined
}

/** How a socket was closed. */
export interface Closed {
  readonly code: number
  readonly reason: string
}

/** One call as its provider has it. */
export class ScriptedCall {
  readonly streamSid: string
  readonly callSid: string
  readonly opened: Promise<void>
  readonly closed: Promise<Closed>
  /** Every message that came, parsed. */
  readonly messages: { readonly at: number; readonly event: unknown; readonly [key: string]: unknown }[] = []
  /** What is played, in order. */
  readonly played: Played[] = []
  /** When clears came. */
  readonly clears: number[] = []
  readonly #socket: WebSocket
  #sequence = 0
  #chunk = 0
  #queue = new Uint8Array()
  #line: NodeJS.Timeout | undefined
  #startedAt = 0
  #playedTo = 0
  #marks: Mark[] = []
  readonly #waiting = new Set<() => void>()

  constructor(socket: WebSocket, streamSid: string, callSid: string) {
    this.#socket = socket
    this.streamSid = streamSid
    this.callSid = callSid
    this.opened = new Promise((resolve, reject) => {
      socket.once('open', () => resolve())
      socket.once('error', reject)
    })
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.#hangUp()
        resolve({ code, reason: reason.toString() })
      })
    })
    socket.on('message', (data, isBinary) => this.#receive((data as Buffer).toString(), isBinary))
    socket.on('error', () => undefined)
  }

  /** Sends a message, or anything else. */
  send(message: unknown): void {
    this.#socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message))
  }

  start(accountSid: string, customParameters: Record<string, string>, mediaFormat?: Record<string, unknown>): void {
    const format = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1, ...mediaFormat }
    const { streamSid, callSid } = this
    const start = { accountSid, streamSid, callSid, tracks: ['inbound'], mediaFormat: format, customParameters }
    this.send({ event: 'start', sequenceNumber: String(++this.#sequence), start, streamSid })
  }

  /** The line is open: the caller's audio goes out each 20 ms, silence when nothing is said. */
  talk(): void {
    this.#startedAt = performance.now()
    // As often as it takes to have sent what is due by now.
    this.#line ??= setInterval(() => {
      while (this.#chunk * FRAME_MS <= performance.now() - this.#startedAt) this.#sendFrame()
    }, FRAME_MS / 2)
  }

  /** The caller says something, after what they said before. */
  say(bytes: Uint8Array): void {
    this.#queue = Buffer.concat([this.#queue, bytes])
    if (this.#line === undefined) this.talk()
  }

  /** The caller presses a key. */
  press(digit: string): void {
    const message = { event: 'dtmf', streamSid: this.streamSid, sequenceNumber: String(++this.#sequence) }
    this.send({ ...message, dtmf: { track: 'inbound_track', digit } })
  }

  /** The caller hangs up. */
  stop(): void {
    this.#hangUp()
    const { streamSid, callSid } = this
    this.send({ event: 'stop', sequenceNumber: String(++this.#sequence), stop: { callSid }, streamSid })
  }

  /** The line breaks. */
  drop(): void {
    this.#hangUp()
    this.#socket.terminate()
  }

  /** How much was heard so far, gaps left out. */
  get heardSeconds(): number {
    const now = performance.now()
    return this.played.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(now, to) - from), 0) / 1000
  }

  /** What was heard so far, gaps left out. */
  get heard(): Int16Array {
    const now = performance.now()
    const parts = this.played.map(({ bytes, from, to }) => {
      const until = Math.max(0, Math.min(now, to) - from)
      return decodeMulaw(bytes.subarray(0, Math.round(until * 8)))
    })
    return Int16Array.from(parts.flatMap((part) => [...part]))
  }

  /** Waits until something is true, looked at whenever a message comes and each 20 ms. */
  async until(condition: () => boolean): Promise<void> {
    const timer = setInterval(() => this.#look(), FRAME_MS)
    try {
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (!condition()) return
          this.#waiting.delete(look)
          resolve()
        }
        this.#waiting.add(look)
        look()
      })
    } finally {
      clearInterval(timer)
    }
  }

  /** Waits until so much audio was heard. */
  untilHeard(seconds: number): Promise<void> {
    return this.until(() => this.heardSeconds >= seconds)
  }

  #look(): void {
    for (const look of this.#waiting) look()
  }

  #sendFrame(): void {
    const payload = Buffer.alloc(FRAME, MULAW_ZERO)
    payload.set(this.#queue.subarray(0, FRAME))
    this.#queue = this.#queue.subarray(FRAME)
    this.#chunk += 1
    const media = { track: 'inbound', chunk: String(this.#chunk), timestamp: String(this.#chunk * FRAME_MS) }
    const message = { event: 'media', sequenceNumber: String(++this.#sequence), streamSid: this.streamSid }
    this.send({ ...message, media: { ...media, payload: payload.toString('base64') } })
  }

  #receive(text: string, isBinary: boolean): void {
    const at = performance.now()
    const message = (isBinary ? { event: 'binary' } : JSON.parse(text)) as Record<string, unknown>
    this.messages.push({ at, event: undefined, ...message })
    if (message['event'] === 'media') this.#play(at, (message['media'] as { payload: string }).payload)
    else if (message['event'] === 'mark') this.#mark((message['mark'] as { name: unknown }).name)
    else if (message['event'] === 'clear') this.#clear(at)
    this.#look()
  }

  #play(at: number, payload: string): void {
    const bytes = Buffer.from(payload, 'base64')
    const from = Math.max(at, this.#playedTo)
    this.#playedTo = from + bytes.length / 8
    this.played.push({ arrived: at, from, to: this.#playedTo, bytes })
  }

  #mark(name: unknown): void {
    const mark: Mark = { name, playedAt: this.#playedTo, timer: undefined }
    this.#marks.push(mark)
    this.#awaitMark(mark)
  }

  /** Timers count whole milliseconds, so one may be over before the audio is. */
  #awaitMark(mark: Mark): void {
    const left = mark.playedAt - performance.now()
    if (left <= 0) this.#answerMark(mark.name)
    else mark.timer = setTimeout(() => this.#awaitMark(mark), Math.ceil(left))
  }

  /** What isn't played is dropped, and marks behind it come back at once. */
  #clear(at: number): void {
    this.clears.push(at)
    for (const part of this.played) part.to = Math.max(part.from, Math.min(part.to, at))
    this.#playedTo = Math.min(this.#playedTo, at)
    for (const { name, timer } of this.#marks.splice(0)) {
      clearTimeout(timer)
      this.#answerMark(name)
    }
  }

  #answerMark(name: unknown): void {
    this.#marks = this.#marks.filter((mark) => mark.name !== name)
    if (this.#socket.readyState !== WebSocket.OPEN) return
    this.send({ event: 'mark', sequenceNumber: String(++this.#sequence), streamSid: this.streamSid, mark: { name } })
  }

  #hangUp(): void {
    clearInterval(this.#line)
    for (const { timer } of this.#marks.splice(0)) clearTimeout(timer)
  }
}
