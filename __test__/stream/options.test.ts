import test from 'ava'
import { type EmitType, StreamBase, StreamHandler, VideoStreamHandler } from '../../src/index.ts'
import { AsyncFace } from '../helpers/async-face.ts'
import { Echo } from '../helpers/echo.ts'

class LowEcho extends StreamHandler {
  constructor() {
    super({ inputSampleRate: 4000 })
  }
  override receive(): void {}
  override emit(): EmitType {
    return null
  }
  override copy(): LowEcho {
    return new LowEcho()
  }
}

function* generator(): Generator<EmitType> {
  yield null
}

async function* duplex(): AsyncGenerator<EmitType> {
  yield null
}

class Deaf extends StreamHandler {
  override receive = 5 as never
  override emit(): EmitType {
    return null
  }
  override copy(): Deaf {
    return new Deaf()
  }
}

class Unique extends StreamHandler {
  override receive(): void {}
  override emit(): EmitType {
    return null
  }
  declare copy: () => Unique
}

/** Options of which one or two are not what the types ask for. */
function make(options: object): StreamBase {
  return new StreamBase({ handler: new Echo(), ...options })
}

test('a stream needs a handler, and fills in the rest', (t) => {
  const { options } = make({})
  t.is(options.modality, 'audio')
  t.is(options.mode, 'send-receive')
  t.is(options.concurrencyLimit, 1)
  t.is(options.timeLimit, Infinity)
  t.is(options.connectTimeout, 30)
  t.false(options.allowExtraTracks)
  t.deepEqual(options.media.queueMs, { input: 5000, output: 400 })
  t.true(options.media.workers >= 1 && options.media.workers <= 4)
})

