/** Takes what a microphone records, in chunks of 20 ms at the rate of the audio hardware. */
export class Capture {
  readonly #context: AudioContext
  readonly #node: AudioWorkletNode
  #source: MediaStreamAudioSourceNode | undefined

  /**
   * @param context - whose worklets are loaded
   * @param onChunk - gets mono samples from -1 to 1
   */
  constructor(context: AudioContext, onChunk: (samples: Float32Array) => void) {
    this.#context = context
    this.#node = new AudioWorkletNode(context, 'parley-capture')
    this.#node.port.addEventListener('message', ({ data }: MessageEvent<Float32Array>) => onChunk(data))
    this.#node.port.start()
    // It says nothing, but browsers run what leads to the loudspeaker alone.
    this.#node.connect(context.destination)
  }

  /**
   * Records this from now on, instead of what was before.
   *
   * @param stream - has an audio track; undefined records nothing
   */
  record(stream: MediaStream | undefined): void {
    this.#source?.disconnect()
    this.#source = stream && this.#context.createMediaStreamSource(stream)
    this.#source?.connect(this.#node)
  }
}
