/** Zero crossings of the kernel on each side of its middle; with the window below, stop band from 1.1 of the pass band on. */
const CROSSINGS = 24
/** Kaiser's shape parameter: 80 dB of attenuation (A. Oppenheim, R. Schafer, Discrete-Time Signal Processing, section 7.5). */
const BETA = 8
/** Kernels for places between two samples at most; rates that need more get the nearest one. */
const MAX_PHASES = 512

/**
 * Changes the rate of a stream of mono audio, by a band-limited kernel (a windowed sinc). Chunks may have any length; what
 * lies in two of them is carried over.
 */
export class Resampler {
  readonly #step: number
  readonly #phases: number
  readonly #kernels: readonly Float32Array[]
  readonly #taps: number
  /** What is still needed of the chunks before, then the chunk. */
  #held: Float32Array
  /** Where the next sample lies in `#held`, in units of `1 / to` of a second, times `from`. */
  #at = 0

  readonly #from: number
  readonly #to: number

  /**
   * @param from - Hz, of what comes in; a positive integer
   * @param to - Hz, of what goes out; a positive integer
   */
  constructor(from: number, to: number) {
    const common = greatestCommonDivisor(from, to)
    this.#from = from / common
    this.#to = to / common
    this.#step = this.#from
    this.#phases = Math.min(this.#to, MAX_PHASES)
    // Going down, frequencies that the lower rate can't hold are taken out, so that they don't fold back.
    const cutoff = Math.min(1, to / from)
    const reach = Math.ceil(CROSSINGS / cutoff)
    this.#taps = 2 * reach
    this.#kernels = Array.from({ length: this.#phases }, (_, phase) => kernel(phase / this.#phases, reach, cutoff))
    this.#held = new Float32Array(reach - 1)
  }

  /**
   * Takes the next samples in.
   *
   * @param samples - any number; not modified
   * @returns as many samples at the other rate as they complete
   */
  process(samples: Float32Array): Float32Array {
    if (this.#from === this.#to) return samples
    const held = new Float32Array(this.#held.length + samples.length)
    held.set(this.#held)
    held.set(samples, this.#held.length)
    const out = this.#convert(held)
    const used = Math.floor(this.#at / this.#to)
    this.#held = held.slice(used)
    this.#at -= used * this.#to
    return out
  }

  #convert(held: Float32Array): Float32Array {
    const places = (held.length - this.#taps + 1) * this.#to - this.#at
    const out = new Float32Array(Math.max(0, Math.ceil(places / this.#step)))
    for (let index = 0; index < out.length; index++, this.#at += this.#step) {
      const first = Math.floor(this.#at / this.#to)
      const phase = Math.floor(((this.#at % this.#to) * this.#phases) / this.#to)
      out[index] = product(held, first, this.#kernels[phase] as Float32Array)
    }
    return out
  }
}

function product(samples: Float32Array, from: number, weights: Float32Array): number {
  let sum = 0
  for (let tap = 0; tap < weights.length; tap++) sum += (samples[from + tap] as number) * (weights[tap] as number)
  return sum
}

/** What weighs the samples around a place that lies `fraction` of a sample behind one of them. */
function kernel(fraction: number, reach: number, cutoff: number): Float32Array {
  const weights = Float32Array.from({ length: 2 * reach }, (_, tap) => {
    const distance = tap - (reach - 1) - fraction
    return cutoff * sinc(cutoff * distance) * kaiser(distance / reach)
  })
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

/** Kaiser's window from -1 to 1. */
function kaiser(x: number): number {
  return Math.abs(x) > 1 ? 0 : besselI0(BETA * Math.sqrt(1 - x * x)) / besselI0(BETA)
}

/** The modified Bessel function of the first kind and order zero, by its power series. */
function besselI0(x: number): number {
  let [sum, term] = [1, 1]
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2
    sum += term
  }
  return sum
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
