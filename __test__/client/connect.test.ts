import test from 'ava'

// By a name that the compiler doesn't follow: the module is for browsers, whose timers have other types than Node's.
const MODULE: string = '../../src/client/connect.ts'
const { connect } = (await import(MODULE)) as { connect: (options?: object) => Promise<unknown> }

/** What a browser has and Node hasn't; the peer connection refuses every configuration, as a browser does a wrong one. */
class Media {
  static opened: Media[] = []
  stopped = false
  getTracks(): { stop: () => void }[] {
    return [{ stop: () => (this.stopped = true) }]
  }
  getAudioTracks(): EventTarget[] {
    return [new EventTarget()]
  }
  getVideoTracks(): EventTarget[] {
    return []
  }
}
/** What a server says, and what a browser does with devices; each test may set others. */
let configuration: object = { mode: 'send-receive' }
let devices: { kind: string; deviceId: string; label: string }[] = []
let permissions: Record<string, string> = {}
let refusal: Error | undefined
const asked: unknown[] = []
const getUserMedia = async (constraints: unknown): Promise<Media> => {
  asked.push(constraints)
  if (refusal) throw refusal
  const media = new Media()
  Media.opened.push(media)
  return media
}
function refuse(): never {
  throw new SyntaxError('no ICE server')
}
const browser = {
  document: { baseURI: 'http://127.0.0.1/' },
  navigator: {
    mediaDevices: { getUserMedia, enumerateDevices: async () => devices },
    permissions: { query: async ({ name }: { name: string }) => ({ state: permissions[name] ?? 'prompt' }) },
  },
  MediaStream: Media,
  Audio: Object,
  AudioContext: Object,
  fetch: async () => Response.json(configuration),
  RTCPeerConnection: refuse,
  HTMLVideoElement: Object,
}
for (const [name, value] of Object.entries(browser)) Object.defineProperty(globalThis, name, { value })

test.serial('a configuration that the browser refuses leaves no microphone open', async (t) => {
  await t.throwsAsync(connect(), { instanceOf: SyntaxError, message: 'no ICE server' })
  t.is(Media.opened.length, 1)
  t.true(Media.opened[0]?.stopped)
  const own = new Media()
  await t.throwsAsync(connect({ media: own }), { instanceOf: SyntaxError })
  t.false(own.stopped, "a stream of the page's own is the page's to stop")
})

test.serial('a time-out that is none is refused before the microphone is asked for', async (t) => {
  const before = Media.opened.length
  for (const timeoutSeconds of [NaN, Infinity, 0, -1, 1e9, '5']) {
    await t.throwsAsync(connect({ timeoutSeconds }), {
      instanceOf: RangeError,
      message: /timeoutSeconds must be .* not /,
    })
  }
  t.is(Media.opened.length, before)
})

test.serial('options that do not exist or can not be are refused before the microphone is asked for', async (t) => {
  const before = Media.opened.length
  for (const [options, message] of [
    [{ onmessage: () => undefined }, /^There is no option onmessage; there are url, media, .*onMessage/],
    [{ videoSource: 'foo' }, "The option videoSource must be 'camera' or 'screen', not 'foo'"],
    [{ url: 5 }, "The option url must be the http or https address of the server's routes, such as '/voice', not 5"],
    [{ url: 'http://' }, /^The option url must be .*, not 'http:\/\/'$/],
    [{ url: 'ftp://example.org' }, /^The option url must be /],
    [{ media: 'x' }, /^The option media must be true, false, constraints .*, not 'x'$/],
    [{ media: null }, /^The option media must be .*, not null$/],
    [{ deviceId: 5 }, /^The option deviceId must be the deviceId of a listed device.*, not 5$/],
    [{ cameraId: {} }, /^The option cameraId must be .*, not an object/],
    [{ player: 5 }, /^The option player must be an audio or a video element, or null to play nothing, not 5$/],
    [{ preview: {} }, /^The option preview must be a video element, or null for none, not an object of Object$/],
    [{ transport: 'udp' }, "The option transport must be 'auto', 'webrtc' or 'websocket', not 'udp'"],
    [{ rtcConfiguration: 5 }, /^The option rtcConfiguration must be an object.*, not 5$/],
    [{ headers: 5 }, /^The option headers must be headers as for fetch.*, not 5$/],
    [{ headers: { 'no name': 'x' } }, /^The option headers must be /],
    [{ credentials: 'x' }, "The option credentials must be 'omit', 'same-origin' or 'include', not 'x'"],
    [{ id: 5 }, /^The option id must be a string of 1 to 256 characters.*, not 5$/],
    [{ id: '' }, /^The option id must be .*, not ''$/],
    [{ id: 'a\nb' }, /^The option id must be /],
    [{ signal: 5 }, /^The option signal must be an AbortSignal.*, not 5$/],
    [{ signal: new AbortController() }, /^The option signal must be .*, not an object of AbortController$/],
    ...['onState', 'onMessage', 'onText', 'onLevels', 'onStats', 'onClosed'].map(
      (name) => [{ [name]: 5 }, `The option ${name} must be a function, not 5`] as const,
    ),
    ['/voice', "The options must be an object, as in connect({ url: '/voice' }), not '/voice'"],
    [null, /^The options must be an object.* not null$/],
  ] as const) {
    await t.throwsAsync(connect(options as object), { instanceOf: TypeError, message })
  }
  t.is(Media.opened.length, before)
})

