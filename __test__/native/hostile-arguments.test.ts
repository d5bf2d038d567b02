import test, { type ExecutionContext } from 'ava'
// oxlint-disable-next-line no-restricted-imports -- what src/native would never pass is the point here
import { encodeOggOpusFile, findSpeech, NativeHost } from '#binding'
import { offerSdp } from '../helpers/offer.ts'

const ENGINE = {
  workers: 1,
  bindAddress: '127.0.0.1',
  udpPortMin: 0,
  udpPortMax: 0,
  announcedAddresses: [],
  stunServers: [],
}

/** A function of the addon as hostile code sees it: it takes anything. */
type Anything = (...values: unknown[]) => unknown

/** Where a SharedArrayBuffer, a detached array and numbers at the edges meet whatever is expected. */
function hostileValues(): unknown[] {
  const detached = new Int16Array(8)
  structuredClone(detached, { transfer: [detached.buffer] })
  const behindTheEnd = arrayBehindTheEnd()
  return [
    undefined,
    null,
    true,
    Number.NaN,
    Infinity,
    -Infinity,
    -1,
    0,
    0.5,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    1e308,
    10n,
    10n ** 30n,
    '',
    '\0',
    '\ud800',
    'x'.repeat(100_000),
    Symbol('x'),
    () => undefined,
    [],
    [1, 2],
    {},
    Object.create(null),
    new Int16Array(0),
    new Int16Array(3),
    new Float32Array(960),
    new Uint8Array(7),
    new DataView(new ArrayBuffer(8)),
    detached,
    behindTheEnd,
    new Int16Array(new SharedArrayBuffer(1920)),
    new ArrayBuffer(8),
    new SharedArrayBuffer(8),
    new Proxy({}, { get: () => raise() }),
    { valueOf: raise, toString: raise },
    new Date(Number.NaN),
    Promise.resolve(1),
  ]
}

/** An array over a buffer that has shrunk since. */
function arrayBehindTheEnd(): Int16Array {
  // Node 20 has resizable buffers; the types of ES2023 don't know them.
  type Resizable = ArrayBuffer & { resize(length: number): void }
  const Buffers = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => Resizable
  const buffer = new Buffers(64, { maxByteLength: 64 })
  const array = new Int16Array(buffer, 32)
  buffer.resize(8)
  return array
}

function raise(): never {
  throw new Error('from a getter')
}

/** Calls it with every hostile value in every place of good arguments: it returns, or throws an Error that says why. */
async function callWithAnything(
  t: ExecutionContext,
  name: string,
  call: Anything,
  good: readonly unknown[],
): Promise<void> {
  for (let place = 0; place < good.length; place += 1) {
    for (const value of hostileValues()) {
      try {
        await call(...good.with(place, value))
      } catch (error) {
        t.true(error instanceof Error && error.message.length > 0, `${name}, argument ${place}`)
      }
    }
  }
}

/** Every method of an object of the addon, bound to it. */
function methodsOf(object: object): Map<string, Anything> {
  const prototype = Object.getPrototypeOf(object) as Record<string, unknown>
  const names = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor' && name !== 'key')
  return new Map(names.map((name) => [name, (prototype[name] as Anything).bind(object)]))
}

const OPTIONS = {
  inputSampleRate: 48_000,
  inputChannels: 1,
  outputSampleRate: 48_000,
  outputChannels: 1,
  mode: 'send-receive',
  inputQueueMs: 1000,
  outputTargetMs: 200,
  connectTimeoutMs: 5000,
  allowExtraTracks: false,
  jitterMinMs: 0,
  jitterMaxMs: 120,
  opusBitrate: 48_000,
  opusComplexity: 0,
  opusFec: true,
  opusDtx: false,
  opusApplication: 'voip',
  audio: true,
}

const VIDEO = {
  receives: true,
  sends: true,
  queueFrames: 2,
  newestOnly: false,
  maxBitrate: 500_000,
  framerate: 30,
  maxFramerate: 30,
}

const LAYOUT = { format: 'rgb24', width: 4, height: 2, timestamp: 1 }

