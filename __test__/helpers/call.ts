import type { Logger } from '../../src/index.ts'
import type { StreamHandlerBase } from '../../src/index.ts'
import { SessionCore } from '../../src/session/session-core.ts'
import type { SessionParts } from '../../src/session/session-parts.ts'
import type { Clock } from '../../src/native/clock.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { MemoryLink } from './memory-link.ts'

/** A logger that keeps what it is told. */
export class Log implements Logger {
  readonly lines: string[] = []
  debug(): void {}
  info(): void {}
  warn(message: string): void {
    this.lines.push(`warn ${message}`)
  }
  error(message: string): void {
    this.lines.push(`error ${message}`)
  }
}

/** A session of a handler whose media is in memory. */
export interface Call {
  readonly core: SessionCore
  readonly link: MemoryLink
  readonly log: Log
  /** Why it ended; undefined while it lives. */
  reason: string | undefined
}

/** Calls a handler: the offer is answered and the client has connected. */
export function call(
  handler: StreamHandlerBase,
  options: Partial<SessionParts> & { connected?: boolean; clock?: Clock } = {},
): Call {
  const { connected = true, clock, ...parts } = options
  const [link, log] = [new MemoryLink(parts.outputTargetMs, clock), new Log()]
  const core = new SessionCore({
    id: 'id',
    handler,
    logger: log,
    transport: 'webrtc',
    remoteAddress: '192.0.2.1',
    timeLimit: Infinity,
    outputTargetMs: 400,
    muted: false,
    ...parts,
  })
  const made: Call = { core, link, log, reason: undefined }
  core.session.on('closed', (reason) => (made.reason = reason))
  core.attach(link).catch(() => undefined)
  link.event({ kind: 'answer', sdp: 'v=0' })
  if (connected) link.event({ kind: 'connected' })
  return made
}

/** 20 ms of a handler's input, all samples of one value. */
export function frame(value = 1, length = 960): Int16Array {
  return new Int16Array(length).fill(value)
}

/** Time that passes when a test says so. */
export class HandTime {
  readonly clock: VirtualClock = new VirtualClock(() => this.now)
  /** In ms. */
  now = 0

  /** Lets time pass, and everybody do what is due meanwhile. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- time passes step by step
      await settle()
      if (this.clock.next > end) break
      this.now = this.clock.next
      this.clock.runDue()
    }
    this.now = end
  }
}

/** Lets promises that have settled be followed up, timers of no delay too. */
export function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(() => setImmediate(resolve)))
}

/** Waits until something is so; the test's time-out is the only limit. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => void setTimeout(resolve, 1))
}
