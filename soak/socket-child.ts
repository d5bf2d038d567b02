// Callers over WebSockets, in a process of their own, which ends with its parent: see socket-callers.ts.
import { WebSocket } from 'ws'
import type { Order, SocketKind } from './socket-callers.ts'

/** 20 ms, at the 48 kHz of a page and at the 8 kHz of a telephone: not silent, and no more is asked of it. */
const PAYLOADS: Readonly<Record<SocketKind, string>> = { page: spoken(960), phone: spoken(160) }
const FRAME_MS = 20

const sockets = new Map<string, { readonly socket: WebSocket; readonly kind: SocketKind }>()

function spoken(bytes: number): string {
  return Buffer.from(Array.from({ length: bytes }, (_, at) => (at & 16 ? 0x10 : 0x90))).toString('base64')
}

function obey({ what, id, url }: Order): void {
  if (what === 'page' || what === 'phone') return connect(what, id, url ?? '')
  const { socket, kind } = sockets.get(id) ?? {}
  if (what === 'vanish') socket?.terminate()
  else if (kind === 'phone') socket?.send(JSON.stringify({ event: 'stop', streamSid: id }))
  else socket?.close()
}

function connect(kind: SocketKind, id: string, url: string): void {
  const socket = new WebSocket(url)
  sockets.set(id, { socket, kind })
  // How it ends is what the run is about.
  socket.on('error', () => undefined)
  let speaks: NodeJS.Timeout | undefined
  socket.once('open', () => {
    socket.send(JSON.stringify(startOf(kind, id)))
    const media = JSON.stringify({
      event: 'media',
      streamSid: id,
      media: { track: 'inbound', payload: PAYLOADS[kind] },
    })
    speaks = setInterval(() => {
      if (socket.readyState === WebSocket.OPEN) socket.send(media)
    }, FRAME_MS)
  })
  socket.once('close', () => {
    clearInterval(speaks)
    sockets.delete(id)
    process.send?.(id)
  })
}

function startOf(kind: SocketKind, id: string): object {
  if (kind === 'page') return { event: 'start', websocket_id: id }
  const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }
  return {
    event: 'start',
    streamSid: id,
    start: { streamSid: id, callSid: `CA-${id}`, mediaFormat, customParameters: {} },
  }
}

process.on('message', obey)
process.on('disconnect', () => process.exit())
