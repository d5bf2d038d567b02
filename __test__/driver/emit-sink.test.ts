import test from 'ava'
import {
  AdditionalOutputs,
  AsyncStreamHandler,
  CloseStream,
  type EmitType,
  type Layout,
  StreamHandler,
} from '../../src/index.ts'
import { type Call, call, settle, until } from '../helpers/call.ts'

/** Emits a list of values, then nothing. */
class Emits extends StreamHandler {
  readonly #values: unknown[]
  constructor(values: unknown[], expectedLayout: Layout = 'mono') {
    super({ expectedLayout })
    this.#values = values
  }
  override receive(): void {}
  override emit(): EmitType {
    return this.#values.shift() as EmitType
  }
  override copy(): Emits {
    return new Emits([...this.#values])
  }
}

function emit(...values: unknown[]): Call {
  return call(new Emits(values))
}

const PCM = new Int16Array(480)

test('a chunk of any length, rate and type is written as it is', (t) => {
  const floats = new Float32Array(44_100)
  const { link, core } = emit([24_000, PCM], [8000, new Int16Array(7)], [44_100, floats, 'mono'])
  t.deepEqual(
    link.written.map(({ sampleRate, channels }) => [sampleRate, channels]),
    [
      [24_000, 1],
      [8000, 1],
      [44_100, 1],
    ],
  )
  t.is(link.written[2]?.samples, floats)
  core.close('done')
})

test('audio that says stereo is stereo, and audio that says nothing has the layout of the handler', (t) => {
  t.is(emit([24_000, PCM, 'stereo']).link.written[0]?.channels, 2)
  t.is(call(new Emits([[24_000, PCM]], 'stereo')).link.written[0]?.channels, 2)
  t.is(call(new Emits([[24_000, PCM, 'mono']], 'stereo')).link.written[0]?.channels, 1)
})

test('AdditionalOutputs are announced to the client and to listeners, alone or after audio', async (t) => {
  const outputs = new AdditionalOutputs('a')
  const { core, link } = emit(outputs, [[24_000, PCM], outputs])
  t.deepEqual(link.told, [
    { type: 'fetch_output', data: [] },
    { type: 'fetch_output', data: [] },
  ])
  t.is(link.written.length, 1)
  t.is(await core.outputs.next(), outputs)
  t.is(await core.outputs.next(), outputs)
  core.close('done')
  t.is(await core.outputs.next(), undefined)
})

test('[audio, CloseStream] plays the audio, then ends', (t) => {
  const { core, link } = emit([[24_000, PCM], new CloseStream('Bye')])
  t.is(link.depthMs, 20)
  t.is(core.state, 'closing')
  link.play(20)
  t.deepEqual(link.told, [{ type: 'end_stream', data: 'Bye' }])
  t.is(core.state, 'closed')
})

test('an emit that yields nothing but outputs, for ever, holds nothing up', async (t) => {
  const handler = new Emits([])
  handler.emit = () => new AdditionalOutputs(1)
  const { core } = call(handler)
  await new Promise((resolve) => void setTimeout(resolve, 1))
  t.is(core.state, 'connected')
  core.close('done')
})

/** What is left of an array that was sent to a worker. */
function emptied<Data extends Int16Array>(data: Data): Data {
  structuredClone(data.buffer, { transfer: [data.buffer as ArrayBuffer] })
  return data
}

const NONSENSE: [value: unknown, named: RegExp][] = [
  ['hello', /"hello"/],
  [42, /42/],
  [{}, /Object/],
  [[], /\[\]/],
  [PCM, /Int16Array\(480\)/],
  [[24_000], /undefined/],
  [[24_000, [1, 2, 3]], /\[1, 2, 3\]/],
  [[24_000, new Uint8Array(480)], /Uint8Array\(480\)/],
  [[7999, PCM], /7999 Hz/],
  [[192_001, PCM], /192001 Hz/],
  [[24_000.5, PCM], /24000\.5 Hz/],
  [[24_000, PCM, 'surround'], /"surround"/],
  [[24_000, new Int16Array(3), 'stereo'], /3 samples as stereo/],
  [[24_000, PCM, 'mono', 1], /Int16Array\(480\), "mono", 1/],
  [[[24_000, PCM], 'more'], /"more"/],
  [[[24_000, PCM], new CloseStream(), 1], /CloseStream/],
  [[['x', PCM], new AdditionalOutputs()], /"x" Hz/],
  [[24_000, emptied(new Int16Array(480))], /samples whose memory was transferred away.*emit a copy/],
]
for (const [value, named] of NONSENSE) {
  test(`nonsense is reported by name, and the session goes on: ${named.source}`, (t) => {
    const { core, link, log } = emit(value, value, [24_000, PCM])
    t.is(link.told.length, 1)
    t.is(link.told[0]?.type, 'error')
    t.regex(link.told[0]?.message ?? '', named)
    t.regex(log.lines[0] ?? '', named)
    t.is(core.state, 'connected')
    core.close('done')
  })
}

test('an empty chunk is no nonsense', (t) => {
  const { core, link } = emit([24_000, new Int16Array(0)], [24_000, PCM])
  t.deepEqual([link.told.length, link.written.length], [0, 1])
  core.close('done')
})

test('when the client only sends, audio is dropped with one warning, and outputs are not', (t) => {
  const handler = new Emits([new AdditionalOutputs(1)])
  const { core, link } = call(handler, { muted: true })
  t.is(link.told[0]?.type, 'fetch_output')
  handler.emit = () => [24_000, PCM]
  link.receive(new Int16Array(960), new Int16Array(960))
  t.is(link.written.length, 0)
  t.is(link.told.filter(({ type }) => type === 'warning').length, 1)
  core.close('done')
})

test('audio that is emitted while the session ends is dropped, and nobody is told of an error', (t) => {
  const { core, link, log } = call(
    new Emits([
      [24_000, new Int16Array(24_000)],
      [24_000, PCM],
    ]),
  )
  const errors: unknown[] = []
  core.session.on('error', (error) => errors.push(error))
  link.hasEnded = true
  link.play(1000)
  t.is(link.written.length, 1)
  t.deepEqual(errors, [])
  t.deepEqual(log.lines, [])
})

test('short audio with outputs is asked for until the queue is full, as short audio alone is', async (t) => {
  class Chatty extends AsyncStreamHandler {
    override async receive(): Promise<void> {}
    override async emit(): Promise<EmitType> {
      return [[24_000, new Int16Array(24)], new AdditionalOutputs('a')]
    }
    override copy(): Chatty {
      return new Chatty()
    }
  }
  const { core, link } = call(new Chatty())
  await settle()
  for (let turns = 0; turns < 100 && link.depthMs <= 400; turns++) await settle()
  t.true(link.depthMs > 400, `${link.depthMs} ms`)
  core.close('done')
})

test('a chunk of more than 256 MiB is refused, and ten minutes at once are taken', async (t) => {
  const hour = new Float32Array(48_000 * 3600)
  const { core, link } = emit([48_000, hour], [24_000, new Int16Array(24_000 * 600)])
  t.regex(link.told[0]?.message ?? '', /Float32Array\(172800000\) at once; 256 MiB is the most: emit it in pieces/)
  await until(() => link.depthMs === 600_000)
  t.is(core.state, 'connected')
  core.close('done')
})

test('a value that throws whatever it likes when it is looked at is a complaint', async (t) => {
  const trap = new Proxy([], {
    get: () => {
      // oxlint-disable-next-line no-throw-literal, only-throw-error -- that is what the test is about
      throw null
    },
  })
  const { core, link } = emit([trap, new CloseStream()], [24_000, PCM])
  t.is(core.state, 'connected')
  t.regex(link.told[0]?.message ?? '', /emit\(\) gave a value that throws: null/)
  await until(() => link.written.length === 1)
  core.close('done')
})
