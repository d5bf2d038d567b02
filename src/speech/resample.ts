/** Zero crossings of the sinc on either side: 32 taps, or as many times more as the rate falls. */
const CROSSINGS = 16
/** Of the lower Nyquist frequency. What lies above that is 65 dB down, what lies below 0.77 of it is untouched. */
const CUTOFF = 0.9
/** Of the Kaiser window. */
const BETA = 6.5

/**
 * Converts mono audio to another sample rate, by a sinc in a Kaiser window. For recordings; it has no state.
 *
 * @param samples - from -1 to 1
 * @param from - their rate, in Hz
 * @param to - the rate wanted, in Hz
 * @returns as many seconds at the other rate, in phase; the same array when the rates are equal
 */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return samples
  const divisor = greatestCommonDivisor(from, to)
  const [step, phases] = [from / divisor, to / divisor]
  const scale = CUTOFF * Math.min(1, to / from)
  const kernels = new Map<number, Float64Array>()
  const result = new Float32Array(Math.floor((samples.length * to) / from))
  for (let n = 0; n < result.length; n++) {
    const phase = (n * step) % phases
    let kernel = kernels.get(phase)
    if (kernel === undefined) kernels.set(phase, (kernel = kernelAt(phase / phases, scale)))
    result[n] = convolve(samples, Math.floor((n * step) / phases), kernel)
  }
  return result
}

/** Two sums, for a processor adds to both at once. */
function convolve(samples: Float32Array, centre: number, kernel: Float64Array): number {
  const start = centre - kernel.length / 2 + 1
  const end = Math.min(kernel.length, samples.length - start)
  let [even, odd] = [0, 0]
  let i = Math.max(0, -start)
  for (; i + 1 < end; i += 2) {
    even += (samples[start + i] as number) * (kernel[i] as number)
    odd += (samples[start + i + 1] as number) * (kernel[i + 1] as number)
  }
  return i < end ? even + odd + (samples[start + i] as number) * (kernel[i] as number) : even + odd
}

/** The low-pass filter's taps for a sample that lies a fraction behind the centre; their sum is 1. */
function kernelAt(fraction: number, scale: number): Float64Array {
  const half = Math.ceil(CROSSINGS / scale)
  const taps = Float64Array.from({ length: 2 * half }, (_, i) => {
    const t = i - half + 1 - fraction
    return sinc(t * scale) * kaiser(t / half)
  })
  const sum = taps.reduce((total, tap) => total + tap, 0)
  return taps.map((tap) => tap / sum)
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / bessel(BETA)
}

/** The modified Bessel function of the first kind and order 0, by its series. */
function bessel(x: number): number {
  let [term, sum] = [1, 1]
  for (let k = 1; term > sum * 1e-9; k++) sum += term *= (x / (2 * k)) ** 2
  return sum
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
