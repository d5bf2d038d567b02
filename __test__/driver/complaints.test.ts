import test from 'ava'
import { StreamHandler, type EmitType } from '../../src/index.ts'
import { type Call, call, HandTime } from '../helpers/call.ts'

/** Emits nonsense of the length that it is told, each time that it is asked. */
class Wrong extends StreamHandler {
  readonly #lengthOf: (calls: number) => number
  #calls = 0
  constructor(lengthOf: (calls: number) => number) {
    super()
    this.#lengthOf = lengthOf
  }
  override receive(): void {}
  override emit(): EmitType {
    return [24_000, new Int16Array(2 * this.#lengthOf(this.#calls++) + 1), 'stereo']
  }
  override copy(): Wrong {
    return new Wrong(this.#lengthOf)
  }
}

/** What a client is told in ten seconds, in which a handler is asked fifty times each. */
async function tenSeconds(lengthOf: (calls: number) => number): Promise<Call['link']['told']> {
  const time = new HandTime()
  const { core, link } = call(new Wrong(lengthOf), { clock: time.clock })
  await time.pass(10_000)
  core.close('done')
  return link.told
}

test('mistakes that take turns are told of once each', async (t) => {
  const told = await tenSeconds((calls) => calls % 2)
  t.deepEqual(
    told.map(({ message }) => message?.match(/\d samples/)?.[0]),
    ['1 samples', '3 samples'],
  )
})

test('a mistake that is another one each time is told of sixteen times, and then once a second', async (t) => {
  const told = await tenSeconds((calls) => calls)
  t.true(told.length >= 24 && told.length <= 27, `${told.length} times`)
})
