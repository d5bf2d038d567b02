import { OutputsHandlerError } from '../errors.ts'
import { messageOf } from '../frames/thrown.ts'
import type { Session } from '../session/session.ts'
import { within } from '../session/within.ts'
import { checkJson, wrongType } from './checks.ts'
import type { OutputDescription } from './output-descriptions.ts'
import type { OutputsHandler } from './stream-options.ts'

/** Outputs of one session that may wait for the user's function; beyond it new ones are dropped. */
const MAX_WAITING = 256
/** How long a page waits for the user's function, and how long an ended session's outputs can still be read. */
const PATIENCE_MS = 10_000

/** What the page shows of one session. */
interface Board {
  /** One value for each output. */
  values: readonly unknown[]
  /** Settles when all outputs so far were handled. */
  handled: Promise<void>
  waiting: number
}

/** What pages show of the outputs that handlers emit: what the user's function makes of them, one after the other. */
export class ShownOutputs {
  readonly #descriptions: readonly OutputDescription[]
  readonly #handler: OutputsHandler
  readonly #boards = new Map<string, Board>()

  /**
   * @param descriptions - the outputs that the page shows
   * @param handler - makes their next values
   */
  constructor(descriptions: readonly OutputDescription[], handler: OutputsHandler) {
    this.#descriptions = descriptions
    this.#handler = handler
  }

  /**
   * Handles what a session emits from now on.
   *
   * @param session - which has just begun
   * @param report - is told when the user's function fails, or can't keep up
   */
  follow(session: Session, report: (error: OutputsHandlerError) => void): void {
    const first = this.#descriptions.map(({ type }) => (type === 'chat' ? [] : null))
    const board: Board = { values: first, handled: Promise.resolve(), waiting: 0 }
    this.#boards.set(session.id, board)
    session.on('outputs', ({ args }) => this.#take(board, args, report))
    session.on('closed', () => setTimeout(() => this.#forget(session.id, board), PATIENCE_MS).unref())
  }

  /**
   * What a session's page shows now, with all outputs handled that were emitted before, unless that takes over 10 s.
   *
   * @param id - the session's
   * @returns one value for each output; undefined for an id that isn't known
   */
  async values(id: string): Promise<readonly unknown[] | undefined> {
    const board = this.#boards.get(id)
    if (board === undefined) return undefined
    await within(PATIENCE_MS, board.handled, () => undefined)
    return board.values
  }

  #take(board: Board, args: readonly unknown[], report: (error: OutputsHandlerError) => void): void {
    if (board.waiting >= MAX_WAITING) {
      return report(
        new OutputsHandlerError(`additionalOutputsHandler is slow: over ${MAX_WAITING} outputs wait for it`),
      )
    }
    board.waiting += 1
    board.handled = board.handled
      .then(() => this.#handle(board, args))
      .catch((cause: unknown) =>
        report(new OutputsHandlerError(`additionalOutputsHandler failed: ${messageOf(cause)}`, { cause })),
      )
      .finally(() => (board.waiting -= 1))
  }

  async #handle(board: Board, args: readonly unknown[]): Promise<void> {
    const next: unknown = await this.#handler(board.values, ...args)
    const count = this.#descriptions.length
    if (!Array.isArray(next) || next.length !== count) {
      throw wrongType(
        'additionalOutputsHandler',
        `a function that returns a list of ${count}, a value for each output`,
        next,
      )
    }
    checkJson('additionalOutputsHandler', next)
    board.values = next
  }

  #forget(id: string, board: Board): void {
    if (this.#boards.get(id) === board) this.#boards.delete(id)
  }
}
