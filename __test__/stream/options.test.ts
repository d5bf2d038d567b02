import test from 'ava'
import {
  AsyncAudioVideoStreamHandler,
  type EmitType,
  StreamBase,
  StreamHandler,
  type VideoEmitType,
} from '../../src/index.ts'
import { Echo } from '../helpers/echo.ts'

class VideoEcho extends AsyncAudioVideoStreamHandler {
  override async receive(): Promise<void> {}
  override async emit(): Promise<EmitType> {
    return null
  }
  override async videoReceive(): Promise<void> {}
  override async videoEmit(): Promise<VideoEmitType> {
    return null
  }
  override copy(): VideoEcho {
    return new VideoEcho()
  }
}

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
  ['TURN for clients', { rtcConfiguration: { iceServers: [{ urls: 'turn:turn.example.org' }] } }],
  ['inputs', { additionalInputs: [{ type: 'slider', name: 'speed', min: 1, max: 9 }] }],
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
  [{ handler: duplex }, /'video' is not supported yet.*modality: 'audio'/],
  [{ handler: new VideoEcho() }, /'audio-video' is not supported yet/],
  [{ handler: new VideoEcho(), modality: 'audio' }, /audio and video/],
  [{ handler: generator, modality: 'audio' }, /must be an async generator function/],
  [{ handler: async () => undefined, modality: 'audio' }, /must be an async generator function/],
  [{ mode: 'receive' }, /generator function/],
  [{ handler: new LowEcho() }, /inputSampleRate.*8,000.*4000/],
  [{ modality: 'smell' }, /modality.*"smell"/],
  [{ mode: 'recv' }, /mode.*'receive'.*"recv"/],
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
  [{ media: { queueMs: { input: 1 } } }, /media\.queueMs\.input.*1/],
  [{ rtcConfiguration: [] }, /rtcConfiguration.*\[\]/],
  [{ rtpParams: { maxBitrate: Infinity } }, /rtpParams\.maxBitrate.*Infinity/],
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
]
for (const [i, [options, message]] of WRONG.entries()) {
  test(`wrong at construction (${i + 1}): ${message.source}`, (t) => {
    const error = t.throws(() => make(options), { message })
    t.true(error instanceof TypeError || error instanceof RangeError)
  })
}
