import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('.', import.meta.resolve('parley-rtc/package.json')))

/** What a caller heard since its last report. */
export interface Report {
  /** Frames of 20 ms. */
  readonly frames: number
  /** The share of them that is the tone which the caller speaks, 0 to 1. */
  readonly tone: number
  /** The longest stretch without that tone. */
  readonly longestGapMs: number
  /** From each beep spoken to the same beep heard, when that was less than 900 ms. */
  readonly delaysMs: readonly number[]
  /** RTP packets. */
  readonly packets: number
  /** Numbers between them that never came. */
  readonly missing: number
  /** Places where the sender's time goes on by more than its packets play: its output ran dry there. */
  readonly jumps: number
  /** The longest time from one of them to the next. */
  readonly longestPauseMs: number
  /** How much later one of them came, by its sender's time, than the one that came earliest. */
  readonly latestMs: number
  /** How late the caller itself was at most, with what it had to say or do: no server is to blame for what came of that. */
  readonly lateMs: number
  /** Whole pictures. */
  readonly pictures: number
  /** The longest time from one picture to the next. */
  readonly longestWaitMs: number
}

/**
 * What a caller says: `silence` sends nothing, `quiet` sends silence, and one that `listens` offers to send nothing. One with a
 * film shows 640x480 at 30 pictures a second, and has no audio.
 */
export type Sound = 'tone' | 'beeps' | 'silence' | 'quiet' | 'listens' | 'film'

/** A message of the server. */
export interface Told {
  /** Its kind, such as `error` or `end_stream`. */
  readonly type: string
  /** For a person, of an error or a warning. */
  readonly message?: string
  /** Whatever belongs to it. */
  readonly data?: unknown
}

interface Line {
  readonly kind: 'offer' | 'connected' | 'disconnected' | 'open' | 'shut' | 'message' | 'report'
  readonly id: string
  readonly sdp?: string
  readonly text?: string
}

/** One caller of the program. */
export class Caller {
  /** The `webrtc_id` of its offer. */
  readonly id: string
  /** What the server told it. */
  readonly told: Told[] = []
  isConnected = false
  readonly #write: (line: string) => void
  readonly #waits = new Set<() => void>()
  #offer: string | undefined
  readonly #reports: Report[] = []
  #isGone = false

  /**
   * @param id - of its offer
   * @param write - reaches the program
   */
  constructor(id: string, write: (line: string) => void) {
    this.id = id
    this.#write = write
  }

