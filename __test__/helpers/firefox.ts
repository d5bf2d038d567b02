import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { takeTurn } from './turn.ts'

const PLACES = [process.env['FIREFOX'], '/usr/bin/firefox-esr', '/usr/bin/firefox']

/** Devices that it makes up itself, used without a question; sound without a click; no question to anybody's server. */
const PREFERENCES: Readonly<Record<string, unknown>> = {
  'marionette.port': 0,
  'media.navigator.permission.disabled': true,
  'media.navigator.streams.fake': true,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.gmp-manager.updateEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.update.disabledForTesting': true,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
}

/** Where Firefox is; undefined where it isn't installed. */
function firefoxPath(): string | undefined {
  return PLACES.find((place) => place !== undefined && existsSync(place))
}

/** Stock Firefox, driven over Marionette, which every Firefox speaks. */
export class Firefox {
  readonly #socket: Socket
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  #received = Buffer.alloc(0)
  #next = 1

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (data) => this.#receive(data))
    socket.on('close', () => this.#fail(new Error('Firefox has gone')))
    socket.on('error', (error) => this.#fail(error))
  }

  /** Starts it, headless, with a fresh profile; it ends with the test. */
  static async launch(t: Pick<ExecutionContext, 'teardown'>): Promise<Firefox> {
    const path = firefoxPath()
    if (path === undefined) throw new Error('No Firefox; the variable FIREFOX may name one')
    const profile = await mkdtemp(join(tmpdir(), 'parley-firefox-'))
    const preferences = Object.entries(PREFERENCES).map(
      (pair) => `user_pref(${pair.map((x) => JSON.stringify(x)).join()});`,
    )
    await writeFile(join(profile, 'user.js'), preferences.join('\n'))
    const release = await takeTurn('chromium')
    const child = spawn(path, ['--headless', '--marionette', '--no-remote', '--profile', profile], { stdio: 'ignore' })
    const ended = new Promise((resolve) => child.once('close', resolve))
    t.teardown(async () => {
      child.kill()
      await ended
      release()
      await rm(profile, { recursive: true, force: true })
    })
    const firefox = new Firefox(await whenListening(profile))
    await firefox.#command('WebDriver:NewSession', {})
    await firefox.#command('WebDriver:SetTimeouts', { script: 60_000 })
    return firefox
  }

  /** Opens a page. */
  async goto(url: string): Promise<void> {
    await this.#command('WebDriver:Navigate', { url })
  }

  /** Runs the body of an asynchronous function in the page, and gives what it returns. */
  async run<Result>(body: string): Promise<Result> {
    // In the page's own world, where its variables are, and back as text, for that world's objects can't leave it.
    const source = `(async () => { ${body} })().then((value) => JSON.stringify({ value }),
      (error) => JSON.stringify({ error: error + ' ' + error.stack }))`
    const script = `const done = arguments[arguments.length - 1];
      window.eval(${JSON.stringify(source)}).then((text) => done(text))`
    const answer = (await this.#command('WebDriver:ExecuteAsyncScript', { script, args: [] })) as { value: string }
    const value = JSON.parse(answer.value) as { value: Result; error?: string }
    if (value.error !== undefined) throw new Error(value.error)
    return value.value
  }

  /** Clicks an element, as a person would. */
  async click(selector: string): Promise<void> {
    const { value } = (await this.#command('WebDriver:FindElement', { using: 'css selector', value: selector })) as {
      value: Record<string, string>
    }
    await this.#command('WebDriver:ElementClick', { id: Object.values(value)[0] })
  }

  #command(name: string, parameters: object): Promise<unknown> {
    const id = this.#next++
    const text = JSON.stringify([0, id, name, parameters])
    this.#socket.write(`${Buffer.byteLength(text)}:${text}`)
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  /** A length in decimal, a colon, and so many bytes of JSON. */
  #receive(data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data])
    for (;;) {
      const colon = this.#received.indexOf(':')
      const end = colon + 1 + Number(this.#received.subarray(0, colon).toString())
      if (colon === -1 || this.#received.length < end) return
      this.#answer(JSON.parse(this.#received.subarray(colon + 1, end).toString()))
      this.#received = this.#received.subarray(end)
    }
  }

  #answer(message: unknown): void {
    // The first message of all says who is there.
    if (!Array.isArray(message)) return
    const [, id, error, result] = message as [number, number, { message?: string } | null, unknown]
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error) waiting?.reject(new Error(error.message))
    else waiting?.resolve(result)
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

/** It writes the port that it took into its profile. */
async function whenListening(profile: string): Promise<Socket> {
  for (let tries = 0; tries < 600; tries++) {
    const port = await readFile(join(profile, 'MarionetteActivePort'), 'utf8').catch(() => '')
    if (port !== '') return connect(Number(port), '127.0.0.1')
    await delay(50)
  }
  throw new Error('Firefox did not listen within 30 s')
}
