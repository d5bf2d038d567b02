// Without an import of Hono's own types, which want a recent TypeScript of every user.

/** The part of a Hono app that routes are added by. Any release's app has it. */
export interface HonoApp {
  /** Answers every method of a path. */
  all(path: string, handler: (context: HonoContext) => Promise<Response>): unknown
}

/** The part of Hono's context that the routes read. */
export interface HonoContext {
  /** Hono's request. */
  readonly req: {
    /** The Fetch API's. */
    readonly raw: Request
  }
  /** What the server hands over; on `@hono/node-server` the request of `node:http` among it. */
  readonly env: unknown
}
