import test from 'ava'
import { SocketStats } from '../../../src/client/websocket/socket-stats.ts'

const PLAYBACK = { bufferedMs: 60, targetMs: 60, droppedMs: 0, underruns: 0 }

test('losses are those since the last reading, at either end', (t) => {
  const stats = new SocketStats()
  for (let n = 0; n < 50; n++) {
    stats.sent(n >= 10)
    stats.received(20)
  }
  t.deepEqual(stats.read(12, { ...PLAYBACK, droppedMs: 250 }), {
    roundTripMs: 12,
    lossHeard: 0.25,
    lossSent: 0.2,
    jitterMs: undefined,
    packetsReceived: 50,
    packetsSent: 40,
  })
  stats.sent(true)
  stats.received(20)
  t.like(stats.read(12, { ...PLAYBACK, droppedMs: 250 }), { lossHeard: 0, lossSent: 0 })
})

test('what has not flowed yet has no loss', (t) => {
  t.like(new SocketStats().read(undefined, undefined), { lossHeard: undefined, lossSent: undefined, packetsSent: 0 })
})
