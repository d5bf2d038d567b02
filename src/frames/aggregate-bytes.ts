import { describe } from './describe.ts'

/**
 * Turns byte chunks of any length, as a text-to-speech service streams them, into chunks of whole 16-bit samples. An odd
 * byte is kept for the next chunk; one that is left over at the end is dropped, for it is no sample.
 *
 * @param chunks - bytes of little-endian signed 16-bit PCM, as an iterable or an async iterable
 * @returns the samples, a chunk for each chunk that completes at least one; an async iterable for an async one
 * @throws TypeError for what can't be iterated, and on reading a chunk that is no `Uint8Array`
 */
export function aggregateBytesTo16Bit(chunks: Iterable<Uint8Array>): Iterable<Int16Array>
/** @param chunks - the same from an async iterable */
export function aggregateBytesTo16Bit(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Int16Array>
/** @param chunks - either */
export function aggregateBytesTo16Bit(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Iterable<Int16Array> | AsyncIterable<Int16Array> {
  if (Symbol.asyncIterator in Object(chunks)) return aggregateAsync(chunks as AsyncIterable<Uint8Array>)
  if (Symbol.iterator in Object(chunks)) return aggregate(chunks as Iterable<Uint8Array>)
  throw new TypeError(`aggregateBytesTo16Bit takes an iterable of Uint8Array, not ${describe(chunks)}`)
}

function* aggregate(chunks: Iterable<Uint8Array>): Generator<Int16Array, void, void> {
  const pairer = new BytePairer()
  for (const chunk of chunks) {
    const samples = pairer.take(chunk)
    if (samples.length > 0) yield samples
  }
}

async function* aggregateAsync(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Int16Array, void, void> {
  const pairer = new BytePairer()
  for await (const chunk of chunks) {
    const samples = pairer.take(chunk)
    if (samples.length > 0) yield samples
  }
}

/** Keeps the low byte of a sample whose high byte has not come yet. */
class BytePairer {
  #low: number | undefined

  take(chunk: Uint8Array): Int16Array {
    if (!(chunk instanceof Uint8Array)) {
      throw new TypeError(`A chunk of bytes must be a Uint8Array, not ${describe(chunk)}`)
    }
    const kept = this.#low === undefined ? 0 : 1
    const samples = new Int16Array((chunk.length + kept) >> 1)
    for (let i = 0; i < samples.length; i++) {
      const low = i === 0 && kept === 1 ? (this.#low as number) : (chunk[i * 2 - kept] as number)
      samples[i] = low | ((chunk[i * 2 + 1 - kept] as number) << 8)
    }
    if ((chunk.length + kept) % 2 === 1) this.#low = chunk.at(-1) ?? this.#low
    else this.#low = undefined
    return samples
  }
}