const GOOD: Record<string, readonly unknown[]> = {
  readAudio: [new Int16Array(960)],
  writeAudio: [new Int16Array(960), 48_000, 1],
  writeAudioFloat: [new Float32Array(960), 48_000, 1],
  nextPicture: [new Float64Array(3), 0],
  readPicture: [new Uint8Array(24), 'rgb24'],
  readPictureFloat: [new Float32Array(24), 'rgb24'],
  writePicture: [new Uint8Array(24), LAYOUT],
  writePictureU16: [new Uint16Array(24), LAYOUT],
  writePictureFloat: [new Float32Array(24), LAYOUT],
  sendMessage: ['hello'],
  addCandidate: ['candidate:1 1 udp 1 192.0.2.1 9 typ host', '0', 0],
  renegotiate: [offerSdp()],
  close: [false],
}

test('a session of the addon takes any arguments with an error or an answer, never a crash', async (t) => {
  const host = new NativeHost(() => undefined)
  const session = host.accept(ENGINE, OPTIONS, offerSdp())
  const methods = methodsOf(session)
  t.true(methods.has('readAudio') && methods.has('writeAudioFloat'))
  // The ending last, so that the others meet a session that lives.
  for (const [name, method] of [...methods].sort(([a], [b]) => Number(a === 'close') - Number(b === 'close'))) {
    const good = GOOD[name] ?? [undefined]
    await callWithAnything(t, name, method, good)
    t.notThrows(() => session.stats(), `after ${name}`)
  }
  session.close(false)
})

test('a picture of any layout is taken or refused', async (t) => {
  const host = new NativeHost(() => undefined)
  const session = host.accept(ENGINE, { ...OPTIONS, video: VIDEO }, offerSdp())
  for (const key of Object.keys(LAYOUT)) {
    const call: Anything = (value) => session.writePicture(new Uint8Array(24), { ...LAYOUT, [key]: value })
    await callWithAnything(t, key, call, [1])
  }
  t.throws(() => session.readPicture(new Uint8Array(24), 'rgb24'), { message: 'no picture is being read' })
  t.false(session.nextPicture(new Float64Array(3), 0))
  session.close(false)
})

test('a host of the addon takes any arguments and any options with an error or an answer', async (t) => {
  const make: Anything = (wake) => new NativeHost(wake as () => void)
  await callWithAnything(t, 'constructor', make, [() => undefined])
  const host = new NativeHost(() => undefined)
  const accept: Anything = (engine, options, sdp) => {
    host.accept(engine as typeof ENGINE, options as typeof OPTIONS, sdp as string).close(false)
  }
  await callWithAnything(t, 'accept', accept, [ENGINE, OPTIONS, offerSdp()])
  for (const key of Object.keys(OPTIONS)) {
    await callWithAnything(t, key, (value) => accept(ENGINE, { ...OPTIONS, [key]: value }, offerSdp()), [1])
  }
  for (const key of Object.keys(VIDEO)) {
    const call: Anything = (value) => accept(ENGINE, { ...OPTIONS, video: { ...VIDEO, [key]: value } }, offerSdp())
    await callWithAnything(t, key, call, [1])
  }
  for (const key of Object.keys(ENGINE)) {
    await callWithAnything(t, key, (value) => accept({ ...ENGINE, [key]: value }, OPTIONS, 'v=0'), [1])
  }
  await callWithAnything(t, 'attach', (key) => host.attach(key as number), [1])
  await callWithAnything(t, 'detach', (key) => host.detach(key as number), [1])
  await callWithAnything(t, 'poll', (into) => host.poll(into as Uint32Array), [new Uint32Array(3)])
})

test('the encoder of files takes any arguments with an error or a file', async (t) => {
  await callWithAnything(t, 'encodeOggOpusFile', encodeOggOpusFile as Anything, [
    new Int16Array(960),
    48_000,
    1,
    48_000,
  ])
})

test('the search for speech takes any arguments and any options with an error or positions', async (t) => {
  const search = { threshold: 0.5, minSpeechMs: 250, minSilenceMs: 100, padMs: 30, maxSpeechMs: 2000 }
  const good = [new Int16Array(960), 48_000, 1, search]
  await callWithAnything(t, 'findSpeech', findSpeech as Anything, good)
  for (const key of Object.keys(search)) {
    const call: Anything = (value) => (findSpeech as Anything)(...good.with(3, { ...search, [key]: value }))
    await callWithAnything(t, key, call, [1])
  }
})

test('more media threads than a machine has any use for are refused', (t) => {
  const host = new NativeHost(() => undefined)
  const error = t.throws(() => host.accept({ ...ENGINE, workers: 2 ** 32 - 1 }, OPTIONS, offerSdp()))
  t.regex(error.message, /4294967295/)
})
