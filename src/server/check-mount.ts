import { describe } from '../frames/describe.ts'

/** Whose routes are mounted where. */
interface Kind {
  /** What is mounted on, in words. */
  readonly app: string
  /** Whether it is one. */
  readonly isApp: (app: Record<string, unknown>) => boolean
}

/**
 * Refuses what routes can't be added to: another framework's app would take them, and fail at the first request.
 *
 * @param stream - to be mounted
 * @param app - where
 * @param kind - what that has to be
 * @throws TypeError naming the value, and the function for other apps
 */
export function checkMount(stream: unknown, app: unknown, { app: wanted, isApp }: Kind): void {
  if (!hasMethods(stream, ['fetch', 'handleUpgrade'])) {
    throw new TypeError(`mount takes a Stream first, as in mount(stream, app, '/voice'), not ${describe(stream)}`)
  }
  if (isRecordOrFunction(app) && isApp(app)) return
  throw new TypeError(
    `mount takes ${wanted}, not ${describe(app)}: there is one for each of 'parley-rtc/express', 'parley-rtc/fastify' and ` +
      "'parley-rtc/node', and stream.mount(app) for Hono",
  )
}

/**
 * @param value - anything
 * @param names - of methods
 * @returns whether it has them all
 */
export function hasMethods(value: unknown, names: readonly string[]): boolean {
  return isRecordOrFunction(value) && names.every((name) => typeof value[name] === 'function')
}

function isRecordOrFunction(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
