import type { EmitAudio } from '../frames/audio-frame.ts'
import { describe } from '../frames/describe.ts'
import { messageOf } from '../frames/thrown.ts'
import { checkSound } from './check-sound.ts'
import { speech } from './sounds.ts'

/** What a caller may say: audio as a handler emits it, or a WAV file by its path or its bytes. */
export type Speech = EmitAudio | string | URL | Uint8Array

/** What speaks, for errors. */
const SPEAKING = 'play() and say()'

/**
 * What a caller says, as audio.
 *
 * @param sound - what it was given
 * @returns it, its file read
 * @throws TypeError or RangeError for what is no audio
 */
export function toAudio(sound: Speech): EmitAudio {
  const audio =
    typeof sound === 'string' || sound instanceof URL || sound instanceof Uint8Array ? readSpeech(sound) : sound
  if (!Array.isArray(audio) || typeof audio[0] !== 'number') {
    throw new TypeError(`${SPEAKING} take [sampleRate, samples] or a WAV file, not ${describe(audio)}`)
  }
  checkSound(audio, `${SPEAKING} take`)
  return audio as EmitAudio
}

function readSpeech(wav: string | URL | Uint8Array): EmitAudio {
  try {
    return speech(wav)
  } catch (cause) {
    throw new TypeError(`${SPEAKING} take a WAV file, but not ${describe(wav)}: ${messageOf(cause)}`, { cause })
  }
}
