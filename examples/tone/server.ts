// Plays a scale to whoever connects: a generator function, in receive mode.
// Run: node --import=@oxc-node/core/register examples/tone/server.ts
import { Stream } from 'parley-rtc'
import type { AudioFrame } from 'parley-rtc'

const SAMPLE_RATE = 24_000
const C_MAJOR = [261.6, 293.7, 329.6, 349.2, 392.0, 440.0, 493.9, 523.3]

/** Half a second of a note, with soft ends. */
function note(hertz: number): AudioFrame {
  const length = SAMPLE_RATE / 2
  const samples = Int16Array.from({ length }, (_, index) => {
    const envelope = Math.sin((Math.PI * index) / length)
    return 8_000 * envelope * Math.sin((2 * Math.PI * hertz * index) / SAMPLE_RATE)
  })
  return [SAMPLE_RATE, samples]
}

function* scale(): Generator<AudioFrame> {
  for (const hertz of C_MAJOR) yield note(hertz)
}

const stream = new Stream({
  handler: scale,
  modality: 'audio',
  mode: 'receive',
  concurrencyLimit: 10,
  ui: { title: 'Tone', subtitle: 'Press start, and hear a scale. The stream ends with its last note.' },
})
await stream.launch({ port: Number(process.env['PORT'] ?? 7860) })
