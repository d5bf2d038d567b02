// Listens to what a page sends and hears, and says what is in it. Loaded by the pages of the tests.

/**
 * Records both streams side by side, and compares them.
 *
 * @param {{ sent?: MediaStream, heard: MediaStream, seconds?: number, skip?: number }} options - `skip`: seconds at the
 *   start that don't count
 * @returns {Promise<{ hertz: number, loudness: number, delayMs: number | null, beeps: number }>} the loudest frequency
 *   that is heard, its amplitude, how long after its beeps they come back, and how many did
 */
export async function listen({ sent, heard, seconds = 4, skip = 0 }) {
  const recordings = await record(sent ? [heard, sent] : [heard], seconds)
  recordings.channels = recordings.channels.map((pcm) => pcm.slice(skip * recordings.sampleRate))
  const hertz = loudestFrequency(recordings.channels[0], recordings.sampleRate)
  const [onsetsHeard, onsetsSent = []] = recordings.channels.map((pcm) => onsets(pcm, recordings.sampleRate, hertz))
  const delays = onsetsSent.flatMap((start) => {
    const next = onsetsHeard.find((time) => time >= start)
    return next === undefined || next - start > 0.9 ? [] : [(next - start) * 1000]
  })
  const loudness = recordings.channels[0].reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
  return { hertz, loudness, delayMs: median(delays), beeps: delays.length }
}

/**
 * What each channel of a stream holds.
 *
 * @param {MediaStream} heard - in stereo
 * @returns {Promise<number[]>} the loudest frequency of the left and of the right
 */
export async function listenToBoth(heard) {
  const { channels, sampleRate } = await record([heard], 2, 2)
  return channels.map((pcm) => loudestFrequency(pcm.slice(sampleRate), sampleRate))
}

/** A stereo microphone: another tone for each ear. */
export function stereoTones(left, right) {
  const context = new AudioContext({ sampleRate: 48000 })
  const merger = new ChannelMergerNode(context, { numberOfInputs: 2 })
  const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 2 })
  for (const [channel, frequency] of [left, right].entries()) {
    const tone = new OscillatorNode(context, { frequency })
    tone.connect(new GainNode(context, { gain: 0.3 })).connect(merger, 0, channel)
    tone.start()
  }
  merger.connect(destination)
  return destination.stream
}

async function record(streams, seconds, channelsOfOne = 1) {
  const context = new AudioContext({ sampleRate: 48000 })
  await context.audioWorklet.addModule('recorder.js')
  await context.resume()
  const channels = streams.flatMap(() => Array.from({ length: channelsOfOne }, () => []))
  const merger = new ChannelMergerNode(context, { numberOfInputs: channels.length })
  streams.forEach((stream, index) => {
    const source = context.createMediaStreamSource(stream)
    if (channelsOfOne === 1) return source.connect(merger, 0, index)
    const splitter = new ChannelSplitterNode(context, { numberOfOutputs: channelsOfOne })
    source.connect(splitter)
    for (let one = 0; one < channelsOfOne; one++) splitter.connect(merger, one, index * channelsOfOne + one)
    return splitter
  })
  const recorder = new AudioWorkletNode(context, 'recorder', {
    channelCount: channels.length,
    channelCountMode: 'explicit',
  })
  merger.connect(recorder).connect(context.destination)
  await new Promise((resolve) => {
    recorder.port.addEventListener('message', ({ data }) => {
      // Until every stream has begun to flow, there is less.
      if (data.length < channels.length) return
      channels.forEach((channel, index) => channel.push(...data[index]))
      if (channels[0].length >= seconds * context.sampleRate) resolve()
    })
    recorder.port.start()
  })
  const { sampleRate } = context
  await context.close()
  return { channels, sampleRate }
}

/** Amplitude of one frequency (Goertzel). */
function amplitude(pcm, from, to, sampleRate, hertz) {
  const step = 2 * Math.cos((2 * Math.PI * hertz) / sampleRate)
  let [last, before] = [0, 0]
  for (let index = from; index < to; index++) [last, before] = [pcm[index] + step * last - before, last]
  return (2 * Math.sqrt(last * last + before * before - step * last * before)) / (to - from)
}

function loudestFrequency(pcm, sampleRate) {
  const window = sampleRate / 10
  let at = 0
  let most = -1
  for (let from = 0; from + window <= pcm.length; from += window / 2) {
    const power = pcm.slice(from, from + window).reduce((sum, sample) => sum + sample * sample, 0)
    if (power > most) [at, most] = [from, power]
  }
  let best = { hertz: 0, level: 0 }
  for (let hertz = 100; hertz <= 4000; hertz += 10) {
    const level = amplitude(pcm, at, at + window, sampleRate, hertz)
    if (level > best.level) best = { hertz, level }
  }
  return best.hertz
}

/** When the frequency starts, in seconds: where it passes a third of its peak after at least 100 ms below. */
function onsets(pcm, sampleRate, hertz) {
  const window = sampleRate / 200
  const levels = []
  for (let from = 0; from + window <= pcm.length; from += window) {
    levels.push(amplitude(pcm, from, from + window, sampleRate, hertz))
  }
  const threshold = Math.max(...levels) / 3
  const quiet = (index) => index >= 20 && levels.slice(index - 20, index).every((level) => level < threshold)
  return levels.flatMap((level, index) => (level >= threshold && quiet(index) ? [(index * window) / sampleRate] : []))
}

function median(values) {
  return values.length === 0 ? null : values.sort((a, b) => a - b)[Math.floor(values.length / 2)]
}

Object.assign(globalThis, { listen, listenToBoth, stereoTones })
