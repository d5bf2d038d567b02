// Runs on the browser's audio thread, and imports nothing, so that bundlers may move it about as it is.

/** What the audio thread knows (Web Audio API, section 1.32). */
declare const sampleRate: number
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}
declare function registerProcessor(name: string, processor: typeof AudioWorkletProcessor): void

/** All in milliseconds. */
const FIRST_TARGET = 60
const LEAST_TARGET = 40
const MOST_TARGET = 300
/** What is waited for at most before a sound goes on: a longer hole is worse than another short one. */
const MOST_WAIT = 100
/** Sounds begin and end over so long, so that nothing clicks. */
const FADE = 5
/** What arrives after a longer silence is something new, and not late. */
const LONGEST_LATENESS = 1000
/** A silence as short as this is no pause between two sounds: what ends it was late. */
const SHORTEST_PAUSE = 100
/** For so long after a silence it is seen how much arrives: a network that was stuck hands over all of it at once. */
const BURST = 20
/** What should still wait whenever something arrives, and how often it is looked whether it is more. */
const MARGIN = 20
const RELAX_PERIOD = 5000
/** How often it is looked whether more waits than is needed, and how much of it is cut out at once, at most. */
const TRIM_PERIOD = 250
const LONGEST_CUT = 20
const SHORTEST_CUT = 5
/** What more of waiting audio is dropped at once, for that nobody wants to hear. */
const FAR_BEHIND = 1000
/** The room. */
const CAPACITY = 5000
/** Chunks that are played before it is said again how many were; fewer when nothing waits any more. */
const TOLD_CHUNKS = 5

/** How playing goes, in milliseconds. */
export interface PlaybackReport {
  /** Audio that waits to be played. */
  readonly bufferedMs: number
  /** How much of it is aimed at, by how irregularly audio has arrived. */
  readonly targetMs: number
  /** Audio that was left out so far, to catch up. */
  readonly droppedMs: number
  /** How often audio came too late so far. */
  readonly underruns: number
}

/**
 * Audio between its arrival and its playing. It waits for a while, so that what a network hands over in bursts is heard
 * without gaps: longer after something came late, shorter again the longer all is in time. Time is counted in samples
 * played.
 */
export class JitterBuffer {
  readonly #perMs: number
  /** Samples of a fade. */
  readonly #fade: number
  readonly #ring: Float32Array
  /** Samples so far: played or left out, and arrived. */
  #read = 0
  #written = 0
  /** Where the chunks end that aren't played to their end, and how many are, or were left out. */
  #ends: number[] = []
  #played = 0
  #now = 0
  #gain = 0
  #isPlaying = false
  /** When the first of what waits arrived, while nothing is played. */
  #waitsSince: number | undefined
  /** When audio ran out; undefined when it was dropped on purpose. */
  #dryAt: number | undefined
  #isCleared = false
  /** What is seen after audio had run out. */
  #return: { readonly gap: number; readonly until: number; arrived: number } | undefined
  #target: number
  /** The least that waited since the last look: at any time, and when something arrived. */
  #least = Infinity
  #slack = Infinity
  #trimAt: number
  #relaxAt: number
  #dropped = 0
  #underruns = 0

  /** @param rate - Hz */
  constructor(rate: number) {
    this.#perMs = rate / 1000
    this.#fade = Math.round(FADE * this.#perMs)
    this.#ring = new Float32Array(Math.round(CAPACITY * this.#perMs))
    this.#target = FIRST_TARGET * this.#perMs
    this.#trimAt = TRIM_PERIOD * this.#perMs
    this.#relaxAt = RELAX_PERIOD * this.#perMs
  }