const FITTING: [what: string, options: object][] = [
  ['a generator function in receive mode', { handler: generator, modality: 'audio', mode: 'receive' }],
  ['an async generator function in receive mode', { handler: duplex, modality: 'audio', mode: 'receive' }],
  ['a duplex function', { handler: duplex, modality: 'audio' }],
  ['a handler for a client that only sends', { mode: 'send' }],
  ['no limit', { concurrencyLimit: Infinity, timeLimit: Infinity }],
  ['a port', { media: { udpPorts: 5000 } }],
  ['a range of ports', { media: { udpPorts: { min: 5000, max: 5003 }, workers: 4 } }],
  [
    'STUN servers',
    { serverRtcConfiguration: { iceServers: [{ urls: ['stun:stun.example.org', 'stun:[::1]:3478'] }] } },
  ],
  [
    'TURN servers',
    {
      serverRtcConfiguration: {
        iceServers: [
          { urls: ['turn:turn.example.org', 'turn:[::1]:3478?transport=udp'], username: 'a', credential: 'b' },
        ],
      },
    },
  ],
  [
    'TURN for clients, over TLS too',
    {
      rtcConfiguration: {
        iceServers: [{ urls: ['turns:a.example:443?transport=tcp', 'stun:b.example'], username: 'a', credential: 'b' }],
        iceTransportPolicy: 'relay',
        bundlePolicy: 'max-bundle',
        iceCandidatePoolSize: 1,
      },
    },
  ],
  ['constraints for each kind', { trackConstraints: { audio: { echoCancellation: true }, video: { width: 640 } } }],
  [
    'inputs',
    {
      additionalInputs: [
        { type: 'slider', name: 'speed', min: 1, max: 9, step: 0.5, value: 2 },
        { type: 'number', name: 'count', value: null, placeholder: 'as many as you like' },
        { type: 'text', name: 'who', maxLength: 20, value: 'you' },
        { type: 'select', name: 'voice', options: ['low', { value: 'high', label: 'High' }], value: 'high' },
        { type: 'select', name: 'tags', multiple: true, options: ['a', 'b'], value: ['a', 'b'] },
        { type: 'checkbox', name: 'loud', value: true },
        { type: 'json', name: 'more', value: { a: [1] }, rows: 3 },
        { type: 'file', name: 'paper', accept: 'text/plain', multiple: true },
      ],
    },
  ],
  ['a picture of another site', { ui: { icon: 'https://example.org/a.png' } }],
  ['a picture of its own', { ui: { icon: 'pictures/a.png?1' } }],
  ['a picture in the URL', { ui: { icon: 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>' } }],
]
for (const [what, options] of FITTING) {
  test(`${what} will do`, (t) => void t.notThrows(() => make(options)))
}

test('one port is for one worker', (t) => {
  t.is(make({ media: { udpPorts: 5000 } }).options.media.workers, 1)
})

function turnAt(urls: string, login: object = { username: 'a', credential: 'b' }): object {
  return { serverRtcConfiguration: { iceServers: [{ urls, ...login }] } }
}

const WRONG: [options: object, message: RegExp][] = [
  [{ handler: undefined, modality: 'audio' }, /handler.*undefined/],
  [{ handler: {}, modality: 'audio' }, /handler.*Object/],
  [{ handler: Echo }, /new Echo\(\)/],
  [{ media: { video: { bitrate: 10 } } }, /media\.video\.bitrate must be an integer from 50000 to 50000000, not 10/],
  [{ media: { video: { queueFrames: 0 } } }, /media\.video\.queueFrames must be an integer from 1 to 300, not 0/],
  [{ media: { video: { fps: 5 } } }, /no option media\.video\.fps; there are bitrate, queueFrames/],
  [
    { handler: new AsyncFace(), trackConstraints: { width: 640 } },
    /trackConstraints must be \{ audio, video \} for the modality 'audio-video': which of both is width of/,
  ],
  [{ handler: new AsyncFace(), modality: 'audio' }, /audio and video/],
  [{ handler: generator, modality: 'audio' }, /must be an async generator function/],
  [{ handler: async () => undefined, modality: 'audio' }, /must be an async generator function/],
  [{ mode: 'receive' }, /generator function/],
  [{ handler: Object.assign(new Echo(), { startUp: 5 }) }, /handler's startUp must be a method; it is 5/],
  [{ handler: Object.assign(new Echo(), { shutdown: {} }) }, /handler's shutdown must be a method; it is Object/],
  [{ handler: new LowEcho() }, /inputSampleRate.*8,000.*4000/],
  [{ modality: 'smell' }, /modality.*"smell"/],
  [{ mode: 'recv' }, /mode must be one of 'send-receive', 'send', 'receive', not "recv"/],
  [{ ui: { variant: 'waves' } }, /ui\.variant must be 'wave' or 'textbox', not "waves"/],
  [{ concurrencyLimit: 0 }, /concurrencyLimit.*0/],
  [{ concurrencyLimit: 1.5 }, /concurrencyLimit.*1\.5/],
  [{ concurrencyLimit: '2' }, /concurrencyLimit.*"2"/],
  [{ timeLimit: -1 }, /timeLimit.*-1/],
  [{ timeLimit: NaN }, /timeLimit.*NaN/],
  [{ connectTimeout: 0 }, /connectTimeout.*0/],
  [{ connectTimeout: 1e10 }, /connectTimeout.*10000000000/],
  [{ allowExtraTracks: 'yes' }, /allowExtraTracks.*"yes"/],
  [{ concurrency_limit: 2 }, /no option concurrency_limit.*concurrencyLimit/],
  [{ rtpParams: { maxBitrate: 'fast' } }, /rtpParams\.maxBitrate.*"fast"/],
  [{ rtcConfiguration: 'stun:x' }, /rtcConfiguration.*"stun:x"/],
  [turnAt('turn:turn.example.org', {}), /turn:turn\.example\.org.*username/],
  [turnAt('turn:turn.example.org', { username: 'a' }), /turn:turn\.example\.org.*credential/],
  [turnAt('turn:turn.example.org', { username: 'a', credential: '' }), /turn:turn\.example\.org.*credential/],
  [turnAt('turns:turn.example.org'), /turns:turn\.example\.org.*UDP.*'turn:/],
  [turnAt('turn:turn.example.org?transport=tcp'), /transport=tcp.*UDP.*'turn:/],
  [turnAt('turn:x:0'), /turn:x:0.*'turn:/],
  [turnAt('stun:x?transport=udp'), /stun:x\?transport=udp.*stun:/],
  [{ serverRtcConfiguration: { iceServers: [{ urls: 'http://x' }] } }, /http:\/\/x.*stun:/],
  [{ serverRtcConfiguration: { iceServers: [{ urls: 'stun:x:0' }] } }, /stun:x:0/],
  [{ serverRtcConfiguration: { iceServers: {} } }, /iceServers.*list/],
  [{ trackConstraints: true }, /trackConstraints.*true/],
  [{ additionalInputs: [{ type: 'dial', name: 'x' }] }, /additionalInputs\[0\]\.type.*"dial"/],
  [{ additionalInputs: [{ type: 'text' }] }, /additionalInputs\[0\]\.name/],
  [{ additionalOutputs: [{ type: 'text', name: 'x' }] }, /additionalOutputsHandler/],
  [{ additionalOutputsHandler: 7 }, /additionalOutputsHandler.*7/],
  [{ ui: { variant: 'square' } }, /ui\.variant.*"square"/],
  [{ ui: { titel: 'x' } }, /no option ui\.titel/],
  [{ media: { workers: 0 } }, /media\.workers.*0/],
  [{ media: { workers: 2, udpPorts: 5000 } }, /media\.udpPorts.*2 workers/],
  [{ media: { udpPorts: 70_000 } }, /media\.udpPorts.*70000/],
  [{ media: { udpPorts: { min: 5000, max: 4000 } } }, /media\.udpPorts\.max.*4000/],
  [{ media: { bindAddress: 'localhost' } }, /media\.bindAddress.*"localhost"/],
  [{ media: { announcedAddresses: ['example.org'] } }, /media\.announcedAddresses\[0\].*"example\.org"/],
  [{ media: { jitter: { minMs: 50, maxMs: 20 } } }, /media\.jitter\.maxMs.*20/],
  [{ media: { opus: { bitrate: 1 } } }, /media\.opus\.bitrate.*1/],
  [{ media: { opus: { channels: 3 } } }, /media\.opus\.channels.*3/],
  [{ media: { opus: { complexity: 11 } } }, /media\.opus\.complexity.*11/],
  [{ media: { opus: { fec: 1 } } }, /media\.opus\.fec.*1/],
  [{ media: { opus: { dtx: 'on' } } }, /media\.opus\.dtx.*"on"/],
  [{ media: { opus: { application: 'music' } } }, /media\.opus\.application must be 'voip' or 'audio', not "music"/],
  [{ media: { queueMs: { input: 1 } } }, /media\.queueMs\.input.*1/],
  [{ rtcConfiguration: [] }, /rtcConfiguration.*\[\]/],
  [{ rtpParams: { maxBitrate: Infinity } }, /rtpParams\.maxBitrate.*Infinity/],
  [
    { handler: new VideoStreamHandler((picture) => picture), rtpParams: { maxBitrate: 1 } },
    /rtpParams\.maxBitrate must be at least 30,000 for pictures, not 1$/,
  ],
  [{ rtpParams: { maxFramerate: 1e6 } }, /rtpParams\.maxFramerate must be at most 1,000, not 1000000/],
  [{ rtpParams: { scaleResolutionDownBy: 0.5 } }, /scaleResolutionDownBy.*1 or more.*0\.5/],
  [{ rtpParams: { degradationPreference: 'x' } }, /degradationPreference.*'balanced'.*"x"/],
  [{ rtpParams: { priority: 'x' } }, /rtpParams\.priority.*'high'.*"x"/],
  [{ ui: { iconRadius: NaN } }, /ui\.iconRadius.*NaN/],
  [{ media: { bindAddress: '::1%lo' } }, /media\.bindAddress.*zone.*"::1%lo"/],
  [{ media: { announcedAddresses: ['fe80::1%eth0'] } }, /announcedAddresses\[0\].*zone.*"fe80::1%eth0"/],
  [{ rtcConfiguration: { iceServers: 'x' } }, /rtcConfiguration\.iceServers.*list.*"x"/],
  [{ rtcConfiguration: { iceServerz: [] } }, /no option rtcConfiguration\.iceServerz/],
  [{ serverRtcConfiguration: { iceServerz: [] } }, /no option serverRtcConfiguration\.iceServerz/],
  [{ trackConstraints: { audio: 5 } }, /trackConstraints\.audio.*5/],
  [{ logger: { warn: () => undefined } }, /logger.*debug is missing/],
  [{ rtcConfiguration: { iceServers: [5] } }, /rtcConfiguration\.iceServers\[0\].*object.*5/],
  [{ rtcConfiguration: { iceServers: [{}] } }, /iceServers\[0\]\.urls.*stun:stun\.example\.org.*undefined/],
  [{ rtcConfiguration: { iceServers: [{ urls: [] }] } }, /iceServers\[0\]\.urls.*\[\]/],
  [{ rtcConfiguration: { iceServers: [{ urls: 'x.example' }] } }, /iceServers\[0\]\.urls.*stun:.*'x\.example'/],
  [{ rtcConfiguration: { iceServers: [{ url: 'stun:x' }] } }, /no option .*iceServers\[0\]\.url; there are urls/],
  [{ rtcConfiguration: { iceServers: [{ urls: 'turn:x' }] } }, /iceServers\[0\]\.username is missing/],
  [{ rtcConfiguration: { iceServers: [{ urls: 'turn:x', username: 'a', credential: 7 }] } }, /credential .*a number$/],
  [{ rtcConfiguration: { iceTransportPolicy: 'relays' } }, /iceTransportPolicy.*'relay'.*"relays"/],
  [{ rtcConfiguration: { bundlePolicy: 'max' } }, /bundlePolicy.*'max-bundle'.*"max"/],
  [{ rtcConfiguration: { iceCandidatePoolSize: 256 } }, /iceCandidatePoolSize.*0 to 255.*256/],
  [{ rtcConfiguration: { iceCandidatePoolSize: 1n } }, /iceCandidatePoolSize.*1n/],
  [{ serverRtcConfiguration: { iceTransportPolicy: 1 } }, /serverRtcConfiguration\.iceTransportPolicy.*1/],
  [{ trackConstraints: { sampleRate: 48_000n } }, /trackConstraints\.sampleRate.*JSON.*48000n/],
  [{ trackConstraints: { audio: { advanced: [{ gain: NaN }] } } }, /audio\.advanced\[0\]\.gain.*NaN/],
  [{ trackConstraints: { video: true } }, /trackConstraints\.video.*true/],
  [{ additionalInputs: [{ type: 'json', name: 'x', value: [1n] }] }, /additionalInputs\[0\]\.value\[0\].*1n/],
  [{ additionalInputs: [{ type: 'slider', name: 'x', min: '1' }] }, /additionalInputs\[0\]\.min.*number.*"1"/],
  [{ additionalInputs: [{ type: 'slider', name: 'x', max: 5, value: 6 }] }, /\.value.*a number from 0 to 5, not 6/],
  [{ additionalInputs: [{ type: 'slider', name: 'x', value: 101 }] }, /\.value.*a number from 0 to 100, not 101/],
  [
    { additionalInputs: [{ type: 'slider', name: 'x', min: 5, max: 1 }] },
    /\[0\]\.min must be at most max, not 5 with 1$/,
  ],
  [
    { additionalInputs: [{ type: 'slider', name: 'x', min: 150 }] },
    /\.min must be at most max, not 150 with 100, .*default/,
  ],
  [{ additionalInputs: [{ type: 'number', name: 'x', min: 5, max: 1 }] }, /\.min must be at most max, not 5 with 1/],
  [{ additionalInputs: [{ type: 'number', name: 'x', step: -1 }] }, /\.step.*positive.*-1/],
  [
    { additionalInputs: [{ type: 'text', name: 'x', minLength: 5, maxLength: 1 }] },
    /\.minLength must be at most maxLength/,
  ],
  [{ additionalInputs: [{ type: 'textarea', name: 'x', rows: -2 }] }, /\.rows must be an integer from 0 on, not -2/],
  [{ additionalInputs: [{ type: 'select', name: 'x', options: [] }] }, /additionalInputs\[0\]\.options.*at least one/],
  [{ additionalInputs: [{ type: 'slider', name: 'x', step: 0 }] }, /\.step.*positive.*0/],
  [{ additionalInputs: [{ type: 'text', name: 'x', onclick: 'y' }] }, /no option additionalInputs\[0\]\.onclick/],
  [{ additionalInputs: [{ type: 'select', name: 'x' }] }, /additionalInputs\[0\]\.options.*at least one/],
  [{ additionalInputs: [{ type: 'select', name: 'x', options: [5] }] }, /options\[0\].*5/],
  [
    { additionalInputs: [{ type: 'select', name: 'x', options: ['a'], value: 'b' }] },
    /\.value.*one of its options.*"b"/,
  ],
  [{ additionalInputs: [{ type: 'file', name: 'x', value: 'a.txt' }] }, /\.value must be left out/],
  [{ additionalInputs: [{ type: 'checkbox', name: 'x', required: 1 }] }, /\.required.*true or false.*1/],
  [{ additionalOutputs: [{ type: 'text', name: 'x', value: 1 }] }, /no option additionalOutputs\[0\]\.value/],
  [{ additionalOutputs: [{ type: 'text', name: 'x', label: 1 }] }, /additionalOutputs\[0\]\.label.*1/],
  [{ ui: { icon: 'javascript:alert(1)' } }, /ui\.icon.*https:.*javascript/],
  [{ ui: { icon: 'data:text/html,x' } }, /ui\.icon.*data:image/],
  [{ media: { announcedAddresses: ['192.0.2.1', '0.0.0.0'] } }, /announcedAddresses\[1\].*"0\.0\.0\.0"/],
  [{ media: { announcedAddresses: ['::'] } }, /announcedAddresses\[0\].*"::"/],
  [{ handler: new Deaf() }, /receive, emit and copy; receive is 5/],
  [{ handler: new Unique() }, /receive, emit and copy; copy is undefined/],
  [{ rtcConfiguration: Promise.resolve({}) }, /rtcConfiguration.*a function that returns one, not Promise/],
  [{ serverRtcConfiguration: Promise.resolve({}) }, /serverRtcConfiguration.*a function that returns one, not Promise/],
  [{ ui: new Map([['title', 'x']]) }, /ui must be an object, not Map/],
]
for (const [i, [options, message]] of WRONG.entries()) {
  test(`wrong at construction (${i + 1}): ${message.source}`, (t) => {
    const error = t.throws(() => make(options), { message })
    t.true(error instanceof TypeError || error instanceof RangeError)
  })
}

test('a value that lies in itself is refused, and one that is used twice is not', (t) => {
  const shared = { exact: 1 }
  t.notThrows(() => make({ trackConstraints: { channelCount: shared, sampleSize: shared } }))
  const circle: Record<string, unknown> = {}
  circle['inner'] = { circle }
  t.throws(() => make({ trackConstraints: circle }), { message: /trackConstraints\.inner\.circle.*circle/ })
})

test('an error about a credential never has its value', (t) => {
  for (const credential of [12_345, { secret: 12_345 }, [12_345]]) {
    const iceServers = [{ urls: 'turn:x', username: 'a', credential }]
    for (const name of ['rtcConfiguration', 'serverRtcConfiguration']) {
      const error = t.throws(() => make({ [name]: { iceServers } }), { instanceOf: TypeError, message: /credential/ })
      t.notRegex(error?.message ?? '12345', /12345/)
    }
  }
})
