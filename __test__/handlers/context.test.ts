import test from 'ava'
import { getCurrentContext, warning } from '../../src/index.ts'
import { runInContext } from '../../src/handlers/context.ts'

test('the context holds through awaits and timers', async (t) => {
  const warned: string[] = []
  const context = { webrtcId: 'abc', warn: (message: string) => void warned.push(message) }
  const seen = await runInContext(context, async () => {
    await new Promise((resolve) => void setTimeout(resolve, 1))
    warning('careful')
    return getCurrentContext().webrtcId
  })
  t.is(seen, 'abc')
  t.deepEqual(warned, ['careful'])
})

test('outside a handler there is no context, and a warning is one of the process', async (t) => {
  t.throws(() => getCurrentContext(), { message: /inside a handler/ })
  const warned = new Promise<Error>((resolve) => void process.once('warning', resolve))
  warning('nobody is connected')
  t.is((await warned).message, 'nobody is connected')
})
