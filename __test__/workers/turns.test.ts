import { fileURLToPath } from 'node:url'
import { threadId } from 'node:worker_threads'
import test from 'ava'
import type { Turn } from '../../src/index.ts'
import { testCall } from '../../src/testing/index.ts'
import { workerHandler } from '../helpers/worker-handler.ts'

function wav(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/speech/${name}.wav`, import.meta.url))
}

test('a handler on a worker thread takes turns there, and the main thread is told of them', async (t) => {
  const call = await testCall(workerHandler('takes-turns', { threads: 1 }), { over: 'udp' })
  const turns: Turn[] = []
  const told: string[] = []
  call.session.on('turn', (turn) => turns.push(turn))
  for (const name of ['speech-start', 'interrupted'] as const) call.session.on(name, () => told.push(name))
  await call.play(wav('greeting'))
  await call.waitForSound()
  await call.play(wav('interruption'))
  await call.waitFor(() => turns.length === 2, { what: 'the second turn' })
  await call.waitFor(() => call.outputs.length === 2, { what: 'its outputs' })
  t.deepEqual(told, ['speech-start', 'speech-start', 'interrupted'])
  t.deepEqual(
    turns.map(({ number, heardMs }) => [number, heardMs !== undefined]),
    [
      [1, false],
      [2, true],
    ],
  )
  const [thread, number, seconds, id] = call.outputs[0]?.args ?? []
  t.not(thread, threadId)
  t.deepEqual([number, id], [1, call.session.id])
  t.true(Math.abs(Number(seconds) - (turns[0]?.audioSeconds ?? 0)) < 0.001)
  await call.end()
})
