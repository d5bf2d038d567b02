import test from 'ava'
import { type EmitType, type Played, PlayedMark, StreamHandler } from '../../src/index.ts'
import { type Call, call } from '../helpers/call.ts'

/** Emits a list of values, then nothing. */
class Emits extends StreamHandler {
  readonly #values: EmitType[]
  constructor(...values: EmitType[]) {
    super()
    this.#values = values
  }
  override receive(): void {}
  override emit(): EmitType {
    return this.#values.shift()
  }
  override copy(): Emits {
    return new Emits(...this.#values)
  }
}

const CHUNK = [24_000, new Int16Array(2400)] as const

function emit(...values: EmitType[]): Call & { told: [PlayedMark, Played][] } {
  const made = call(new Emits(), { connected: false })
  const told: [PlayedMark, Played][] = []
  made.core.session.on('played', (...event) => told.push(event))
  const handler = made.core.handler as Emits
  handler.emit = () => values.shift()
  made.link.event({ kind: 'connected' })
  return { ...made, told }
}

test('a mark beside audio is about that chunk, one alone about all since the mark before', (t) => {
  const { link, core } = emit(
    [CHUNK, new PlayedMark('a')],
    [[48_000, new Float32Array(960), 'stereo'], new PlayedMark('b')],
    new PlayedMark('c'),
  )
  t.deepEqual(link.marks, [
    [0, 100],
    [1, 10],
    [2, undefined],
  ])
  t.is(link.written.length, 2)
  core.close('done')
})

test('what the engine says of a mark reaches the mark and the listeners of the session', async (t) => {
  const mark = new PlayedMark('greeting')
  const { link, core, told } = emit([CHUNK, mark])
  link.event({ kind: 'played', mark: 0, playedMs: 64, lengthMs: 100 })
  const played = { playedMs: 64, lengthMs: 100, complete: false }
  t.deepEqual(await mark.played, played)
  t.deepEqual(told, [[mark, played]])
  core.close('done')
})

test('a mark whose audio was heard in full is complete', async (t) => {
  const mark = new PlayedMark()
  const { link, core } = emit([CHUNK, mark])
  link.event({ kind: 'played', mark: 0, playedMs: 100, lengthMs: 100 })
  t.true((await mark.played).complete)
  t.is(mark.name, '')
  core.close('done')
})

test('what is told of a mark after the end reaches the mark, but no listener', async (t) => {
  const mark = new PlayedMark()
  const { link, core, told } = emit([CHUNK, mark])
  link.close = () => undefined
  core.close('done')
  link.event({ kind: 'played', mark: 0, playedMs: 60, lengthMs: 100 })
  t.is((await mark.played).playedMs, 60)
  t.deepEqual(told, [], 'closed was the last event')
})

test('a mark that the engine never passed is told when the session ends', async (t) => {
  const mark = new PlayedMark()
  const { core } = emit([CHUNK, mark])
  core.close('done')
  t.deepEqual(await mark.played, { playedMs: 0, lengthMs: 0, complete: false })
})

test('a mark emitted when the media have ended is told that nothing was heard', async (t) => {
  const mark = new PlayedMark()
  const { link, core } = emit()
  link.hasEnded = true
  t.throws(() => core.onMark(mark, 20))
  t.false((await mark.played).complete)
  core.close('done')
})

test('a mark emitted twice is refused by name, and the audio of both is played', (t) => {
  const mark = new PlayedMark('twice')
  const { link, core, log } = emit([CHUNK, mark], [CHUNK, mark])
  t.is(link.written.length, 2)
  t.is(link.marks.length, 1)
  t.regex(log.lines.join('\n'), /the PlayedMark 'twice' twice/)
  core.close('done')
})

test('the name of a mark must be a string', (t) => {
  // @ts-expect-error -- what a program without types may do
  t.throws(() => new PlayedMark(7), { instanceOf: TypeError, message: /a string, not 7/ })
})

test('a session says how much was heard and how much waits', (t) => {
  const { link, core } = emit(CHUNK)
  link.heardMs = 120
  t.is(core.session.playedMs, 120)
  t.is(core.session.queuedMs, 100)
  core.close('done')
})
