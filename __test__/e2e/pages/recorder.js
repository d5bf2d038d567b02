// Hands over what goes through it. Runs on the browser's audio thread.
registerProcessor(
  'recorder',
  class extends AudioWorkletProcessor {
    process([input]) {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window
      this.port.postMessage(input.map((channel) => channel.slice()))
      return true
    }
  },
)