test.serial('options that are undefined are as if they were not there', async (t) => {
  configuration = { mode: 'send-receive' }
  const names = ['url', 'media', 'player', 'signal', 'onMessage', 'id', 'headers', 'timeoutSeconds', 'transport']
  const options = Object.fromEntries(names.map((name) => [name, undefined]))
  await t.throwsAsync(connect(options), { instanceOf: SyntaxError, message: 'no ICE server' })
})

test.serial(
  'what is asked for is what the stream carries, with the constraints of the page or else of the server',
  async (t) => {
    const trackConstraints = { audio: { echoCancellation: false }, video: { width: 640 } }
    const cases: [modality: string, options: object, audio: unknown, video: unknown][] = [
      ['audio', {}, { echoCancellation: false }, false],
      ['video', {}, false, { width: 640 }],
      ['video', { media: { height: 99 } }, false, { height: 99 }],
      ['audio-video', {}, { echoCancellation: false }, { width: 640 }],
      ['audio-video', { media: { video: true } }, false, { width: 640 }],
      [
        'audio-video',
        { media: { audio: true, video: { height: 99 } }, deviceId: 'm', cameraId: 'c' },
        { echoCancellation: false, deviceId: { exact: 'm' } },
        { height: 99, deviceId: { exact: 'c' } },
      ],
    ]
    for (const [modality, options, audio, video] of cases) {
      configuration = { mode: 'send-receive', modality, trackConstraints }
      await t.throwsAsync(connect(options), { instanceOf: SyntaxError })
      t.deepEqual(asked.at(-1), { audio, video }, JSON.stringify([modality, options]))
    }
    const before = asked.length
    configuration = { mode: 'receive', modality: 'audio-video' }
    await t.throwsAsync(connect(), { instanceOf: SyntaxError })
    t.is(asked.length, before, 'a client that only receives asks for nothing')
  },
)

function refusedWith(name: string, message = ''): Error {
  return Object.assign(new Error(message), { name })
}
const microphone = { kind: 'audioinput', deviceId: '', label: '' }
const camera = { kind: 'videoinput', deviceId: '', label: '' }

for (const [why, code, error, state] of [
  ['no camera is there', 'CAMERA_MISSING', refusedWith('NotFoundError'), { devices: [microphone] }],
  ['no microphone is there', 'MICROPHONE_MISSING', refusedWith('NotFoundError'), { devices: [camera] }],
  ['the camera is in use', 'CAMERA_BUSY', refusedWith('NotReadableError', 'Could not start video source'), {}],
  ['the microphone is in use', 'MICROPHONE_BUSY', refusedWith('NotReadableError', 'Could not start audio source'), {}],
  ['the camera is forbidden', 'CAMERA_DENIED', refusedWith('NotAllowedError'), { permissions: { camera: 'denied' } }],
  [
    'the microphone is forbidden',
    'MICROPHONE_DENIED',
    refusedWith('NotAllowedError'),
    { permissions: { microphone: 'denied' } },
  ],
] as const) {
  test.serial(`with both asked for at once, it is told which one is the reason: ${why}`, async (t) => {
    configuration = { mode: 'send-receive', modality: 'audio-video' }
    refusal = error
    devices = 'devices' in state ? [...state.devices] : []
    permissions = 'permissions' in state ? state.permissions : {}
    await t.throwsAsync(connect(), { code: `ERR_PARLEY_${code}` })
  })
}
