import test from 'ava'
import { Stream } from '../../src/index.ts'
import { SessionRegistry } from '../../src/stream/session-registry.ts'
import { call, settle } from '../helpers/call.ts'
import { Echo } from '../helpers/echo.ts'
import { offerBody } from '../helpers/offer.ts'
import { quietStream } from '../helpers/quiet-stream.ts'

/** Takes its time to shut down, or never has. */
class Slow extends Echo {
  static done = 0
  override async shutdown(): Promise<void> {
    await new Promise((resolve) => void setTimeout(resolve, 100))
    Slow.done++
  }
  override copy(): Slow {
    return new Slow()
  }
}

test('close waits until handlers have shut down', async (t) => {
  const { stream } = quietStream(t, { handler: new Slow() })
  await stream.offer(offerBody('a'))
  await stream.close()
  t.is(Slow.done, 1)
})

test('a closed session is settled when the engine has let go of it', async (t) => {
  const registry = new SessionRegistry(1)
  const { core, link } = call(new Echo())
  link.close = () => undefined
  registry.add(core, undefined, undefined)
  core.close('done')
  let isSettled = false
  const settled = registry.whenSettled().then(() => (isSettled = true))
  await settle()
  t.is(core.state, 'closed')
  t.false(isSettled)
  link.event({ kind: 'closed', code: 'local' })
  await settled
  t.true(isSettled)
})

for (const drain of [-1, NaN, Infinity, '5', null]) {
  test(`a drain of ${String(drain)} (${typeof drain}) is refused before anything is closed`, async (t) => {
    const stream = new Stream({ handler: new Echo(), media: { bindAddress: '127.0.0.1' } })
    const server = await stream.launch({ port: 0, quiet: true })
    await t.throwsAsync(stream.close({ drain: drain as number }), { message: /drain/ })
    t.is((await fetch(`${server.url}webrtc/config`)).status, 200)
    t.true('sdp' in (await stream.offer(offerBody('a'))))
    await stream.close()
  })
}
