import test from 'ava'
import type { Logger } from '../../src/index.ts'
import { Echo } from '../helpers/echo.ts'
import { offerBody } from '../helpers/offer.ts'
import { quietStream } from '../helpers/quiet-stream.ts'

const fails = (): never => {
  throw new Error('the disk is full')
}
const rejects: () => unknown = () => Promise.reject(new Error('the disk is full'))

for (const [what, write] of [
  ['throws', fails],
  ['rejects', rejects],
] as const) {
  test(`a logger that ${what} harms neither offers nor sessions`, async (t) => {
    const logger = { debug: write, info: write, warn: write, error: write }
    const { stream } = quietStream(t, { handler: new Echo(), logger })
    t.true('sdp' in (await stream.offer(offerBody('a'))))
    await stream.close()
    t.is(stream.sessions.size, 0)
  })
}

test('a logger is written to as its own method', (t) => {
  class Keeps implements Logger {
    readonly lines: string[] = []
    debug(message: string): void {
      this.lines.push(message)
    }
    info(message: string): void {
      this.debug(message)
    }
    warn(message: string): void {
      this.debug(message)
    }
    error(message: string): void {
      this.debug(message)
    }
  }
  const logger = new Keeps()
  quietStream(t, { logger }).stream.options.logger.debug('hello')
  t.deepEqual(logger.lines, ['hello'])
})
