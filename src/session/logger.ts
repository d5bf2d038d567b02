/** Where Parley writes what an operator may want to read. `console` fits, and so do pino and winston. */
export interface Logger {
  /** What happens, step by step. */
  debug(message: string): void
  /** What happened, once a session. */
  info(message: string): void
  /** What somebody should look at. */
  warn(message: string): void
  /** What went wrong. */
  error(message: string): void
}

/** The logger that is used when none is given: `warn` and `error` go to stderr, the rest nowhere. */
export const stderrLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (message) => void process.stderr.write(`parley: ${message}\n`),
  error: (message) => void process.stderr.write(`parley: ${message}\n`),
}
