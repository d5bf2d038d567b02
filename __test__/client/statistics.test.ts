import test from 'ava'
import { StatsReader } from '../../src/client/statistics.ts'

/** What a browser reports, in short. */
function report(packetsLost: number, packetsReceived: number): [string, { type: string }][] {
  const list = [
    { type: 'candidate-pair', nominated: false, state: 'succeeded', currentRoundTripTime: 9 },
    { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.042 },
    { type: 'inbound-rtp', kind: 'audio', packetsLost, packetsReceived, jitter: 0.003 },
    { type: 'remote-inbound-rtp', kind: 'audio', fractionLost: 0.25 },
    { type: 'outbound-rtp', kind: 'audio', packetsSent: 500 },
  ]
  return list.map((stats, index) => [String(index), stats])
}

test('round trip, jitter and packets come from the path in use', (t) => {
  const stats = new StatsReader().read(report(0, 100))
  t.deepEqual(stats, {
    roundTripMs: 42,
    lossHeard: 0,
    lossSent: 0.25,
    jitterMs: 3,
    packetsReceived: 100,
    packetsSent: 500,
  })
})

test('loss is what was lost since the last reading', (t) => {
  const reader = new StatsReader()
  reader.read(report(50, 50))
  t.is(reader.read(report(50, 100)).lossHeard, 0)
  t.is(reader.read(report(60, 130)).lossHeard, 0.25)
})

test('a duplicate, which makes the count fall, is no loss, and nothing expected is nothing known', (t) => {
  const reader = new StatsReader()
  reader.read(report(10, 100))
  t.is(reader.read(report(9, 151)).lossHeard, 0)
  t.is(reader.read(report(9, 151)).lossHeard, undefined)
})

test('before anything is known nothing is claimed', (t) => {
  const { roundTripMs, lossHeard, lossSent } = new StatsReader().read([])
  t.deepEqual([roundTripMs, lossHeard, lossSent], [undefined, undefined, undefined])
})

test('of a call with pictures it tells their size and rate both ways, and the packets of its sound', (t) => {
  const picture = { kind: 'video', framesPerSecond: 30, frameWidth: 640, frameHeight: 480 }
  const list = [
    { type: 'inbound-rtp', ...picture, framesDecoded: 60, freezeCount: 1, packetsReceived: 900 },
    { type: 'outbound-rtp', ...picture, frameWidth: 320, framesSent: 61, packetsSent: 800 },
    { type: 'inbound-rtp', kind: 'audio', packetsReceived: 100 },
  ]
  const read = (from: object[]): object =>
    new StatsReader().read(from.map((stats, index) => [String(index), stats as { type: string }]))
  const both = read(list)
  t.like(both, {
    packetsReceived: 100,
    packetsSent: 800,
    videoReceived: { framesPerSecond: 30, width: 640, height: 480, frames: 60, freezes: 1 },
    videoSent: { framesPerSecond: 30, width: 320, height: 480, frames: 61 },
  })
  t.like(read(list.slice(0, 2)), { packetsReceived: 900 }, 'without sound those of the pictures')
})
