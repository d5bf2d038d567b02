import type { Logger } from './logger.ts'

/**
 * A logger of a user's that can't do harm: what it throws, and what its promises are rejected with, is ignored.
 *
 * @param logger - as a user gave it
 * @returns writes to it
 */
export function safeLogger(logger: Logger): Logger {
  const write = (level: keyof Logger, message: string): void => {
    try {
      const written: unknown = logger[level](message)
      if (written instanceof Promise) written.catch(() => undefined)
    } catch {
      // Whoever can't log can't be told of it in the log.
    }
  }
  return {
    debug: (message) => write('debug', message),
    info: (message) => write('info', message),
    warn: (message) => write('warn', message),
    error: (message) => write('error', message),
  }
}
