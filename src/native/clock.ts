/** Takes back what was asked of a clock; harmless when it has happened. */
export type Cancel = () => void

/** What time is for a session: real, or that of a test. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number
  /** Calls once, that many ms from now. Keeps no process alive. */
  after(ms: number, call: () => void): Cancel
  /** Calls again and again, each time that many ms later. Keeps no process alive. */
  every(ms: number, call: () => void): Cancel
}

/** The system's. */
export const realClock: Clock = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms).unref()
    return () => clearTimeout(timer)
  },
  every(ms, call) {
    const timer = setInterval(call, ms).unref()
    return () => clearInterval(timer)
  },
}
