import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import type { ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'

/** Decides what happens to a packet of media: RTP or RTCP, encrypted. */
export type Drop = (packet: Packet) => boolean

/** What can be told of an encrypted packet. */
export interface Packet {
  /** To the server or to the page. */
  readonly to: 'server' | 'page'
  /** Whether it is RTCP. */
  readonly isRtcp: boolean
  /** Of RTP. */
  readonly payloadType: number
  /** Of RTP: the last packet of a picture has it. */
  readonly marker: boolean
  readonly bytes: number
}

/** Stands between a page and the server, loses what it is told to lose, and is as narrow as it is told to be. */
export class LossyRelay {
  /** Nothing at first. */
  drop: Drop = () => false
  /** How many bits of media a second come to a page; what is more waits. Infinite at first. */
  bitrate = Infinity
  /** How many packets of media went through, and how many didn't. */
  readonly counts = { passed: 0, dropped: 0 }
  readonly #sockets: Socket[] = []

  /** Has a page's next call go through a relay, which ends with the test. */
  static async before(t: Pick<ExecutionContext, 'teardown'>, page: Page): Promise<LossyRelay> {
    const relay = new LossyRelay()
    t.teardown(() => relay.#close())
    await page.exposeFunction('relayPort', (port: number) => relay.#portFor(port))
    await page.evaluate(GO_THROUGH)
    return relay
  }

  async #portFor(serverPort: number): Promise<number> {
    const front = await this.#bind()
    const backs = new Map<number, Promise<Socket>>()
    front.on('message', (packet, { port }) => {
      if (!this.#passes(packet, 'server')) return
      const back = backs.get(port) ?? this.#back(front, port)
      backs.set(port, back)
      void back.then((socket) => this.#send(socket, packet, serverPort))
    })
    return front.address().port
  }

  async #back(front: Socket, clientPort: number): Promise<Socket> {
    const back = await this.#bind()
    let isFreeAt = 0
    back.on('message', (packet) => {
      if (!this.#passes(packet, 'page')) return
      const now = performance.now()
      isFreeAt = Math.max(now, isFreeAt) + (isMedia(packet) ? (packet.length * 8000) / this.bitrate : 0)
      if (isFreeAt <= now) this.#send(front, packet, clientPort)
      else setTimeout(() => this.#send(front, packet, clientPort), isFreeAt - now)
    })
    return back
  }

  #send(socket: Socket, packet: Buffer, port: number): void {
    if (this.#sockets.includes(socket)) socket.send(packet, port, '127.0.0.1')
  }

  #passes(packet: Buffer, to: Packet['to']): boolean {
    const [, second = 0] = packet
    if (!isMedia(packet)) return true
    // Payload types of RTCP, with the marker's bit (RFC 5761, section 4).
    const isRtcp = second >= 192 && second <= 223
    const isDropped = this.drop({ to, isRtcp, payloadType: second & 127, marker: second > 127, bytes: packet.length })
    this.counts[isDropped ? 'dropped' : 'passed']++
    return !isDropped
  }

  async #bind(): Promise<Socket> {
    const socket = createSocket('udp4')
    this.#sockets.push(socket)
    // A peer that has gone is told as an error of the socket.
    socket.on('error', () => undefined)
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return socket
  }

  #close(): void {
    for (const socket of this.#sockets.splice(0)) socket.close()
  }
}

/** What else goes over the same port isn't media (RFC 7983). */
function isMedia([first = 0]: Buffer): boolean {
  return first >= 128 && first <= 191
}

/** The server learns none of the page's addresses, and the page the relay's in place of the server's. */
const GO_THROUGH = `{
  const direct = globalThis.fetch.bind(globalThis)
  globalThis.fetch = async (url, init) => {
    if (!String(url).endsWith('webrtc/offer')) return direct(url, init)
    const body = JSON.parse(init.body)
    if (body.type === 'ice-candidate') return Response.json({ status: 'success' })
    body.sdp = body.sdp.replaceAll(/a=(candidate|end-of-candidates).*\\r\\n/g, '')
    const answer = await (await direct(url, { ...init, body: JSON.stringify(body) })).json()
    const line = /(a=candidate:\\S+ \\d udp \\d+ 127\\.0\\.0\\.1) (\\d+)/gi
    const ports = new Map()
    for (const [, , port] of answer.sdp.matchAll(line)) {
      if (!ports.has(port)) ports.set(port, await globalThis.relayPort(Number(port)))
    }
    answer.sdp = answer.sdp.replaceAll(line, (_, start, port) => start + ' ' + ports.get(port))
    return Response.json(answer)
  }
}`
