import { readFileSync } from 'node:fs'
import type { EmitAudio } from '../../src/index.ts'
import { speech } from '../../src/testing/index.ts'
import type { Span } from '../../src/testing/spans.ts'

/** What fixtures/speech/speech.json says of each recording; starts and ends are in samples. */
interface Index {
  readonly sampleRate: number
  readonly files: Readonly<Record<string, { readonly speech: readonly { start: number; end: number }[] }>>
}

const SPEECH = new URL('../../fixtures/speech/', import.meta.url)
const index = JSON.parse(readFileSync(new URL('speech.json', SPEECH), 'utf8')) as Index
const RATE = index.sampleRate

/** What a caller says. */
export interface Scene {
  /** All of it: mono, 16 kHz. */
  readonly audio: EmitAudio
  /** When each phrase is spoken, in ms from the beginning; true by construction. */
  readonly phrases: readonly Span[]
  /** How long it is, in seconds. */
  readonly seconds: number
}

/** Recordings of fixtures/speech, by their names, and silences, in seconds, one after the other. */
export function scene(parts: readonly (string | number)[]): Scene {
  const sounds = parts.map((part) => (typeof part === 'number' ? new Int16Array(part * RATE) : recording(part)))
  const starts = sounds.map((_, n) => sounds.slice(0, n).reduce((sum, { length }) => sum + length, 0))
  const samples = new Int16Array((starts.at(-1) ?? 0) + (sounds.at(-1)?.length ?? 0))
  for (const [n, sound] of sounds.entries()) samples.set(sound, starts[n])
  const phrases = parts.flatMap((part, n) => (typeof part === 'number' ? [] : phrasesOf(part, starts[n] as number)))
  return { audio: [RATE, samples], phrases, seconds: samples.length / RATE }
}

function recording(name: string): Int16Array {
  const [rate, samples] = speech(new URL(`${name}.wav`, SPEECH))
  if (rate === RATE && samples instanceof Int16Array) return samples
  throw new Error(`${name}.wav must have ${RATE} Hz, not ${rate}`)
}

function phrasesOf(name: string, from: number): Span[] {
  const ms = (sample: number): number => ((from + sample) / RATE) * 1000
  return (index.files[name]?.speech ?? []).map(({ start, end }) => ({ fromMs: ms(start), toMs: ms(end) }))
}
