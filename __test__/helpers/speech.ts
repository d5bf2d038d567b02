import { readFile } from 'node:fs/promises'

/** One phrase of generated speech. */
interface Phrase {
  text: string
  /** Its first sample. */
  start: number
  /** The sample after its last. */
  end: number
}

/** Generated speech, and what is said when. */
export interface Speech {
  sampleRate: number
  samples: Int16Array
  phrases: Phrase[]
}

type Name = 'greeting' | 'question' | 'hesitation' | 'interruption' | 'reply' | 'noisy'

interface Index {
  sampleRate: number
  files: Record<Name, { speech: Phrase[] }>
}

const FOLDER = new URL('../../fixtures/speech/', import.meta.url)
const WAV_HEADER_BYTES = 44

/** One of the files in `fixtures/speech`, whose README lists them. */
export async function speech(name: Name): Promise<Speech> {
  const index = JSON.parse(await readFile(new URL('speech.json', FOLDER), 'utf8')) as Index
  const file = await readFile(new URL(`${name}.wav`, FOLDER))
  const samples = new Int16Array(file.buffer.slice(file.byteOffset + WAV_HEADER_BYTES, file.byteOffset + file.length))
  return { sampleRate: index.sampleRate, samples, phrases: index.files[name].speech }
}
