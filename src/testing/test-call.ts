import { ChannelClosedError, ExpectationError, type ParleyError, SessionClosedError, TimeoutError } from '../errors.ts'
import type { AdditionalOutputs } from '../frames/additional-outputs.ts'
import { describe } from '../frames/describe.ts'
import type { EmitVideo } from '../frames/emit-type.ts'
import type { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import type { PeerNetwork, PeerStats, TestPeer } from '../native/test-peer.ts'
import type { Session } from '../session/session.ts'
import { checkObject } from '../stream/checks.ts'
import type { StreamBase } from '../stream/stream-base.ts'
import type { CallerLog } from './caller-log.ts'
import { type CallerMessage, checkMatch, describeLack, isMeant, type MessageMatch } from './caller-messages.ts'
import { checkAnswer, checkNumbers, checkPart, checkRange, checkWait, toMessage } from './checks.ts'
import { describeHeard, type HeardExpectation, unlikeHeard } from './expect-heard.ts'
import {
  type InterruptionExpectation,
  SHORTEST_SOUND_MS,
  type TurnExpectation,
  unlikeInterruption,
  unlikeTurn,
} from './expect-turn.ts'
import { checkKeys, type PressOptions } from './keys.ts'
import { NETWORK_OPTIONS, type NetworkOptions, peerNetwork } from './network.ts'
import type { Pace } from './pace.ts'
import { describeSeen, type SeenExpectation, unlikeSeen } from './expect-seen.ts'
import type { SeenPicture } from './pictures.ts'
import type { Recording } from './recording.ts'
import { checkShow, type Shot, type ShowOptions, toShot } from './shots.ts'
import { type Speech, toAudio } from './to-audio.ts'
import { ms } from './words.ts'

/** What the caller received, by its own count. */
export interface CallerStats {
  /** Packets that never came. */
  lost: number
  /** Packets that came after their time. */
  late: number
  /** Packets that came twice. */
  duplicate: number
  /** Frames made up for packets that never came. */
  concealed: number
  /** Frames of silence while nothing was sent. */
  synthesised: number
}

/** What a call is made of. */
export interface CallParts {
  /** The caller. */
  readonly peer: TestPeer
  /** What it said, heard and got. */
  readonly log: CallerLog
  /** How time passes. */
  readonly pace: Pace
  /** The session that answers. */
  readonly session: Session
  /** Its stream. */
  readonly stream: StreamBase
  /** Whether the stream ends with the call. */
  readonly ownsStream: boolean
  /** Of all that would else be random. */
  readonly seed: number
  /** What the network does at first. */
  readonly network: PeerNetwork
}

/** How long a frame is, in ms. */
const FRAME_MS = 20
/** How long a call's end may take, in ms: one whose goodbye got lost is noticed after 15 s of silence. */
const END_MS = 20_000

/** How long after its end a session may still tell its client of it, in ms, beside what the network takes. */
const FAREWELL_MS = 2500

// Assigned by the class, which is made by `testCall` alone.
let make: (parts: CallParts) => TestCall

/** A call to a handler by a fake caller; {@link testCall} makes it. Times are in ms since it was connected. */
export class TestCall {
  /** The session that answers the call. */
  readonly session: Session
  /** The stream that it belongs to. */
  readonly stream: StreamBase
  /** What the network's randomness came from: the same seed gives the same losses. */
  readonly seed: number
  /** The outputs that the handler has emitted so far. */
  readonly outputs: readonly AdditionalOutputs[]
  /** What went wrong so far: what the handler threw, or emitted that can't be. */
  readonly errors: readonly ParleyError[]
  readonly #parts: CallParts
  #closeReason: string | undefined
  #isHungUp = false
  #endedAtMs = Infinity
  #networkMs: number

  private constructor(parts: CallParts) {
    const { session, stream, seed } = parts
    this.session = session
    this.stream = stream
    this.seed = seed
    this.#parts = parts
    this.#networkMs = slowest(parts.network)
    const [outputs, errors]: [AdditionalOutputs[], ParleyError[]] = [[], []]
    this.outputs = outputs
    this.errors = errors
    session.on('outputs', (emitted) => outputs.push(emitted))
    session.on('error', (error) => errors.push(error))
    session.on('closed', (reason) => {
      this.#closeReason = reason
      this.#endsAt(this.nowMs)
    })
  }

  /** The copy of the handler that serves the call. */
  get handler(): StreamHandlerBase {
    return this.session.handler
  }

  /** How late it is. */
  get nowMs(): number {
    return this.#parts.log.nowMs
  }

  /** All that the caller heard so far. */
  get heard(): Recording {
    return this.#parts.log.heard
  }

  /** All pictures that the caller saw so far, of a call with video. All are kept, so calls are best made with small ones. */
  get seen(): readonly SeenPicture[] {
    return this.#parts.log.seen
  }

  /** The messages that the caller got so far. */
  get messages(): readonly CallerMessage[] {
    return this.#parts.log.messages
  }

  /** Why the session ended; undefined while it lives. */
  get closeReason(): string | undefined {
    return this.#closeReason
  }

  /** @returns what the caller received, by its own count; what the handler's side received is `session.stats()` */
  stats(): CallerStats {
    return toCallerStats(this.#parts.peer.stats())
  }

  /**
   * Speaks, one sound after the other, and lets time pass until all is said.
   *
   * @param sounds - what to say, at least one
   * @returns when it was said
   * @throws TypeError or RangeError for what is no audio, or when the caller only listens; SessionClosedError after the end
   */
  async play(...sounds: Speech[]): Promise<void> {
    const until = this.say(...sounds)
    await this.#parts.pace.pass(until - this.nowMs, () => false)
  }

  /**
   * Begins to speak, and lets no time pass.
   *
   * @param sounds - what to say, one after the other, after whatever the caller is saying
   * @returns when all will have been said
   * @throws as {@link play}
   */
  say(...sounds: Speech[]): number {
    this.#checkVoice('speak')
    if (sounds.length === 0) throw new TypeError('The caller has nothing to say: give at least one sound')
    return sounds.map(toAudio).reduce((_, audio) => this.#parts.log.speak(audio), this.nowMs)
  }

  /**
   * Shows pictures to the caller's camera, one after the other, and lets time pass until all were shown.
   *
   * @param pictures - one or more, as a handler emits them, in bytes
   * @param options - `fps`: how many a second, 30 by default; `seconds`: so long, from the beginning again and again; by default
   * each is shown once
   * @throws TypeError when the caller has no camera, InvalidEmitError or RangeError for what is no picture, TypeError or
   * RangeError for options that can't be; SessionClosedError after the end
   */
  async show(pictures: EmitVideo | readonly EmitVideo[], options: ShowOptions = {}): Promise<void> {
    this.#checkLife('show anything')
    const film = Array.isArray(pictures) ? (pictures as readonly EmitVideo[]) : [pictures as EmitVideo]
    const { fps, seconds } = checkShow(film, options)
    const { modality, mode } = this.stream.options
    if (modality === 'audio' || mode === 'receive') {
      throw new TypeError(`The caller has no camera: the stream's modality is '${modality}', its mode '${mode}'`)
    }
    const shots = film.map(toShot)
    const start = this.nowMs
    for (let shown = 1; shown <= Math.round(seconds * fps); shown++) {
      this.#parts.peer.show(shots[(shown - 1) % shots.length] as Shot)
      // Each when it is due, however much time something else let pass.
      // oxlint-disable-next-line no-await-in-loop -- one is shown after the other
      await this.#parts.pace.pass(start + (shown * 1000) / fps - this.nowMs, () => false)
    }
  }

  /**
   * Presses keys of the caller's telephone, one after the other, and lets time pass until all are pressed: `dtmf` events of the
   * session, one for each key when it is let go. While a key is down the caller isn't heard, as a browser's isn't.
   *
   * @param keys - `0` to `9`, `*`, `#` and `A` to `D`, such as `'42#'`; up to 1,000
   * @param options - `forMs`: how long each is down, 100 by default; `gapMs`: how long the caller waits after each, 70 by default;
   * both in steps of 20 ms, rounded up
   * @throws TypeError or RangeError for what is no key, for options that can't be, or when the caller only listens;
   * SessionClosedError after the end
   */
  async press(keys: string, options: PressOptions = {}): Promise<void> {
    const { forMs, gapMs } = checkKeys(keys, options)
    this.#checkVoice('press a key')
    const until = this.#parts.log.press(keys, forMs, gapMs)
    await this.#parts.pace.pass(until - this.nowMs, () => false)
  }

  /** Says nothing more of what the caller was about to say. */
  hush(): void {
    this.#parts.log.hush()
  }

  /**
   * Lets time pass.
   *
   * @param seconds - how much: 0 to 86,400
   * @throws RangeError for what is no length
   */
  async wait(seconds: number): Promise<void> {
    checkWait(seconds)
    await this.#parts.pace.pass(seconds * 1000, () => false)
  }

  /**
   * Lets time pass until something is so.
   *
   * @param isSo - looked at after every event of the call
   * @param options - `seconds`: so long at most, 10 by default; `what` is waited for, for the error
   * @throws ExpectationError when it isn't so by then; TypeError or RangeError for what can't be waited for
   */
  async waitFor(isSo: () => boolean, options: WaitOptions = {}): Promise<void> {
    if (typeof isSo !== 'function') throw new TypeError(`A call waits for a function to be true, not ${describe(isSo)}`)
    checkObject('', options, ['seconds', 'what'])
    const { seconds = 10, what = 'it' } = options
    checkWait(seconds)
    if (await this.#parts.pace.pass(seconds * 1000, () => checkAnswer(isSo()))) return
    throw this.#unlike(`Waited ${seconds} s for ${what} in vain; ${describeHeard(this.heard)}`)
  }

  /**
   * Lets time pass until the caller hears a sound from now on: 40 ms of it, for a click is none.
   *
   * @param options - `seconds`: so long at most, 10 by default
   * @throws ExpectationError when there is none by then, or the call has ended and nothing comes any more
   */
  async waitForSound(options: { seconds?: number } = {}): Promise<void> {
    checkNumbers(options, ['seconds'])
    const { seconds = 10 } = options
    const from = this.nowMs
    const isHeard = (): boolean => this.heard.between(from).soundSeconds * 1000 >= SHORTEST_SOUND_MS
    if (await this.#comes(isHeard, seconds)) return
    throw this.#inVain(seconds, 'a sound', describeHeard(this.heard))
  }

  /**
   * Lets time pass until the caller sees another picture.
   *
   * @param options - `seconds`: so long at most, 10 by default
   * @returns the picture
   * @throws ExpectationError when there is none by then, or the call has ended and nothing comes any more
   */
  async waitForPicture(options: { seconds?: number } = {}): Promise<SeenPicture> {
    checkNumbers(options, ['seconds'])
    const { seconds = 10 } = options
    const before = this.seen.length
    if (await this.#comes(() => this.seen.length > before, seconds)) return this.seen.at(-1) as SeenPicture
    throw this.#inVain(seconds, 'a picture', describeSeen(this.seen))
  }

  /**
   * Lets time pass until the caller has heard nothing for a while. It lets none pass where that is so already: wait for the sound
   * before.
   *
   * @param options - `forMs`: how long, 500 by default; `seconds`: so long at most, 10 by default
   * @throws ExpectationError when it isn't silent by then; TypeError or RangeError for options, or a caller, that can't be
   */
  async waitForSilence(options: { forMs?: number; seconds?: number } = {}): Promise<void> {
    checkNumbers(options, ['forMs', 'seconds'])
    const { forMs = 500, seconds = 10 } = options
    checkRange('forMs', forMs, 1)
    this.#checkHearing()
    // What came before ended before: only the end of a long call is looked at, again and again.
    const lately = (): Recording => this.heard.between(this.nowMs - forMs - FRAME_MS)
    const isSilent = (): boolean => this.nowMs - (lately().sounds().at(-1)?.toMs ?? 0) >= forMs
    await this.waitFor(isSilent, { seconds, what: `${ms(forMs)} of silence` })
  }

  /**
   * Lets time pass until the caller gets a message, or has got it already.
   *
   * @param match - which
   * @param options - `seconds`: so long at most, 10 by default
   * @returns the first that it is
   * @throws ExpectationError when there is none by then, or the call has ended and nothing comes any more
   */
  async waitForMessage(match: MessageMatch, options: { seconds?: number } = {}): Promise<CallerMessage> {
    checkMatch(match)
    checkNumbers(options, ['seconds'])
    const { seconds = 10 } = options
    await this.#comes(() => this.messages.some((message) => isMeant(message, match)), seconds)
    return this.expectMessage(match)
  }

  /**
   * Sends a message to the handler's session, as a page does over its data channel.
   *
   * @param message - a text, or an object or a list, which is sent as JSON; up to 64 KiB in UTF-8
   * @throws ChannelClosedError after the end, MessageTooLargeError, TypeError for anything else, or what JSON can't carry
   */
  send(message: unknown): void {
    const text = toMessage(message)
    if (this.#hasEnded) throw new ChannelClosedError('The call has ended: nothing can be sent any more')
    this.#parts.peer.sendText(text)
  }

  /**
   * Gives the handler its additional inputs, as a page's request does.
   *
   * @param args - the inputs
   */
  setInput(...args: unknown[]): void {
    this.stream.setInput(this.session.id, ...args)
  }

  /**
   * Changes the network.
   *
   * @param network - what it does from now on; what is left out it no longer does
   * @throws TypeError or RangeError naming the option that can't be
   */
  setNetwork(network: NetworkOptions): void {
    checkObject('', network, NETWORK_OPTIONS)
    const changed = peerNetwork(network, this.seed)
    this.#networkMs = Math.max(this.#networkMs, slowest(changed))
    this.#parts.peer.setNetwork(changed)
  }

  /** Is gone without a word, as a phone in a tunnel. */
  vanish(): void {
    this.#parts.peer.vanish()
  }

  /** Hangs up, as a page that is closed. The handler's side learns of it when time passes. */
  hangUp(): void {
    this.#isHungUp = true
    this.#endsAt(this.nowMs)
    this.#parts.peer.hangUp()
  }

  /**
   * Hangs up, lets time pass until the session has ended, and waits for the handler's `shutdown()`. A stream that was made
   * for the call is closed. With `onTime` time passes until then too, up to 20 s, for fake timers that `shutdown()` waits for.
   *
   * @returns why the session ended
   * @throws TimeoutError when it doesn't within 20 s
   */
  async end(): Promise<string> {
    const { peer, pace, session, stream, ownsStream } = this.#parts
    try {
      if (session.state !== 'closed') this.hangUp()
      const hasEnded = await pace.pass(END_MS, () => session.state === 'closed')
      if (!hasEnded) throw new TimeoutError('The session did not end within 20 s of hanging up')
      // The media's end comes after the session's.
      await pace.pass(0, () => false)
      if (ownsStream) await pace.settle(stream.close())
      return this.#closeReason ?? 'closed'
    } finally {
      peer.end()
      this.#endsAt(-Infinity)
    }
  }

  /** The same as {@link end}, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }

  /**
   * Says that the caller has heard something.
   *
   * @param expected - what; without properties any sound will do
   * @throws ExpectationError that says what was heard instead
   */
  expectHeard(expected: HeardExpectation = {}): void {
    this.#check(unlikeHeard(this.heard, expected))
  }

  /**
   * Says that the caller has seen something.
   *
   * @param expected - what; without properties any picture will do
   * @throws ExpectationError that says what was seen instead
   */
  expectSeen(expected: SeenExpectation = {}): void {
    this.#check(unlikeSeen(this.seen, expected, this.nowMs))
  }

  /**
   * Says that the caller has heard nothing.
   *
   * @param part - `fromMs`, `toMs`: in that part of the call, at least 20 ms that have passed; by default in all of it
   * @throws ExpectationError that says what was heard; TypeError or RangeError for a part, or a caller, that hears nothing anyhow
   */
  expectSilence(part: { fromMs?: number; toMs?: number } = {}): void {
    this.#checkSilence(part)
    const heard = this.heard.between(part.fromMs ?? -Infinity, part.toMs)
    if (heard.soundSeconds > 0) this.#check(`Expected silence; ${describeHeard(heard)}`)
  }

  /**
   * Says that the caller was answered when it had spoken last, and not cut in upon. Each sound that {@link say} or {@link play}
   * was given is one that it spoke.
   *
   * @param expected - when
   * @throws ExpectationError that says when the caller spoke and when the reply came
   */
  expectTurn(expected: TurnExpectation): void {
    this.#check(unlikeTurn(this.heard, this.#parts.log.lastSpeech, expected))
  }

  /**
   * Says that the handler fell silent when the caller, speaking last, interrupted it, and wasn't heard again until the caller had
   * finished; a sound of less than 40 ms is none.
   *
   * @param expected - how soon
   * @throws ExpectationError that says for how long it was heard, or when again
   */
  expectInterruption(expected: InterruptionExpectation): void {
    this.#check(unlikeInterruption(this.heard, this.#parts.log.lastSpeech, expected))
  }

  /**
   * Says that the caller got a message.
   *
   * @param match - which
   * @returns the first that it is
   * @throws ExpectationError that lists the messages
   */
  expectMessage(match: MessageMatch): CallerMessage {
    checkMatch(match)
    const found = this.messages.find((message) => isMeant(message, match))
    if (found !== undefined) return found
    throw this.#unlike(describeLack(match, this.messages))
  }

  static {
    make = (parts) => new TestCall(parts)
  }

  get #hasEnded(): boolean {
    return this.#isHungUp || this.#closeReason !== undefined
  }

  /** Whether it has ended, and nothing is under way to the caller any more. */
  get #isOver(): boolean {
    return this.nowMs - this.#endedAtMs > this.#networkMs + FAREWELL_MS
  }

  #endsAt(atMs: number): void {
    this.#endedAtMs = Math.min(this.#endedAtMs, atMs)
  }

  /** Lets time pass until something has come to the caller, or nothing can come any more. */
  async #comes(hasCome: () => boolean, seconds: number): Promise<boolean> {
    checkWait(seconds)
    let isHere = false
    await this.#parts.pace.pass(seconds * 1000, () => (isHere = hasCome()) || this.#isOver)
    return isHere
  }

  #inVain(seconds: number, what: string, instead: string): ExpectationError {
    const waited = this.#isOver
      ? `Waited for ${what}, but the call has ended`
      : `Waited ${seconds} s for ${what} in vain`
    return this.#unlike(`${waited}; ${instead}`)
  }

  /** Where nothing can be heard, silence says nothing about the handler. */
  #checkHearing(): void {
    const { mode, modality } = this.stream.options
    if (mode === 'send') throw new TypeError("The caller hears nothing anyhow: the stream's mode is 'send'")
    if (modality === 'video') throw new TypeError("The caller hears nothing anyhow: the stream's modality is 'video'")
  }

  #checkSilence(part: { fromMs?: number; toMs?: number }): void {
    checkNumbers(part, ['fromMs', 'toMs'])
    this.#checkHearing()
    const { fromMs = 0, toMs = this.nowMs } = part
    checkPart(part.fromMs, part.toMs)
    if (toMs <= this.nowMs && toMs - fromMs >= FRAME_MS) return
    throw new RangeError(
      `Nobody can tell silence from ${ms(fromMs)} to ${ms(toMs)}, as it is ${ms(this.nowMs)} now: ` +
        'let time pass, and name a part of at least 20 ms that is over',
    )
  }

  #checkLife(what: string): void {
    if (this.#hasEnded) throw new SessionClosedError(`The call has ended: the caller can't ${what} any more`)
  }

  /** Keys too are heard where the caller is. */
  #checkVoice(what: string): void {
    this.#checkLife(what)
    const { modality, mode } = this.stream.options
    if (mode !== 'receive' && modality !== 'video') return
    const why = mode === 'receive' ? `mode is '${mode}'` : `modality is '${modality}'`
    throw new TypeError(`The caller can't ${what}: the stream's ${why}`)
  }

  #check(unlike: string | undefined): void {
    if (unlike !== undefined) throw this.#unlike(unlike)
  }

  /** Beside what was expected, what may be why. */
  #unlike(what: string): ExpectationError {
    const { lost, late } = this.stats()
    const failed = this.errors.map(({ message }) => ` The handler failed: ${message}.`).join('')
    const hungUp = this.#isHungUp ? ' The caller hung up.' : ''
    const ended = this.#closeReason === undefined ? hungUp : ` The session ended: ${this.#closeReason}.`
    return new ExpectationError(
      `${what}. The caller lost ${lost} packets, ${late} came late; seed ${this.seed}.${failed}${ended}`,
    )
  }
}

/**
 * A call that is about to connect.
 *
 * @param parts - what it is made of
 * @returns the call
 */
export function makeTestCall(parts: CallParts): TestCall {
  return make(parts)
}

/** How {@link TestCall.waitFor} waits. */
export interface WaitOptions {
  /** So long at most; 10 by default. */
  seconds?: number
  /** What is waited for, for the error. */
  what?: string
}

/** How long a packet takes at most, in ms. */
function slowest({ latencyMs, jitterMs }: PeerNetwork): number {
  return latencyMs + jitterMs
}

function toCallerStats({ lost, late, duplicate, concealed, synthesised }: PeerStats): CallerStats {
  return { lost, late, duplicate, concealed, synthesised }
}
