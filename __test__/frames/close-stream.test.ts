import test from 'ava'
import { CloseStream } from '../../src/index.ts'
import { call, until } from '../helpers/call.ts'
import { Echo } from '../helpers/echo.ts'

const WRONG: [what: string, msg: unknown, told: RegExp][] = [
  ['a bigint', 10n, /must be a string, not 10n/],
  ['an object', {}, /must be a string, not Object/],
  ['null', null, /must be a string, not null/],
]
for (const [what, msg, message] of WRONG) {
  test(`${what} is no message of a CloseStream`, (t) => {
    t.throws(() => new CloseStream(msg as string), { instanceOf: TypeError, message })
  })
}

test('a farewell that JSON refuses ends its session nonetheless', async (t) => {
  class Leaves extends Echo {
    override async emit(): Promise<CloseStream> {
      return Object.assign(new CloseStream(), { msg: 10n })
    }
  }
  const made = call(new Leaves())
  await until(() => made.reason === 'close_stream')
  t.deepEqual(made.link.messages, [])
})
