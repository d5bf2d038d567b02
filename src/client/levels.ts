/** How loud both sides are. */
export interface Levels {
  /** What is sent: 0 is -60 dBFS or less, 1 is full scale, even steps of decibels between. */
  readonly sent: number
  /** What is heard, on the same scale. */
  readonly heard: number
}

/** Where the scale ends, in decibels below full scale: about the noise of a quiet room. */
const FLOOR_DB = 60

/** What measures one side. */
interface Tap {
  readonly source: AudioNode
  readonly analyser: AnalyserNode
  readonly samples: Float32Array<ArrayBuffer>
}

/** Measures how loud streams are. It opens the audio hardware when somebody first asks, so that no call waits for that. */
export class LevelMeter {
  readonly #streams = new Map<keyof Levels, MediaStream>()
  readonly #taps = new Map<keyof Levels, Tap>()
  #context: AudioContext | undefined
  #isClosed = false

  /**
   * Measures a stream from now on, instead of the one before.
   *
   * @param side - whether it is sent or heard
   * @param stream - has an audio track
   */
  attach(side: keyof Levels, stream: MediaStream): void {
    this.#streams.set(side, stream)
    this.#taps.get(side)?.source.disconnect()
    this.#taps.delete(side)
  }

  /** How loud both sides are now. A page that nobody has touched yet, and that hears no microphone, gets zeros. */
  read(): Levels {
    // Where a browser wants a touch before it plays anything, asking before only earns a warning.
    const isTouched = hasBeenTouched()
    const isNeeded = this.#streams.has('sent') || (isTouched && this.#streams.size > 0)
    if (isNeeded) this.#open()
    if (this.#context?.state === 'suspended' && isTouched) void this.#context.resume()
    return { sent: this.#read('sent'), heard: this.#read('heard') }
  }

  /** Stops it and frees the audio hardware. */
  close(): void {
    this.#isClosed = true
    if (this.#context !== undefined && this.#context.state !== 'closed') void this.#context.close()
  }

  #open(): void {
    if (this.#isClosed) return
    this.#context ??= new AudioContext()
    for (const [side, stream] of this.#streams) {
      if (!this.#taps.has(side)) this.#taps.set(side, tapInto(this.#context, stream))
    }
  }

  #read(side: keyof Levels): number {
    const tap = this.#taps.get(side)
    if (!tap) return 0
    tap.analyser.getFloatTimeDomainData(tap.samples)
    const power = tap.samples.reduce((sum, sample) => sum + sample * sample, 0) / tap.samples.length
    return levelOf(power)
  }
}

function tapInto(context: AudioContext, stream: MediaStream): Tap {
  const source = context.createMediaStreamSource(stream)
  // 1,024 samples are 21 ms at 48 kHz: as short as a syllable's rise.
  const analyser = new AnalyserNode(context, { fftSize: 1024 })
  source.connect(analyser)
  return { source, analyser, samples: new Float32Array(analyser.fftSize) }
}

/** Older browsers don't say. */
function hasBeenTouched(): boolean {
  const activation = navigator.userActivation as UserActivation | undefined
  return activation?.hasBeenActive ?? true
}

/**
 * @param power - mean square of samples from -1 to 1
 * @returns its place on the scale of {@link Levels}
 */
export function levelOf(power: number): number {
  const decibels = 10 * Math.log10(power || Number.MIN_VALUE)
  return Math.min(1, Math.max(0, 1 + decibels / FLOOR_DB))
}