  /** The SDP of its offer. */
  async offer(): Promise<string> {
    await this.until(() => this.#offer !== undefined)
    return this.#offer ?? ''
  }

  /** @param sdp - the server's answer */
  answered(sdp: string): void {
    this.#write(`answer ${this.id} ${sdp.replaceAll('\r\n', '\\n')}`)
  }

  /** @param text - for the server, over the data channel */
  say(text: string): void {
    this.#write(`say ${this.id} ${text}`)
  }

  /** Says nothing more, and sends no more packets of audio. */
  hush(): void {
    this.#write(`hush ${this.id}`)
  }

  /** Hangs up as a page does. */
  close(): void {
    this.#write(`close ${this.id}`)
  }

  /** Is gone without a word; its port is shut. */
  vanish(): void {
    this.#write(`vanish ${this.id}`)
  }

  /** Is gone without a word; its port stays open. */
  mute(): void {
    this.#write(`mute ${this.id}`)
  }

  /** What it heard since the last report. */
  async report(): Promise<Report> {
    this.#reports.length = 0
    this.#write(`report ${this.id}`)
    await this.until(() => this.#reports.length > 0)
    return this.#reports[0] as Report
  }

  /**
   * Waits until something is so; looked at whenever the program says something of this caller.
   *
   * @param isSo - what
   * @throws Error when the program has ended
   */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#isGone) throw new Error(`The callers' program ended while ${this.id} waited`)
      await new Promise<void>((resolve) => void this.#waits.add(resolve))
    }
  }

  /** @param line - of the program, about this caller; none when the program has ended */
  take(line?: Line): void {
    if (line === undefined) this.#isGone = true
    else if (line.kind === 'offer') this.#offer = line.sdp
    else if (line.kind === 'connected' || line.kind === 'disconnected') this.isConnected = line.kind === 'connected'
    else if (line.kind === 'message') this.told.push(parseTold(line.text ?? ''))
    else if (line.kind === 'report') this.#reports.push(line as unknown as Report)
    const waits = [...this.#waits]
    this.#waits.clear()
    for (const wake of waits) wake()
  }
}

/** What of a `Stream` a call needs. */
export interface Answers {
  /** Answers an offer. */
  offer(body: unknown): Promise<{ sdp: string } | { status: string }>
}

/** A process of callers on real UDP: `crates/transport/examples/callers`. */
export class Callers {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #callers = new Map<string, Caller>()
  readonly #closed: Promise<unknown>
  #made = 0

  /** Where the program is, once it was built. */
  static #program: string | undefined

  /**
   * Starts the program, which is built first if need be.
   *
   * @param profile - of cargo, the same for all of a process; many callers at once need `release`
   */
  static start(profile: 'dev' | 'release' = 'dev'): Callers {
    Callers.#program ??= build(profile)
    return new Callers(spawn(Callers.#program, { stdio: 'pipe' }))
  }

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    this.#closed = once(child, 'close')
    // Who was killed takes no more orders.
    child.stdin.on('error', () => undefined)
    child.stderr.pipe(process.stderr)
    createInterface(child.stdout).on('line', (text) => {
      const line = JSON.parse(text) as Line
      this.#callers.get(line.id)?.take(line)
    })
    child.once('close', () => {
      for (const caller of this.#callers.values()) caller.take()
    })
  }

  /**
   * One more caller, whose offer nobody has answered yet.
   *
   * @param sound - what it says once connected
   * @param hertz - of its tone or its beeps: a whole number
   */
  make(sound: Sound = 'tone', hertz = 440): Caller {
    const caller = new Caller(`caller-${process.pid}-${this.#child.pid}-${++this.#made}`, (line) => this.#order(line))
    this.#callers.set(caller.id, caller)
    this.#order(`call ${caller.id} ${sound} ${hertz}`)
    return caller
  }

  /**
   * Calls a stream.
   *
   * @param stream - answers
   * @param sound - what it says once connected
   * @param hertz - of its tone or its beeps: a whole number
   * @returns the caller, connected
   * @throws Error when the offer is refused
   */
  async call(stream: Answers, sound?: Sound, hertz?: number): Promise<Caller> {
    const caller = this.make(sound, hertz)
    const answer = await stream.offer({ type: 'offer', sdp: await caller.offer(), webrtc_id: caller.id })
    if (!('sdp' in answer)) throw new Error(`The offer was refused: ${JSON.stringify(answer)}`)
    caller.answered(answer.sdp)
    await caller.until(() => caller.isConnected)
    return caller
  }

  /** @param caller - that nobody is interested in any more */
  forget(caller: Caller): void {
    this.#callers.delete(caller.id)
    this.#order(`vanish ${caller.id}`)
  }

  /** Has everything else on the machine go before the callers, whose own work would else hold up what is measured. */
  yield(): void {
    if (this.#child.pid !== undefined) setPriority(this.#child.pid, constants.priority.PRIORITY_LOW)
  }

  /** Lets this process end while callers call. */
  unref(): void {
    this.#child.unref()
    for (const pipe of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) {
      ;(pipe as unknown as { unref(): void }).unref()
    }
  }

  /** Kills the program, so that all its callers are gone at once. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
  }

  #order(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }
}

function parseTold(text: string): Told {
  try {
    return JSON.parse(text) as Told
  } catch {
    return { type: 'text', data: text }
  }
}

/** Builds the program as `cargo test` does, so that after one nothing is left to do. */
function build(profile: 'dev' | 'release'): string {
  const args = ['build', '--quiet', '--workspace', '--profile', profile, '--example', 'callers']
  execFileSync('cargo', args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] })
  const folder = profile === 'dev' ? 'debug' : profile
  return join(process.env['CARGO_TARGET_DIR'] ?? join(ROOT, 'target'), folder, 'examples', 'callers')
}
