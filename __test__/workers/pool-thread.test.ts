import test from 'ava'
import { type ParleyError, WorkerExitError } from '../../src/index.ts'
import { Host } from '../../src/native/host.ts'
import type { MediaLink } from '../../src/native/media-link.ts'
import { engineSettings, linkSettings } from '../../src/stream/link-settings.ts'
import { resolveOptions } from '../../src/stream/resolve-options.ts'
import { PoolThread } from '../../src/workers/pool-thread.ts'
import { RemoteHandler } from '../../src/workers/remote-handler.ts'
import { Log } from '../helpers/call.ts'
import { Echo } from '../helpers/echo.ts'
import { offerSdp } from '../helpers/offer.ts'
import { moduleUrl } from '../helpers/worker-handler.ts'

const settings = resolveOptions({ handler: new Echo(), media: { bindAddress: '127.0.0.1' } })
const setup = { url: moduleUrl('obedient').href, args: [], mode: 'send-receive', hasInputs: false } as const

async function accept(handler: RemoteHandler): Promise<MediaLink> {
  const host = await Host.open()
  const link = host.accept(
    engineSettings(settings, { stunServers: [], turnServers: [] }),
    linkSettings(settings, handler),
    offerSdp(),
  )
  link.listen({ onAudio: () => undefined, onRoom: () => undefined, onEvent: () => undefined })
  return link
}

/** A session on a thread, and the failures that it is told of. */
async function attach(thread: PoolThread, link?: MediaLink) {
  const handler = new RemoteHandler(thread, await thread.loaded)
  const media = link ?? (await accept(handler))
  const failures: ParleyError[] = []
  const ignore = (): void => undefined
  const client = {
    onFailure: (error: ParleyError) => void failures.push(error),
    onComplaint: ignore,
    onWarning: ignore,
    onOutputs: ignore,
    onMark: ignore,
    onCloseStream: ignore,
  }
  const context = { webrtcId: 'id', warn: ignore }
  const runner = handler.run({ handler, link: media, client, context, outputTargetMs: 400, muted: false })
  await runner.prepared
  return { link: media, runner, failures }
}

test('a thread that is terminated lets go of its sessions, which go on and may be taken by another', async (t) => {
  const alive = setInterval(() => undefined, 1000)
  const exits: string[] = []
  const [one, two] = ['one', 'two'].map((name) => new PoolThread(setup, new Log(), () => exits.push(name)))
  const [lost, kept] = [await attach(one as PoolThread), await attach(two as PoolThread)]
  const [ended] = [one?.terminate()]
  await ended
  t.deepEqual(exits, ['one'])
  t.true(lost.failures[0] instanceof WorkerExitError)
  t.is(lost.failures.length, 1)
  t.deepEqual(kept.failures, [])
  t.is(one?.load, 0)
  t.true(lost.link.writeAudio(new Int16Array(24_000), 24_000, 1) >= 1000)
  await attach(two as PoolThread, lost.link)
  t.is(two?.load, 2)
  await kept.runner.end('done')
  t.is(two?.load, 1)
  await two?.terminate()
  kept.link.close(false)
  lost.link.close(false)
  clearInterval(alive)
})

test('a session that comes to a thread that has ended is refused at once', async (t) => {
  const alive = setInterval(() => undefined, 1000)
  const thread = new PoolThread(setup, new Log(), () => undefined)
  const handler = new RemoteHandler(thread, await thread.loaded)
  await thread.terminate()
  const link = await accept(handler)
  await t.throwsAsync(attach(thread, link), { instanceOf: WorkerExitError })
  link.close(false)
  clearInterval(alive)
})
