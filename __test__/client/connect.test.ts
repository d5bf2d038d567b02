import test from 'ava'

// By a name that the compiler doesn't follow: the module is for browsers, whose timers have other types than Node's.
const MODULE: string = '../../src/client/connect.ts'
const { connect } = (await import(MODULE)) as { connect: (options?: object) => Promise<unknown> }

/** What a browser has and Node hasn't; the peer connection refuses every configuration, as a browser does a wrong one. */
class Microphone {
  static opened: Microphone[] = []
  stopped = false
  getTracks(): { stop: () => void }[] {
    return [{ stop: () => (this.stopped = true) }]
  }
  getAudioTracks(): EventTarget[] {
    return [new EventTarget()]
  }
}
const getUserMedia = async (): Promise<Microphone> => {
  const microphone = new Microphone()
  Microphone.opened.push(microphone)
  return microphone
}
function refuse(): never {
  throw new SyntaxError('no ICE server')
}
const browser = {
  document: { baseURI: 'http://127.0.0.1/' },
  navigator: { mediaDevices: { getUserMedia } },
  MediaStream: Microphone,
  Audio: Object,
  AudioContext: Object,
  fetch: async () => Response.json({ mode: 'send-receive' }),
  RTCPeerConnection: refuse,
}
for (const [name, value] of Object.entries(browser)) Object.defineProperty(globalThis, name, { value })

test.serial('a configuration that the browser refuses leaves no microphone open', async (t) => {
  await t.throwsAsync(connect(), { instanceOf: SyntaxError, message: 'no ICE server' })
  t.is(Microphone.opened.length, 1)
  t.true(Microphone.opened[0]?.stopped)
  const own = new Microphone()
  await t.throwsAsync(connect({ media: own }), { instanceOf: SyntaxError })
  t.false(own.stopped, "a stream of the page's own is the page's to stop")
})

test.serial('a time-out that is none is refused before the microphone is asked for', async (t) => {
  const before = Microphone.opened.length
  for (const timeoutSeconds of [NaN, Infinity, 0, -1, 1e9, '5']) {
    await t.throwsAsync(connect({ timeoutSeconds }), {
      instanceOf: RangeError,
      message: /timeoutSeconds must be .* not /,
    })
  }
  t.is(Microphone.opened.length, before)
})
