import test from 'ava'
import { AsyncStreamHandler } from '../../src/index.ts'
import type { AudioFrame, EmitType, VideoFrame } from '../../src/index.ts'
import { Recording } from '../../src/testing/index.ts'
import { Firefox } from '../helpers/firefox.ts'
import { CAMERA, numberOf, testPicture, UPRIGHT } from '../helpers/test-picture.ts'
import type { Seen } from '../helpers/test-picture.ts'
import { watchScript } from '../helpers/watch.ts'
import { servePages } from './pages.ts'

/** Waits in the page until so. */
function until(condition: string): string {
  return `while (!(${condition})) await new Promise((resolve) => setTimeout(resolve, 50));`
}

/** Gives back what it hears, and keeps it. */
class Keeping extends AsyncStreamHandler {
  readonly heard: Int16Array[] = []
  #next: ((frame: AudioFrame) => void) | undefined

  override async receive(frame: AudioFrame): Promise<void> {
    this.heard.push(frame[1])
    this.#next?.(frame)
  }

  override emit(): Promise<EmitType> {
    return new Promise((resolve) => (this.#next = resolve))
  }

  override copy(): Keeping {
    return new Keeping()
  }
}

test.serial('Firefox is heard, hears, and exchanges texts', async (t) => {
  const { url, stream } = await servePages(t, { handler: new Keeping() })
  const firefox = await Firefox.launch(t)
  await firefox.goto(`${url}library.html`)
  await firefox.click('#start')
  await firefox.run(until("pc?.connectionState === 'connected' && dataChannel.readyState === 'open'"))
  await firefox.run("dataChannel.send('Grüße 🦜')")
  t.deepEqual(await firefox.run(`${until('messages.length > 0')} return messages`), [
    { type: 'log', data: 'Server received: Grüße 🦜' },
  ])
  // Without a sound card it plays nothing, so what it heard is told by its statistics alone.
  await firefox.run(`for (let packets = 0; packets < 100; ) {
    const report = [...(await pc.getStats()).values()].find(({ type }) => type === 'inbound-rtp')
    packets = report?.packetsReceived ?? 0
    await new Promise((resolve) => setTimeout(resolve, 50))
  }`)
  const [session] = stream.sessions.values()
  const handler = session?.handler as Keeping
  const lastSecond = Int16Array.from(handler.heard.slice(-50).flatMap((samples) => [...samples]))
  const times = Array.from({ length: 50 }, (_, index) => index * 20)
  // Its made-up microphone is a tone of 1,000 Hz.
  t.true(new Recording(lastSecond, times).toneShare(1000) > 0.9)
})

test.serial('Firefox is seen, and sees what a function draws', async (t) => {
  let drawn = 0
  const sizes = new Set<string>()
  const handler = ({ width, height, timestamp }: VideoFrame<Uint8Array>): VideoFrame => {
    sizes.add(`${width} x ${height}`)
    return { width: CAMERA.width, height: CAMERA.height, format: 'i420', data: testPicture(drawn++), timestamp }
  }
  const trackConstraints = { video: { width: 640, height: 480 } }
  const { url } = await servePages(t, { handler, modality: 'video', trackConstraints })
  const firefox = await Firefox.launch(t)
  await firefox.goto(`${url}client.html`)
  await firefox.click('#start')
  await firefox.run(`${await watchScript()}
    document.body.append(Object.assign(document.createElement('video'), { id: 'player' }))
    await start({ media: true, player: document.querySelector('#player') })`)
  const pictures = await firefox.run<Seen[]>("return watch(document.querySelector('#player'), 30)")
  for (const { corners } of pictures.slice(1)) t.deepEqual(corners, UPRIGHT)
  t.true(new Set(pictures.map(numberOf)).size > 10, 'it moves')
  t.true(sizes.size > 0, 'and its camera came')
})
