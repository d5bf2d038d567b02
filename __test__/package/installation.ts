import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A folder into which the packed packages are installed as a user would, where no compiler can be found. */
export class Installation {
  /** The folder, with `node_modules` in it. */
  readonly folder: string
  /** An environment whose PATH has Node and npm, and nothing else. */
  readonly env: NodeJS.ProcessEnv

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.folder = folder
    this.env = env
  }

  /** Packs both packages and installs them; dependencies come from the registry or npm's cache. */
  static async make(): Promise<Installation> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-package-'))
    const installation = new Installation(join(folder, 'app'), await bareEnvironment(join(folder, 'bin')))
    try {
      await installation.#install(await pack(join(folder, 'packed')))
      return installation
    } catch (error) {
      await installation.remove()
      throw error
    }
  }

  async #install(tarballs: string[]): Promise<void> {
    await mkdir(this.folder)
    await writeFile(join(this.folder, 'package.json'), '{ "private": true }')
    const args = ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs]
    await run('npm', args, { cwd: this.folder, env: this.env })
  }

  /** Removes everything. */
  async remove(): Promise<void> {
    await rm(join(this.folder, '..'), { recursive: true, force: true })
  }
}

async function pack(into: string): Promise<string[]> {
  const { stdout } = await run(process.execPath, ['scripts/pack.mjs', into], { cwd: ROOT })
  return stdout.trim().split('\n')
}

async function bareEnvironment(bin: string): Promise<NodeJS.ProcessEnv> {
  await mkdir(bin)
  await symlink(process.execPath, join(bin, 'node'))
  await symlink(await programOnPath('npm'), join(bin, 'npm'))
  return { HOME: process.env['HOME'], PATH: bin }
}

async function programOnPath(name: string): Promise<string> {
  const found = (process.env['PATH'] ?? '').split(delimiter).map((folder) => realpath(join(folder, name)))
  return Promise.any(found)
}
