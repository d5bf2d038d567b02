import type { PlaybackReport } from './playback-worklet.ts'

const NOTHING: PlaybackReport = { bufferedMs: 0, targetMs: 0, droppedMs: 0, underruns: 0 }

/** Plays what arrives, after a buffer that hides how irregularly it does. */
export class Playback {
  /** What is played: a track that ends with the context. */
  readonly stream: MediaStream
  readonly #context: AudioContext
  readonly #node: AudioWorkletNode
  readonly #onPlayed: (chunks: number) => void
  #report = NOTHING
  /** Chunks that were dropped here, and those that the audio thread has played. */
  #dropped = 0
  #played = 0

  /**
   * @param context - whose worklets are loaded
   * @param onPlayed - is told now and then how many chunks have been played so far, or left out
   */
  constructor(context: AudioContext, onPlayed: (chunks: number) => void) {
    this.#context = context
    this.#onPlayed = onPlayed
    this.#node = new AudioWorkletNode(context, 'parley-playback', { numberOfInputs: 0, outputChannelCount: [1] })
    this.#node.port.addEventListener('message', ({ data }: MessageEvent<PlaybackReport | number>) => {
      if (typeof data === 'number') this.#setPlayed(data)
      else this.#report = data
    })
    this.#node.port.start()
    const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 1 })
    this.#node.connect(destination)
    this.stream = destination.stream
  }

  /** How playing goes, half a second ago at most. */
  get report(): PlaybackReport {
    return this.#report
  }

  /**
   * Plays what arrived, in its turn.
   *
   * @param samples - a chunk: mono, at the context's rate
   */
  play(samples: Float32Array): void {
    // While the browser waits for a touch nothing is taken from the port, and would all be heard later.
    if (this.#context.state === 'running') this.#node.port.postMessage(samples, [samples.buffer])
    else this.#drop()
  }

  /** Drops what isn't heard yet. */
  clear(): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
    this.#node.port.postMessage('clear')
  }

  #setPlayed(chunks: number): void {
    this.#played = chunks
    this.#onPlayed(this.#played + this.#dropped)
  }

  #drop(): void {
    this.#dropped++
    this.#onPlayed(this.#played + this.#dropped)
  }
}
