import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { serve } from '../helpers/serve.ts'
import { SocketClient } from '../helpers/socket-client.ts'

/** Threads that carry media, of this process. */
function mediaThreads(): string[] {
  const names = readdirSync('/proc/self/task').map((id) => readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim())
  return names.filter((name) => name.startsWith('parley-media'))
}

const tested = process.platform === 'linux' ? test : test.skip

tested('a request for a socket that is refused starts no media thread, and one that is taken does', async (t) => {
  const { url } = await serve(t)
  const foreign = { origin: 'https://evil.example' }
  t.regex(await SocketClient.attempt(url, foreign), /403/)
  t.regex(await SocketClient.attempt(`${url}nowhere/`), /404/)
  t.deepEqual(mediaThreads(), [])
  const client = await SocketClient.open(url)
  client.send({ event: 'ping' })
  await client.next('pong')
  t.true(mediaThreads().length > 0)
  client.socket.terminate()
})
