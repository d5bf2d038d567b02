// Calls, and keeps what the microphone said and what was heard, on one clock.

const microphone = { echoCancellation: false, noiseSuppression: false, autoGainControl: false }

/**
 * Calls for so long, as pages of their own do by WebRTC, or with the client module over a WebSocket. The microphone is opened first, so what it plays begins when the recording does.
 *
 * @param {number} seconds - from the first sample of the microphone on
 * @param {'webrtc' | 'websocket'} transport - which of these; over a WebSocket no packets are seen
 * @returns {Promise<{ said: string, heard: string, packets: number[], messages: unknown[] }>} both recordings as base64 of
 *   16-bit PCM at 48 kHz, when packets with audio came (ms since the epoch, with fractions), and the messages
 */
async function converse(seconds, transport) {
  const [context, input] = await Promise.all([
    audioContext(),
    navigator.mediaDevices.getUserMedia({ audio: microphone }),
  ])
  const merger = new ChannelMergerNode(context, { numberOfInputs: 2 })
  context.createMediaStreamSource(input).connect(merger, 0, 0)
  const recorded = record(context, merger, seconds)
  const connect = transport === 'websocket' ? connectBySocket : connectByWebRtc
  const call = await connect(input, (heard) => context.createMediaStreamSource(heard).connect(merger, 0, 1))
  const [said, heard] = await recorded
  call.close()
  await context.close()
  return { said: base64(said), heard: base64(heard), packets: call.packets, messages: call.messages }
}

async function audioContext() {
  const context = new AudioContext({ sampleRate: 48000 })
  await context.audioWorklet.addModule('recorder.js')
  await context.resume()
  return context
}

function record(context, source, seconds) {
  const recorder = new AudioWorkletNode(context, 'recorder', { channelCount: 2, channelCountMode: 'explicit' })
  source.connect(recorder).connect(context.destination)
  const length = seconds * context.sampleRate
  const sides = [new Int16Array(length), new Int16Array(length)]
  let filled = 0
  return new Promise((resolve) => {
    recorder.port.addEventListener('message', ({ data }) => {
      // Before the microphone runs there is less.
      if (data.length < 2) return
      const most = Math.min(data[0].length, length - filled)
      sides.forEach((side, index) => side.set(pcm(data[index].subarray(0, most)), filled))
      filled += most
      if (filled === length) resolve(sides)
    })
    recorder.port.start()
  })
}

async function connectBySocket(input, onHeard) {
  const messages = []
  const parley = await import('/client/connect.js')
  const onMessage = (message) => messages.push(message)
  const call = await parley.connect({ media: input, transport: 'websocket', player: null, onMessage })
  onHeard(call.remoteStream)
  return { close: () => call.close(), packets: [], messages }
}

async function connectByWebRtc(input, onHeard) {
  const [packets, messages] = [[], []]
  const pc = new RTCPeerConnection({ encodedInsertableStreams: true })
  pc.addEventListener('track', ({ receiver, streams: [heard] }) => {
    watch(receiver, packets)
    // Without an element to play it a remote stream is silent (crbug.com/121673).
    const element = Object.assign(new Audio(), { srcObject: heard })
    void element.play()
    onHeard(heard)
  })
  for (const track of input.getTracks()) pass(pc.addTrack(track, input))
  const channel = pc.createDataChannel('text')
  channel.addEventListener('message', ({ data }) => messages.push(JSON.parse(data)))
  await pc.setLocalDescription()
  await gathered(pc)
  const { sdp, type } = pc.localDescription
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ sdp, type, webrtc_id: crypto.randomUUID() })
  const response = await fetch('/webrtc/offer', { method: 'POST', headers, body })
  await pc.setRemoteDescription(await response.json())
  return { close: () => pc.close(), packets, messages }
}

/** Lets packets through, for the connection asks for somebody who does. */
function pass(sender) {
  const { readable, writable } = sender.createEncodedStreams()
  void readable.pipeTo(writable)
}

/** Lets packets through, and keeps when each came. */
function watch(receiver, packets) {
  const { readable, writable } = receiver.createEncodedStreams()
  const stamp = new TransformStream({
    transform(packet, controller) {
      packets.push(performance.timeOrigin + performance.now())
      controller.enqueue(packet)
    },
  })
  void readable.pipeThrough(stamp).pipeTo(writable)
}

function gathered(pc) {
  if (pc.iceGatheringState === 'complete') return
  return new Promise((resolve) => {
    pc.addEventListener('icegatheringstatechange', () => pc.iceGatheringState === 'complete' && resolve())
  })
}

function pcm(samples) {
  return Int16Array.from(samples, (sample) => Math.max(-1, Math.min(1, sample)) * 32767)
}

function base64(samples) {
  const bytes = new Uint8Array(samples.buffer)
  let text = ''
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768))
  return btoa(text)
}

globalThis.converse = converse
