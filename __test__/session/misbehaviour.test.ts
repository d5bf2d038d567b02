import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import { type Caller, Callers } from '../../soak/callers.ts'
import {
  AsyncStreamHandler,
  type AudioFrame,
  CloseStream,
  type EmitType,
  type MediaOptions,
  type ParleyError,
  type Session,
  Stream,
  StreamHandler,
} from '../../src/index.ts'
import { Log, until } from '../helpers/call.ts'

/** What a handler does where it may go wrong; nothing, unless said otherwise. */
interface Script {
  startUp?: () => unknown
  receive?: () => unknown
  emit?: (call: number) => unknown
  shutdown?: () => unknown
}

/** Counts what became of the copies of one handler. */
interface Tally {
  emits: number
  shutdowns: number
}

class Awaited extends AsyncStreamHandler {
  readonly #script: Script
  readonly #tally: Tally
  constructor(script: Script, tally: Tally) {
    super({ outputSampleRate: 24_000 })
    this.#script = script
    this.#tally = tally
  }
  override async startUp(): Promise<void> {
    await this.#script.startUp?.()
  }
  override async receive(): Promise<void> {
    await this.#script.receive?.()
  }
  override async emit(): Promise<EmitType> {
    return ((await this.#script.emit?.(this.#tally.emits++)) ?? null) as EmitType
  }
  override async shutdown(): Promise<void> {
    this.#tally.shutdowns++
    await this.#script.shutdown?.()
  }
  override copy(): Awaited {
    return new Awaited(this.#script, this.#tally)
  }
}

class Direct extends StreamHandler {
  readonly #script: Script
  readonly #tally: Tally
  constructor(script: Script, tally: Tally) {
    super({ outputSampleRate: 24_000 })
    this.#script = script
    this.#tally = tally
  }
  override startUp(): void {
    this.#script.startUp?.()
  }
  override receive(): void {
    this.#script.receive?.()
  }
  override emit(): EmitType {
    return (this.#script.emit?.(this.#tally.emits++) ?? null) as EmitType
  }
  override shutdown(): void {
    this.#tally.shutdowns++
    this.#script.shutdown?.()
  }
  override copy(): Direct {
    return new Direct(this.#script, this.#tally)
  }
}

/** A call of a misbehaving handler over real UDP. Beside it, on the same media thread, somebody listens to a tone. */
interface Scene {
  readonly caller: Caller
  readonly session: Session
  readonly stream: Stream
  readonly tally: Tally
  readonly log: Log
  readonly errors: ParleyError[]
  /** Why the session ended, once it has. */
  readonly closed: Promise<string>
}

const callers = Callers.start()
const media = { bindAddress: '127.0.0.1', workers: 1 }
const bystanders = new Stream({ handler: song, modality: 'audio', mode: 'receive', media })
// Sessions keep no process alive, but a test that waits for one does.
const alive = setInterval(() => undefined, 1000)
let bystander: Caller

test.before('somebody talks all the time', async () => {
  bystander = await callers.call(bystanders)
  await hears(bystander, 1)
  await bystander.report()
})

test.after.always('nobody else noticed anything', async (t) => {
  const { tone: share, longestGapMs, jumps, missing } = await bystander.report()
  t.deepEqual([jumps, missing], [0, 0], 'no hole in what was sent')
  t.true(share > 0.95, `${share} of it came in time`)
  t.true(longestGapMs <= 250, `a hole of ${longestGapMs} ms`)
  clearInterval(alive)
  await bystanders.close()
  await callers.kill()
})

async function scene(
  t: ExecutionContext,
  Kind: new (script: Script, tally: Tally) => Awaited | Direct,
  script: Script,
  more: MediaOptions = {},
): Promise<Scene> {
  const [tally, log, errors] = [{ emits: 0, shutdowns: 0 }, new Log(), [] as ParleyError[]]
  const stream = new Stream({ handler: new Kind(script, tally), media: { ...media, ...more }, logger: log })
  t.teardown(() => stream.close())
  const began = once(stream, 'session') as Promise<[Session]>
  const closed = new Promise<string>((resolve) => stream.once('session:closed', (_, reason) => resolve(reason)))
  stream.on('error', (error) => errors.push(error))
  const caller = await callers.call(stream)
  const [session] = await began
  return { caller, session, stream, tally, log, errors, closed }
}

/** Waits until so much of the tone was heard, in seconds. */
async function hears(caller: Caller, seconds: number): Promise<void> {
  for (let heard = 0; heard < seconds;) {
    const report = await caller.report()
    heard += (report.frames * report.tone) / 50
    await new Promise((resolve) => void setTimeout(resolve, 20))
  }
}

function errorsOf({ told }: Caller): (string | undefined)[] {
  return told.filter(({ type }) => type === 'error').map(({ message }) => message)
}

const fail = (): never => {
  throw new Error('out of tea')
}
const never = (): Promise<never> => new Promise(() => undefined)
const PERIODS = 44
/** A tenth of a second of the tone that callers listen for, without a seam to the next. */
const TENTH: AudioFrame = [
  24_000,
  Int16Array.from({ length: 2400 }, (_, i) => 8000 * Math.sin((2 * Math.PI * PERIODS * i) / 2400)),
]

function tone(seconds: number): AudioFrame {
  const samples = new Int16Array(24_000 * seconds)
  for (let at = 0; at < samples.length; at += 2400) samples.set(TENTH[1], at)
  return [24_000, samples]
}

/** So long in each chunk that a busy event loop is never late with the next. */
function* song(): Generator<EmitType> {
  for (;;) yield tone(20)
}

for (const Kind of [Awaited, Direct]) {
  for (const method of ['startUp', 'receive', 'emit'] as const) {
    test(`${Kind.name}: what ${method} throws is told to the client, the listeners and the log, and ends the session`, async (t) => {
      const { caller, tally, log, errors, closed } = await scene(t, Kind, { [method]: fail })
      t.is(await closed, 'error')
      await caller.until(() => caller.told.length > 0)
      t.deepEqual(errorsOf(caller), ['out of tea'])
      t.deepEqual(
        errors.map(({ code, message }) => [code, message]),
        [['ERR_PARLEY_WEBRTC', 'out of tea']],
      )
      t.is(log.lines.filter((line) => line.includes('out of tea')).length, 1)
      t.is(tally.shutdowns, 1)
    })
  }

  test(`${Kind.name}: what shutdown throws is told to the listeners and the log, once`, async (t) => {
    const { caller, stream, tally, log, errors, closed } = await scene(t, Kind, { shutdown: fail })
    caller.close()
    t.is(await closed, 'peer')
    await stream.close()
    t.is(errors.length, 1)
    t.is(log.lines.filter((line) => line.includes('out of tea')).length, 1)
    t.is(tally.shutdowns, 1)
  })

  test(`${Kind.name}: one that emits faster than real time is paced, and nothing is dropped`, async (t) => {
    const { caller, session, tally } = await scene(t, Kind, { emit: () => TENTH })
    await hears(caller, 1)
    const { outputQueueMs, outputDropped } = session.stats()
    t.true(outputQueueMs <= 500, `${outputQueueMs} ms are queued`)
    t.is(outputDropped, 0)
    t.true(tally.emits < 1000, `emit was called ${tally.emits} times`)
  })

  test(`${Kind.name}: ten minutes at once are played as they come, and leave with the session`, async (t) => {
    const minutes = tone(600)
    const { caller, session, stream, tally, closed } = await scene(t, Kind, { emit: () => minutes })
    await hears(caller, 1)
    t.is(tally.emits, 1)
    t.true(session.stats().outputQueueMs > 500_000)
    session.clearQueue()
    await until(() => tally.emits === 2)
    await stream.close()
    t.is(await closed, 'The stream was closed')
    t.is(tally.shutdowns, 1)
  })

  test(`${Kind.name}: nonsense is complained of by name, and what is right after it is heard`, async (t) => {
    const nonsense = makeNonsense()
    const { caller, errors, session } = await scene(t, Kind, {
      emit: (call) => (call < nonsense.length ? nonsense[call]?.[1] : TENTH),
    })
    await hears(caller, 1)
    t.is(session.state, 'connected')
    const names = nonsense.filter(([name]) => name !== '').map(([name]) => name)
    t.is(errors.length, names.length, errors.map(({ message }) => message).join('\n'))
    for (const [index, name] of names.entries()) t.true(errors[index]?.message.includes(name), errors[index]?.message)
    t.deepEqual(
      errorsOf(caller),
      errors.map(({ message }) => message),
    )
  })
}

/** What no `emit` should return, with a part of the complaint; those without are silence or nothing. */
function makeNonsense(): [complaint: string, value: unknown][] {
  const pcm = new Int16Array(480)
  const detached = new Int16Array(480)
  structuredClone(detached.buffer, { transfer: [detached.buffer] })
  return [
    ['"hello"', 'hello'],
    ['42', 42],
    ['[]', []],
    ['undefined', [24_000]],
    ['Uint8Array(480)', [24_000, new Uint8Array(480)]],
    ['Array', [24_000, [1, 2, 3]]],
    ['NaN Hz', [NaN, pcm]],
    ['-1 Hz', [-1, pcm]],
    ['1000000000 Hz', [1e9, pcm]],
    ['"5.1"', [24_000, pcm, '5.1']],
    ['481 samples as stereo', [24_000, new Int16Array(481), 'stereo']],
    ['Float32Array(70000000)', [24_000, new Float32Array(70_000_000)]],
    ['', [24_000, new Float32Array(480).fill(NaN)]],
    ['', [24_000, new Float32Array(480).fill(Infinity)]],
    ['transferred away', [24_000, detached]],
    ['', [24_000, new Int16Array(0)]],
    ['', [24_000, new Int16Array(new SharedArrayBuffer(960))]],
    ['', [8000, new Int16Array(1)]],
  ]
}

for (const method of ['startUp', 'receive', 'emit'] as const) {
  test(`a ${method} that never settles keeps nobody from hanging up`, async (t) => {
    const { caller, session, tally, log, closed } = await scene(t, Awaited, { [method]: never })
    await until(() => session.stats().packetsIn > 20)
    t.is(session.state, 'connected')
    caller.close()
    t.is(await closed, 'peer')
    t.is(tally.shutdowns, 1)
    t.deepEqual(log.lines, [])
  })
}

test('a receive that never settles is told of, once, as soon as what waits for it is dropped', async (t) => {
  const { caller, session, log, errors } = await scene(t, Awaited, { receive: never }, { queueMs: { input: 200 } })
  await until(() => session.stats().inputDropped > 20)
  await caller.until(() => errorsOf(caller).length > 0)
  const [error] = errors
  t.is(error?.code, 'ERR_PARLEY_INPUT_DROPPED')
  t.true(error?.message.includes('0.2 s'), error?.message)
  t.deepEqual([errorsOf(caller), errors.length, log.lines.length], [[error?.message], 1, 1])
  t.true(log.lines[0]?.includes(error?.message ?? '?'), log.lines[0])
  t.is(session.state, 'connected')
})

test('what a listener throws, or a handler says after the end, does no harm', async (t) => {
  const { caller, stream, session, tally, closed } = await scene(t, Direct, { emit: () => new CloseStream('Bye') })
  session.on('closed', fail)
  t.is(await closed, 'close_stream')
  await caller.until(() => caller.told.length > 0)
  t.deepEqual(caller.told, [{ type: 'end_stream', data: 'Bye' }])
  session.clearQueue()
  session.close()
  await stream.close()
  t.is(tally.shutdowns, 1)
})
