import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'

/** A TURN server as an entry of `iceServers`. */
export interface Coturn {
  readonly urls: string
  readonly username: string
  readonly credential: string
}

/** How coturn is started. */
export interface CoturnOptions {
  /** What credentials are made of; without one there is a user with a password. */
  readonly secret?: string
}

/**
 * Starts coturn, a real TURN server, on a free port of loopback; it ends with the test. It is spoken to over IPv6 and
 * lends addresses of IPv4, so whoever has no IPv4 of its own reaches that only by it.
 */
export async function startCoturn(t: ExecutionContext, { secret }: CoturnOptions = {}): Promise<Coturn> {
  const port = await freePort()
  const database = join(tmpdir(), `parley-turn-${process.pid}-${port}`)
  const child = spawn(
    'turnserver',
    [
      '-n',
      '--log-file=stdout',
      '--no-cli',
      '--pidfile=',
      '--no-tls',
      '--no-dtls',
      ...(secret === undefined
        ? ['--lt-cred-mech', '--user=parley:secret']
        : ['--use-auth-secret', `--static-auth-secret=${secret}`]),
      '--realm=parley.test',
      '--listening-ip=::1',
      '--relay-ip=127.0.0.1',
      '--allow-loopback-peers',
      `--listening-port=${port}`,
      `--userdb=${database}`,
    ],
    { stdio: 'ignore' },
  )
  const ended = once(child, 'close').catch(() => undefined)
  const failed = once(child, 'error').then(() => {
    throw new Error("coturn's program turnserver isn't installed: run npm run setup")
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
    await rm(database, { force: true })
  })
  await Promise.race([untilItAnswers(port), failed])
  return { urls: `turn:[::1]:${port}`, username: 'parley', credential: 'secret' }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp6')
  await new Promise<void>((resolve) => socket.bind(0, '::1', resolve))
  const { port } = socket.address()
  socket.close()
  return port
}

/** Asks with a STUN Binding request until there is an answer; the test's time-out is the only limit. */
async function untilItAnswers(port: number): Promise<void> {
  const socket = createSocket('udp6')
  const answered = once(socket, 'message')
  const request = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), Buffer.alloc(12, 1)])
  const asking = setInterval(() => socket.send(request, port, '::1'), 50)
  await answered
  clearInterval(asking)
  socket.close()
}
