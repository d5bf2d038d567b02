import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Runs an example as its reader would, on a free port, until the test ends; resolves to the URL that it prints. */
export async function runExample(t: ExecutionContext, name: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const args = ['--import=@oxc-node/core/register', `examples/${name}/server.ts`]
  const example = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(async () => {
    example.kill()
    if (example.exitCode === null && example.signalCode === null) await once(example, 'exit')
  })
  let printed = ''
  const url = await new Promise<string | undefined>((resolve) => {
    // It is read until the end, for an example that can't print would fail.
    example.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      const found = /http:\S+/.exec(printed)?.[0]
      if (found !== undefined) resolve(found)
    })
    example.once('exit', () => resolve(undefined))
  })
  if (url !== undefined) return url
  throw new Error(`examples/${name} printed no URL, but: ${printed}`)
}
