import test from 'ava'
import { WorkerExitError } from '../../src/index.ts'
import type { MediaLink } from '../../src/native/media-link.ts'
import { PoolThread } from '../../src/workers/pool-thread.ts'
import { RemoteHandler } from '../../src/workers/remote-handler.ts'
import { Log } from '../helpers/call.ts'
import { accept, attach, type Attached, threadSetup } from '../helpers/thread.ts'

const setup = threadSetup('obedient')

async function attachTo(thread: PoolThread, link?: MediaLink): Promise<Attached> {
  return attach(new RemoteHandler(thread, await thread.loaded), link)
}

test('a thread that is terminated lets go of its sessions, which go on and may be taken by another', async (t) => {
  const alive = setInterval(() => undefined, 1000)
  const exits: string[] = []
  const [one, two] = ['one', 'two'].map((name) => new PoolThread(setup, new Log(), () => exits.push(name)))
  const [lost, kept] = [await attachTo(one as PoolThread), await attachTo(two as PoolThread)]
  const [ended] = [one?.terminate()]
  await ended
  t.deepEqual(exits, ['one'])
  t.true(lost.failures[0] instanceof WorkerExitError)
  t.is(lost.failures.length, 1)
  t.deepEqual(kept.failures, [])
  t.is(one?.load, 0)
  t.true(lost.link.writeAudio(new Int16Array(24_000), 24_000, 1) >= 1000)
  await attachTo(two as PoolThread, lost.link)
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
  await t.throwsAsync(attach(handler, link), { instanceOf: WorkerExitError })
  link.close(false)
  clearInterval(alive)
})

test('what a module posts by itself is not taken for what the library says', async (t) => {
  const alive = setInterval(() => undefined, 1000)
  const log = new Log()
  const thread = new PoolThread(threadSetup('posts'), log, () => undefined)
  t.like(await thread.loaded, { inputSampleRate: 16_000 })
  const { link, runner, failures } = await attachTo(thread)
  await runner.end('done')
  t.deepEqual([failures, log.lines], [[], []])
  link.close(false)
  await thread.terminate()
  clearInterval(alive)
})
