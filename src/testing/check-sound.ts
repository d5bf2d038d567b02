import { checkAudio, isEmitRate } from '../frames/check-audio.ts'
import { describe } from '../frames/describe.ts'
import { isDetached } from '../frames/is-detached.ts'

/**
 * Refuses audio that a handler couldn't emit either.
 *
 * @param audio - as a test gave it
 * @param who - what takes it, with its verb, such as `find() takes`
 * @throws TypeError or RangeError naming what can't be
 */
export function checkSound(audio: unknown, who: string): void {
  if (Array.isArray(audio)) checkParts(audio, who)
  const { sampleRate } = checkAudio(audio)
  if (isEmitRate(sampleRate)) return
  throw new RangeError(`${who} audio at 8,000 to 192,000 Hz, not at ${sampleRate} Hz`)
}

function checkParts(audio: readonly unknown[], who: string): void {
  const [, samples] = audio
  if (!(samples instanceof Int16Array) && !(samples instanceof Float32Array))
    throw new TypeError(`${who} samples as an Int16Array or a Float32Array, not ${describe(samples)}`)
  if (audio.length > 3)
    throw new TypeError(`${who} [sampleRate, samples] or [sampleRate, samples, layout], not ${describe(audio)}`)
  if (samples.length === 0 && isDetached(samples))
    throw new TypeError(`${who} no samples whose memory was transferred away, such as to a worker: give a copy of them`)
}
