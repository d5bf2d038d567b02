import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
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

test('a warning that is no text is refused, inside a handler and outside', (t) => {
  const context = { webrtcId: 'abc', warn() {} }
  const warn = (): void => warning(5 as never)
  for (const act of [warn, () => runInContext(context, warn)])
    t.throws(act, { instanceOf: TypeError, message: 'A warning must be a string, not 5' })
})

test('a handler that waits for an item keeps no process alive, while a wait outside of one does', async (t) => {
  const script = `
    import { AsyncQueue, waitForItem } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)}
    import { runInContext } from ${JSON.stringify(new URL('../../src/handlers/context.ts', import.meta.url).href)}
    const queue = new AsyncQueue()
    runInContext({ webrtcId: 'a', warn() {} }, async () => { for (;;) await waitForItem(queue, 60) })
    console.log(await waitForItem(queue, 0.05))
  `
  const node = ['--import=@oxc-node/core/register', '--input-type=module', '--eval', script]
  t.is((await promisify(execFile)(process.execPath, node)).stdout, 'null\n')
})
