// Runs on the browser's audio thread, and imports nothing, so that bundlers may move it about as it is.

/** What the audio thread knows (Web Audio API, section 1.32). */
declare const sampleRate: number
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}
declare function registerProcessor(name: string, processor: typeof AudioWorkletProcessor): void

/** Hands over what comes in as chunks of 20 ms, mixed to one channel. */
class Capture extends AudioWorkletProcessor {
  readonly #length = Math.round(sampleRate / 50)
  #chunk = new Float32Array(this.#length)
  #filled = 0

  process([channels = []]: Float32Array[][]): boolean {
    const length = channels[0]?.length ?? 0
    for (let index = 0; index < length; index++) {
      let sum = 0
      for (const channel of channels) sum += channel[index] ?? 0
      this.#add(sum / channels.length)
    }
    return true
  }

  #add(sample: number): void {
    this.#chunk[this.#filled++] = sample
    if (this.#filled < this.#length) return
    // What is handed over is here no more.
    this.port.postMessage(this.#chunk, [this.#chunk.buffer])
    this.#chunk = new Float32Array(this.#length)
    this.#filled = 0
  }
}

registerProcessor('parley-capture', Capture)
