import { readFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import type { LinkSettings } from '../../src/native/host.ts'
import type { NativeLink } from '../../src/native/native-link.ts'
import type { ReplyMode, SpeechEvent, SpeechSettings } from '../../src/native/speech.ts'
import { TestPeer } from '../../src/native/test-peer.ts'
import { linkSettings } from '../../src/stream/link-settings.ts'
import { resolveOptions } from '../../src/stream/resolve-options.ts'
import { Echo } from '../helpers/echo.ts'

const handler = new Echo()
const settings: LinkSettings = linkSettings(resolveOptions({ handler }), handler)

const SPEECH: SpeechSettings = {
  windowMs: 600,
  startedMs: 200,
  interruptMs: 120,
  pauseMs: 100,
  maxContinuousMs: Infinity,
  threshold: 0.5,
  minSpeechMs: 250,
  minSilenceMs: 2000,
  padMs: 400,
  probabilities: false,
  echoGuard: true,
}

/** A recording of `fixtures/speech`: 16 kHz, mono, behind a header of 44 bytes. */
function said(name: string): Int16Array {
  const wav = readFileSync(new URL(`../../fixtures/speech/${name}.wav`, import.meta.url))
  return new Int16Array(Uint8Array.from(wav.subarray(44)).buffer)
}

/** So many seconds of a tone at 24 kHz. */
function tone(hz: number, seconds: number): Int16Array {
  return Int16Array.from({ length: 24_000 * seconds }, (_, n) => 8000 * Math.sin((2 * Math.PI * hz * n) / 24_000))
}

/** A call in virtual time whose session listens for speech. */
class Scene {
  readonly events: SpeechEvent[] = []
  frames = 0
  readonly #peer: TestPeer
  readonly #link: NativeLink

  static async make(t: ExecutionContext, speech: Partial<SpeechSettings> = {}): Promise<Scene> {
    const network = { seed: 1, latencyMs: 10, jitterMs: 0, loss: 0, reordering: 0, duplicates: 0 }
    const peer = await TestPeer.make({ mode: 'send-receive', audio: true, video: false, channels: 1, seed: 1, network })
    t.teardown(() => peer.end())
    const scene = new Scene(peer, peer.accept(settings, peer.offer(), { now: () => peer.nowMs } as never))
    scene.link.listenForSpeech({ ...SPEECH, ...speech })
    scene.run(3000)
    return scene
  }

  private constructor(peer: TestPeer, link: NativeLink) {
    this.#peer = peer
    this.#link = link
    link.listen({
      onAudio: () => this.#read(),
      onRoom: () => undefined,
      onEvent: (event) => void (event.kind === 'answer' && peer.answered(event.sdp)),
    })
  }

  get link(): NativeLink {
    return this.#link
  }

  /** Lets time pass. */
  run(ms: number): void {
    const end = this.#peer.nowMs + ms
    while (this.#peer.nowMs < end) this.#peer.advance(end - this.#peer.nowMs)
  }

  /** The caller says something, and two more seconds pass. */
  hear(name: string): void {
    const samples = said(name)
    this.#peer.speak(samples, 16_000, 1)
    this.run(samples.length / 16 + 2000)
  }

  /** Loudness of what the caller heard in the last so many ms, as the largest sample. */
  loudest(ms: number): number {
    const { samples } = this.#peer.takeHeard()
    return samples.slice(-48 * ms).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
  }

  #read(): void {
    if (this.#link.readAudio(new Int16Array(960)) > 0) this.frames++
    for (let event = this.#link.readSpeech(); event !== undefined; event = this.#link.readSpeech()) {
      this.events.push(event)
    }
  }
}

test('a sentence is told as a start, its end and a turn with its audio, and no frame is handed out', async (t) => {
  const scene = await Scene.make(t)
  scene.hear('greeting')
  t.deepEqual(
    scene.events.map(({ kind }) => kind),
    ['started', 'stopped', 'pause'],
  )
  const [started, stopped, pause] = scene.events
  if (started?.kind !== 'started' || stopped?.kind !== 'stopped' || pause?.kind !== 'pause') return t.fail()
  t.is(started.interrupted, undefined)
  t.true(started.at < started.foundAt && started.at < stopped.at && stopped.at < pause.foundAt)
  t.is(pause.reason, 'pause')
  t.true(Math.abs(pause.audio.length - (pause.to - pause.from) * settings.inputSampleRate) < 4)
  t.true(pause.from < started.at - 0.3 && pause.to > stopped.at)
  t.is(scene.frames, 0)
})

test('a start over a reply silences it although nobody reads what is told', async (t) => {
  const scene = await Scene.make(t)
  scene.link.listen({ onAudio: () => undefined, onRoom: () => undefined, onEvent: () => undefined })
  scene.link.setReply('interruptible')
  scene.link.writeAudio(tone(440, 30), 24_000, 1)
  scene.run(1000)
  t.true(scene.loudest(500) > 4000)
  scene.hear('interruption')
  t.is(scene.loudest(500), 0)
  t.is(scene.link.queuedMs(), 0)
  const event = scene.link.readSpeech()
  const heardMs = event?.kind === 'started' ? (event.interrupted?.heardMs ?? 0) : 0
  t.true(heardMs > 1000 && heardMs < 3000, `${heardMs} ms`)
  t.true(Math.abs(heardMs - scene.link.playedMs()) < 60)
})

test('the turn so far is told when it is asked for, and taken', async (t) => {
  const scene = await Scene.make(t, { windowMs: 10_000 })
  scene.hear('question')
  scene.link.peekTurn()
  scene.link.takeTurn()
  scene.link.takeTurn()
  scene.run(100)
  t.deepEqual(
    scene.events.map(({ kind }) => kind),
    ['started', 'stopped', 'peeked', 'pause', 'pause'],
  )
  const [, , peeked, taken, empty] = scene.events
  if (peeked?.kind !== 'peeked' || taken?.kind !== 'pause' || empty?.kind !== 'pause') return t.fail()
  t.deepEqual(peeked.audio, taken.audio)
  t.true(taken.audio.length > 2 * settings.inputSampleRate)
  t.deepEqual([taken.reason, empty.reason, empty.audio.length], ['taken', 'taken', 0])
})

test('probabilities are told when they are asked for', async (t) => {
  const scene = await Scene.make(t, { probabilities: true })
  scene.events.length = 0
  scene.run(3200)
  t.is(scene.events.length, 100)
  t.true(scene.events.every((event) => event.kind === 'probability' && event.probability < 0.5))
})

test('a setting that is out of range is refused by name', async (t) => {
  const { link } = await Scene.make(t)
  const refused: Partial<SpeechSettings>[] = [{ windowMs: 0 }, { threshold: 2 }, { padMs: -1 }, { startedMs: NaN }]
  for (const wrong of refused) {
    const [name = ''] = Object.keys(wrong)
    t.throws(() => link.listenForSpeech({ ...SPEECH, ...wrong }), { instanceOf: RangeError, message: new RegExp(name) })
  }
  t.throws(() => link.setReply('loud' as ReplyMode), { message: /loud/ })
})
