import test from 'ava'
import { ConfigurationError } from '../../src/index.ts'
import { quietStream } from '../helpers/quiet-stream.ts'

test('a page gets all that it needs to connect', async (t) => {
  const { stream } = quietStream(t, {
    rtcConfiguration: { iceServers: [{ urls: 'stun:stun.example.org' }] },
    trackConstraints: { echoCancellation: true },
    rtpParams: { maxBitrate: 32_000 },
    ui: { title: 'Hello' },
  })
  t.deepEqual(await stream.clientConfiguration(), {
    rtcConfiguration: { iceServers: [{ urls: 'stun:stun.example.org' }] },
    trackConstraints: { echoCancellation: true },
    rtpParams: { maxBitrate: 32_000 },
    modality: 'audio',
    mode: 'send-receive',
    additionalInputs: [],
    additionalOutputs: [],
    ui: { title: 'Hello' },
  })
})

test('a function makes a fresh configuration for each request', async (t) => {
  const { stream } = quietStream(t, {
    rtcConfiguration: async (request) => ({ iceServers: [{ urls: `stun:${new URL(request?.url ?? '').hostname}` }] }),
  })
  for (const host of ['a.example', 'b.example']) {
    const { rtcConfiguration } = await stream.clientConfiguration(new Request(`http://${host}/webrtc/config`))
    t.deepEqual(rtcConfiguration, { iceServers: [{ urls: `stun:${host}` }] })
  }
})

test('a function that fails or returns nonsense is a ConfigurationError with its cause', async (t) => {
  const cause = new Error('no key')
  const failing = quietStream(t, { rtcConfiguration: () => Promise.reject(cause) })
  const error = await t.throwsAsync(failing.stream.clientConfiguration(), { instanceOf: ConfigurationError })
  t.is(error.cause, cause)
  const wrong = quietStream(t, { rtcConfiguration: () => 7 as never })
  await t.throwsAsync(wrong.stream.clientConfiguration(), { instanceOf: ConfigurationError, message: /7/ })
})

test('what a function returns is checked as far as a browser would, and what a provider adds is let through', async (t) => {
  const server = { urls: ['turn:a.example'], username: 'a', credential: 'b', url: 'turn:a.example' }
  const { stream } = quietStream(t, { rtcConfiguration: () => ({ iceServers: [server], ttl: 600 }) as never })
  const { rtcConfiguration } = await stream.clientConfiguration()
  t.deepEqual(rtcConfiguration as unknown, { iceServers: [server], ttl: 600 })
  for (const wrong of [{ iceServers: [{ urls: 'turn:x' }] }, { iceServers: [{}] }, { ttl: 1n }]) {
    const { stream: other } = quietStream(t, { rtcConfiguration: () => wrong as never })
    await t.throwsAsync(other.clientConfiguration(), { instanceOf: ConfigurationError, message: /rtcConfiguration/ })
  }
})