  /** How playing goes. */
  get report(): PlaybackReport {
    const ms = (samples: number): number => samples / this.#perMs
    return {
      bufferedMs: ms(this.#waiting),
      targetMs: ms(this.#target),
      droppedMs: ms(this.#dropped),
      underruns: this.#underruns,
    }
  }

  /** Chunks so far that were played to their end, or left out: a clear leaves out all that wait. */
  get played(): number {
    return this.#played
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#waiting === 0
  }

  get #waiting(): number {
    return this.#written - this.#read
  }

  /**
   * Takes in what arrived. What finds no room takes the place of the oldest.
   *
   * @param samples - any number
   */
  push(samples: Float32Array): void {
    this.#noteArrival(samples.length)
    for (const sample of samples) this.#ring[this.#written++ % this.#ring.length] = sample
    this.#ends.push(this.#written)
    this.#skip(Math.max(0, this.#waiting - this.#ring.length))
  }

  /** Drops what waits; what is being heard fades out. */
  clear(): void {
    this.#written = Math.min(this.#written, this.#read + (this.#isPlaying ? this.#fade : 0))
    // What fades out belongs to the first of the chunks; the others are over.
    this.#ends = this.#ends.map((end) => Math.min(end, this.#written))
    this.#waitsSince = this.#dryAt = this.#return = undefined
    this.#isCleared = true
  }

  /**
   * Plays.
   *
   * @param into - gets the next samples
   */
  read(into: Float32Array): void {
    this.#startOrNot()
    for (let index = 0; index < into.length; index++) into[index] = this.#isPlaying ? this.#next() : 0
    this.#now += into.length
    this.#count()
    this.#least = Math.min(this.#least, this.#waiting)
    if (this.#now >= this.#trimAt) this.#trim()
  }

  #count(): void {
    const ended = this.#ends.findIndex((end) => end > this.#read)
    this.#played += this.#ends.splice(0, ended === -1 ? this.#ends.length : ended).length
  }

  #noteArrival(samples: number): void {
    this.#isCleared = false
    if (this.#isPlaying) this.#slack = Math.min(this.#slack, this.#waiting)
    else this.#waitsSince ??= this.#now
    if (this.#dryAt !== undefined) {
      this.#return = { gap: this.#now - this.#dryAt, until: this.#now + BURST * this.#perMs, arrived: 0 }
      this.#dryAt = undefined
    }
    if (this.#return) this.#return.arrived += samples
  }

  #startOrNot(): void {
    this.#judgeReturn()
    if (this.#isPlaying || this.#waitsSince === undefined) return
    // A sound that is shorter than the target is played too, when it has waited for as long.
    const enough = Math.min(this.#target, MOST_WAIT * this.#perMs)
    if (this.#waiting < enough && this.#now - this.#waitsSince < enough) return
    this.#isPlaying = true
    this.#waitsSince = undefined
    this.#beginPeriod()
  }

  /** Whether what came back after a silence was late, or the beginning of another sound. */
  #judgeReturn(): void {
    if (!this.#return || this.#now < this.#return.until) return
    const { gap, arrived } = this.#return
    this.#return = undefined
    const isBurst = arrived >= 0.7 * gap
    if (gap > LONGEST_LATENESS * this.#perMs || (gap > SHORTEST_PAUSE * this.#perMs && !isBurst)) return
    this.#underruns++
    this.#target = Math.min(MOST_TARGET * this.#perMs, this.#target + gap + MARGIN * this.#perMs)
  }

  #next(): number {
    if (this.#waiting === 0) return this.#runDry()
    const step = (this.#waiting > this.#fade ? 1 : -1) / this.#fade
    this.#gain = Math.max(0, Math.min(1, this.#gain + step))
    return this.#gain * this.#at(this.#read++)
  }

  #runDry(): number {
    this.#isPlaying = false
    this.#gain = 0
    this.#dryAt = this.#isCleared ? undefined : this.#now
    return 0
  }

  /** Leaves out what was not needed for a while. */
  #trim(): void {
    const excess = this.#least - this.#target
    if (this.#isPlaying && excess > FAR_BEHIND * this.#perMs) this.#skip(Math.round(excess))
    else if (this.#isPlaying && excess > LONGEST_CUT * this.#perMs) this.#cut()
    if (this.#now >= this.#relaxAt) this.#relax()
    this.#beginPeriod()
  }

  /** Aims at less by what nothing has needed. */
  #relax(): void {
    const unneeded = Math.max(0, this.#slack - MARGIN * this.#perMs)
    if (unneeded < Infinity) this.#target = Math.max(LEAST_TARGET * this.#perMs, this.#target - unneeded)
    this.#slack = Infinity
    this.#relaxAt = this.#now + RELAX_PERIOD * this.#perMs
  }

  #beginPeriod(): void {
    this.#least = Infinity
    this.#trimAt = this.#now + TRIM_PERIOD * this.#perMs
  }

  /** Leaves out a piece, where what lies before and behind it is most alike, and fades from one to the other. */
  #cut(): void {
    const length = this.#bestCut()
    const fade = this.#fade
    for (let index = 0; index < fade; index++) {
      const share = index / fade
      const to = this.#read + length + index
      this.#ring[to % this.#ring.length] = this.#at(this.#read + index) * (1 - share) + this.#at(to) * share
    }
    this.#skip(length)
  }

  #bestCut(): number {
    let best = Math.round(LONGEST_CUT * this.#perMs)
    let most = 0
    for (let length = best; length >= SHORTEST_CUT * this.#perMs; length--) {
      const likeness = this.#likeness(length)
      if (likeness > most) [best, most] = [length, likeness]
    }
    return best
  }

  /** How alike what is played next is to what is played so much later: normalized cross-correlation of every other sample. */
  #likeness(distance: number): number {
    let [product, power] = [0, 0]
    for (let at = this.#read; at < this.#read + this.#fade; at += 2) {
      const later = this.#at(at + distance)
      product += this.#at(at) * later
      power += later * later
    }
    return power === 0 ? 0 : product / Math.sqrt(power)
  }

  #skip(samples: number): void {
    this.#read += samples
    this.#dropped += samples
  }

  #at(index: number): number {
    return this.#ring[index % this.#ring.length] ?? 0
  }
}

/** Plays what the page posts: chunks of samples, or `'clear'`. Posts how many were played, and twice a second a report. */
class Playback extends AudioWorkletProcessor {
  readonly #buffer = new JitterBuffer(sampleRate)
  #untilReport = sampleRate / 2
  #told = 0

  constructor() {
    super()
    this.port.addEventListener('message', ({ data }: MessageEvent<Float32Array | 'clear'>) => {
      if (data === 'clear') this.#buffer.clear()
      else this.#buffer.push(data)
    })
    this.port.start()
  }

  process(_: Float32Array[][], [[output]]: [[Float32Array]]): boolean {
    this.#buffer.read(output)
    this.#tellPlayed()
    this.#untilReport -= output.length
    if (this.#untilReport <= 0) {
      this.#untilReport += sampleRate / 2
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
      this.port.postMessage(this.#buffer.report)
    }
    return true
  }

  #tellPlayed(): void {
    const { played, isEmpty } = this.#buffer
    if (played - this.#told < (isEmpty ? 1 : TOLD_CHUNKS)) return
    this.#told = played
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
    this.port.postMessage(played)
  }
}

registerProcessor('parley-playback', Playback)
