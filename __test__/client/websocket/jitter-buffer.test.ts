import test from 'ava'
import type { JitterBuffer as Buffer } from '../../../src/client/websocket/playback-worklet.ts'

// What the browser's audio thread has and Node hasn't.
Object.assign(globalThis, { AudioWorkletProcessor: Object, registerProcessor: () => undefined, sampleRate: 48_000 })
const { JitterBuffer } = await import('../../../src/client/websocket/playback-worklet.ts')

const RATE = 48_000
/** Samples of a millisecond, and of what the hardware takes at once. */
const MS = RATE / 1000
const BLOCK = 128

/** A tone that goes on from chunk to chunk. */
class Tone {
  #at = 0

  next(ms: number): Float32Array {
    return Float32Array.from({ length: ms * MS }, () => 0.5 * Math.sin((2 * Math.PI * 440 * this.#at++) / RATE))
  }
}

/** Plays so long while chunks of 20 ms arrive, each so much later than it was made. */
function play(buffer: Buffer, ms: number, delayOf: (madeAtMs: number) => number, tone = new Tone()): Float32Array {
  const heard: number[] = []
  const arrivals: number[] = []
  for (let made = 0, last = 0; made < ms; made += 20) arrivals.push((last = Math.max(last, made + delayOf(made))))
  const block = new Float32Array(BLOCK)
  while (heard.length < ms * MS) {
    while ((arrivals[0] ?? Infinity) * MS <= heard.length) {
      arrivals.shift()
      buffer.push(tone.next(20))
    }
    buffer.read(block)
    heard.push(...block)
  }
  return Float32Array.from(heard)
}

/** Stretches of nothing, each in ms, after the first sound. */
function gaps(heard: Float32Array): number[] {
  const found: number[] = []
  let silent = 0
  for (const sample of heard.subarray(heard.findIndex((each) => each !== 0))) {
    if (sample === 0) silent++
    else {
      // A tone passes zero in single samples.
      if (silent > MS) found.push(Math.round(silent / MS))
      silent = 0
    }
  }
  return found
}

/** The largest step from one sample to the next: a click is more than a tone ever does. */
function steepest(heard: Float32Array): number {
  return heard.reduce((most, sample, index) => Math.max(most, Math.abs(sample - (heard[index - 1] ?? sample))), 0)
}

/** What a tone of 440 Hz and half of full scale does at most, with a fade of 5 ms. */
const SMOOTH = 0.5 * ((2 * Math.PI * 440) / RATE + 1 / (5 * MS))

test('a steady stream is heard after 60 ms, whole and without a click', (t) => {
  const buffer = new JitterBuffer(RATE)
  const heard = play(buffer, 5000, () => 10)
  const first = heard.findIndex((sample) => sample !== 0) / MS
  t.true(first >= 10 && first < 80, `after ${first} ms`)
  t.deepEqual(gaps(heard), [])
  t.true(steepest(heard) <= SMOOTH)
  t.like(buffer.report, { droppedMs: 0, underruns: 0 })
})

test('jitter of 40 ms is not heard', (t) => {
  const buffer = new JitterBuffer(RATE)
  t.deepEqual(gaps(play(buffer, 10_000, (made) => (made * 7919) % 41)), [])
  t.is(buffer.report.underruns, 0)
})

test('a network that is stuck for 200 ms again and again is heard once', (t) => {
  const buffer = new JitterBuffer(RATE)
  const stuck = (made: number): number => (made % 1000 < 200 && made >= 1000 ? 200 - (made % 1000) : 0)
  const heard = play(buffer, 10_000, stuck)
  t.is(gaps(heard).length, 1)
  t.is(buffer.report.underruns, 1)
  t.true(steepest(heard) <= SMOOTH, 'it fades out and in')
})

test('what waits after a network was stuck is caught up with, without a gap or a click', (t) => {
  const buffer = new JitterBuffer(RATE)
  const tone = new Tone()
  play(buffer, 2000, (made) => (made >= 1000 && made < 1500 ? 1500 - made : 0), tone)
  t.true(buffer.report.bufferedMs > 400, 'half a second behind')
  const heard = play(buffer, 20_000, () => 0, tone)
  t.deepEqual(gaps(heard), [])
  t.true(steepest(heard) <= 1.2 * SMOOTH, `pieces are cut out where they fit together: ${steepest(heard)}`)
  t.true(buffer.report.bufferedMs < 200, `${buffer.report.bufferedMs} ms wait`)
})

test('after a network has been in time for a while, less waits again', (t) => {
  const buffer = new JitterBuffer(RATE)
  const tone = new Tone()
  play(buffer, 3000, (made) => (made >= 1000 && made < 1200 ? 1200 - made : 0), tone)
  t.true(buffer.report.targetMs > 150)
  play(buffer, 20_000, () => 0, tone)
  t.true(buffer.report.targetMs <= 60)
  t.true(buffer.report.bufferedMs <= 100)
})

test('what is far behind is dropped at once', (t) => {
  const buffer = new JitterBuffer(RATE)
  play(buffer, 4000, (made) => (made >= 1000 && made < 3000 ? 3000 - made : 0))
  t.true(buffer.report.bufferedMs < 1000, `${buffer.report.bufferedMs} ms wait`)
  t.true(buffer.report.droppedMs > 1000)
})

test('no more than five seconds wait', (t) => {
  const buffer = new JitterBuffer(RATE)
  const tone = new Tone()
  for (let chunk = 0; chunk < 1000; chunk++) buffer.push(tone.next(20))
  t.is(buffer.report.bufferedMs, 5000)
  t.is(buffer.report.droppedMs, 15_000)
})

test('a sound that is shorter than what is waited for is heard all the same', (t) => {
  const buffer = new JitterBuffer(RATE)
  const heard = play(buffer, 200, (made) => (made === 0 ? 0 : 1000))
  t.is(Math.round(heard.filter((sample) => sample !== 0).length / MS), 20)
})

test('pauses between sounds are no lateness', (t) => {
  const buffer = new JitterBuffer(RATE)
  const tone = new Tone()
  for (let sound = 0; sound < 5; sound++) {
    play(buffer, 500, () => 0, tone)
    const block = new Float32Array(BLOCK)
    for (let silence = 0; silence < 800 * MS; silence += BLOCK) buffer.read(block)
  }
  t.is(buffer.report.underruns, 0)
  t.true(buffer.report.targetMs <= 60)
})

test('it is known which chunks have been played to their end', (t) => {
  const buffer = new JitterBuffer(RATE)
  const tone = new Tone()
  for (let chunk = 0; chunk < 10; chunk++) buffer.push(tone.next(20))
  t.deepEqual([buffer.played, buffer.isEmpty], [0, false])
  const of = (ms: number): number => {
    buffer.read(new Float32Array(ms * MS))
    return buffer.played
  }
  t.is(of(19), 0, 'one that lacks a millisecond counts not yet')
  t.is(of(1), 1)
  t.is(of(79), 4)
  buffer.clear()
  t.is(of(5), 10, 'a clear leaves out all that wait')
  t.true(buffer.isEmpty)
  buffer.push(tone.next(20))
  for (let waited = 0; waited < 200; waited++) of(1)
  t.is(buffer.played, 11)
})

test('what finds no room counts as played, for it never will be', (t) => {
  const buffer = new JitterBuffer(RATE)
  const tone = new Tone()
  for (let chunk = 0; chunk < 300; chunk++) buffer.push(tone.next(20))
  buffer.read(new Float32Array(BLOCK))
  t.is(buffer.played, 50)
})

test('after a clear nothing of before is heard but its fading, and what comes then is', (t) => {
  const buffer = new JitterBuffer(RATE)
  const tone = new Tone()
  play(buffer, 1000, () => 0, tone)
  buffer.push(tone.next(400))
  buffer.clear()
  const block = new Float32Array(BLOCK)
  const heard: number[] = []
  while (heard.length < 100 * MS) {
    buffer.read(block)
    heard.push(...block)
  }
  t.true(heard.findLastIndex((sample) => sample !== 0) < 6 * MS)
  t.true(steepest(Float32Array.from(heard)) <= SMOOTH)
  t.true(play(buffer, 500, () => 0, tone).some((sample) => Math.abs(sample) > 0.4))
  t.is(buffer.report.underruns, 0)
})
