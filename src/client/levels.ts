/** How loud both sides are. */
export interface Levels {
  /** What is sent: 0 is -60 dBFS or less, 1 is full scale, even steps of decibels between. */
  readonly sent: number
  /** What is heard, on the same scale. */
  readonly heard: number
}

/** Where the scale ends, in decibels below full scale: about the noise of a quiet room. */
const FLOOR_DB = 60

/** Measures how loud streams are. */
export class LevelMeter {
  readonly #context: AudioContext
  readonly #taps = new Map<
    keyof Levels,
    { source: AudioNode; analyser: AnalyserNode; samples: Float32Array<ArrayBuffer> }
  >()

  /** Starts it. A page that nobody has touched yet gets zeros until somebody does. */
  constructor() {
    this.#context = new AudioContext()
  }

  /**
   * Measures a stream from now on, instead of the one before.
   *
   * @param side - whether it is sent or heard
   * @param stream - has an audio track
   */
  attach(side: keyof Levels, stream: MediaStream): void {
    this.#taps.get(side)?.source.disconnect()
    const source = this.#context.createMediaStreamSource(stream)
    // 1,024 samples are 21 ms at 48 kHz: as short as a syllable's rise.
    const analyser = new AnalyserNode(this.#context, { fftSize: 1024 })
    source.connect(analyser)
    this.#taps.set(side, { source, analyser, samples: new Float32Array(analyser.fftSize) })
  }

  /** How loud both sides are now. */
  read(): Levels {
    // Suspended until the page is touched, where a browser wants that; asking before only earns a warning.
    if (this.#context.state === 'suspended' && navigator.userActivation.hasBeenActive) void this.#context.resume()
    return { sent: this.#read('sent'), heard: this.#read('heard') }
  }

  /** Stops it and frees the audio hardware. */
  close(): void {
    if (this.#context.state !== 'closed') void this.#context.close()
  }

  #read(side: keyof Levels): number {
    const tap = this.#taps.get(side)
    if (!tap) return 0
    tap.analyser.getFloatTimeDomainData(tap.samples)
    const power = tap.samples.reduce((sum, sample) => sum + sample * sample, 0) / tap.samples.length
    return levelOf(power)
  }
}

/**
 * @param power - mean square of samples from -1 to 1
 * @returns its place on the scale of {@link Levels}
 */
export function levelOf(power: number): number {
  const decibels = 10 * Math.log10(power || Number.MIN_VALUE)
  return Math.min(1, Math.max(0, 1 + decibels / FLOOR_DB))
}
