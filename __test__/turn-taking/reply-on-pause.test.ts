import test from 'ava'
import {
  AdditionalOutputs,
  type AudioFrame,
  CloseStream,
  type EmitType,
  getCurrentContext,
  PlayedMark,
  type ReplyContext,
  type ReplyFunction,
  ReplyOnPause,
  type ReplyOnPauseOptions,
  ReplyOnStopWords,
  type Turn,
} from '../../src/index.ts'
import { until } from '../helpers/call.ts'
import { callTurns, chunk, logs, orders, paused, settleReply, started, written } from '../helpers/turns.ts'

/** Says what it heard, in chunks of 20 ms. */
function* echo([, audio]: AudioFrame): Generator<EmitType> {
  yield chunk(audio[0])
  yield chunk(audio[0])
}

test('the engine is told how to listen, and frames are never asked for', (t) => {
  const { link } = callTurns(new ReplyOnPause(echo))
  t.deepEqual(link.speechSettings, {
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
  })
})

test('a turn is replied to once the speaker pauses, and the client is told each step once', async (t) => {
  const called = callTurns(new ReplyOnPause(echo))
  called.link.find(started(1), { kind: 'stopped', at: 2, foundAt: 2.5 }, paused(2, 7))
  await settleReply()
  t.deepEqual(written(called), [7, 7])
  t.deepEqual(logs(called), ['started_talking', 'pause_detected', 'response_starting'])
  const turn: Turn = { number: 1, from: 1, to: 2, foundAt: 2.5, audioSeconds: 0.02, reason: 'pause' }
  t.deepEqual(called.news, [
    ['speech-start', { at: 1, foundAt: 1.2 }],
    ['speech-end', { at: 2, foundAt: 2.5 }],
    ['turn', turn],
  ])
  t.deepEqual(orders(called), ['interruptible'])
})

test('a reply is over when it was heard, and the next turn is the second', async (t) => {
  const called = callTurns(new ReplyOnPause(echo))
  called.link.find(started(1), paused(2, 7))
  await settleReply()
  called.link.play(40)
  await until(() => orders(called).length === 2)
  called.link.find(started(5), paused(6, 8))
  await settleReply()
  t.deepEqual(written(called), [7, 7, 8, 8])
  t.deepEqual(orders(called), ['interruptible', 'none', 'interruptible'])
  t.deepEqual(
    called.news.filter(([name]) => name === 'turn').map(([, turn]) => (turn as Turn).number),
    [1, 2],
  )
})

test('an asynchronous generator replies too, in the context of its session', async (t) => {
  const handler = new ReplyOnPause(async function* () {
    t.is(getCurrentContext().webrtcId, 'id')
    await Promise.resolve()
    yield chunk(1)
    t.is(getCurrentContext().webrtcId, 'id')
    yield chunk(2)
  })
  const called = callTurns(handler)
  called.link.find(started(1), paused(2))
  await settleReply()
  t.deepEqual(written(called), [1, 2])
})

test('an interruption ends the generator, aborts its signal and clears the queue', async (t) => {
  const events: string[] = []
  const handler = new ReplyOnPause(
    async function* (_, { signal, turn, session }) {
      signal.addEventListener('abort', () => events.push(`aborted ${(signal.reason as Error).name}`))
      events.push(`turn ${turn.number} of ${session.id}, heard ${turn.heardMs}`)
      try {
        for (;;) yield chunk(turn.number)
      } finally {
        events.push(`finally ${turn.number}`)
      }
    },
    { needsContext: true },
  )
  const called = callTurns(handler)
  called.link.find(started(1), paused(2))
  await until(() => called.link.depthMs > 400)
  called.link.heardMs = 300
  called.link.find(started(3, { heardMs: 310 }))
  t.false(called.link.isSilenced)
  await settleReply()
  t.deepEqual(events, ['turn 1 of id, heard undefined', 'aborted AbortError', 'finally 1'])
  t.deepEqual(called.news.at(-1), ['interrupted', { at: 3, foundAt: 3.2, heardMs: 310 }])
  t.deepEqual(orders(called), ['interruptible', 'none'])
  called.link.find(paused(4))
  await settleReply()
  t.is(events.at(-1), 'turn 2 of id, heard 310')
  called.link.event({ kind: 'closed', code: 'peer' })
  await until(() => events.at(-1) === 'finally 2')
  t.is(events.at(-2), 'aborted AbortError')
})

test('a function that wants a context, and is given none, is told which option gives it one', async (t) => {
  const reply = function* (_: AudioFrame, { turn }: ReplyContext): Generator<EmitType> {
    yield chunk(turn.number)
  }
  const wants = async (fn: unknown, options: ReplyOnPauseOptions, args?: unknown[]): Promise<string> => {
    const called = callTurns(new ReplyOnPause(fn as () => [], options))
    if (args !== undefined) called.core.handler.setArgs(['__webrtc_value__', ...args])
    called.link.find(started(1), paused(2))
    await settleReply()
    return called.link.told.flatMap(({ type, data }) => (type === 'error' ? [String(data)] : [])).join()
  }
  t.regex(await wants(reply, {}), /turn.*\(the function is given no context: .*needsContext: true/)
  t.regex(await wants(reply, { needsArgs: true }, []), /fewer arguments than .*needsContext: true/)
  t.is(await wants(reply, { needsContext: true }), '')
  const greeter = callTurns(new ReplyOnPause(echo, { startupFn: ({ turn }: ReplyContext) => [chunk(turn.number)] }))
  await settleReply()
  t.regex(String(greeter.link.told.at(-1)?.data), /no context: .*needsContext: true/)
  const own = (): never => {
    throw new TypeError('of its own')
  }
  t.is(await wants(own, {}), 'of its own')
})

test('tsc takes functions of a context with needsContext, and refuses them without', (t) => {
  const reply = function* (audio: AudioFrame, { turn }: { turn: { number: number } }): Generator<EmitType> {
    if (turn.number > 0) yield audio
  }
  const stt = { stt: async () => '' }
  // What counts here is that tsc takes these lines, and not those that it is expected to refuse.
  t.notThrows(() => [
    new ReplyOnPause(reply, { needsContext: true }),
    new ReplyOnPause(
      async function* ([rate, audio], { signal, turn }) {
        if (!signal.aborted && turn.number > 0) yield [rate, audio]
      },
      { needsContext: true, canInterrupt: false },
    ),
    new ReplyOnPause(
      function* (audio, name: string, { turn }: ReplyContext) {
        if (turn.number > 0 && name !== '') yield audio
      },
      { needsArgs: true, needsContext: true },
    ),
    new ReplyOnPause((audio) => [audio], { needsContext: true }),
    new ReplyOnPause((audio: AudioFrame, context?: ReplyContext) => (context === undefined ? [] : [audio])),
    new ReplyOnStopWords(reply, ['computer'], { stt, needsContext: true }),
    new ReplyOnStopWords((audio) => [audio], ['computer'], { stt }),
    new Wrapper(reply, { needsContext: true }),
    // @ts-expect-error -- needsContext: true is missing
    new ReplyOnPause(reply),
    // @ts-expect-error -- as above
    new ReplyOnPause(reply, { canInterrupt: false }),
    // @ts-expect-error -- as above
    new ReplyOnPause(reply, { needsContext: false }),
    // @ts-expect-error -- as above
    new ReplyOnStopWords(reply, ['computer'], { stt }),
    // @ts-expect-error -- needsArgs: true is missing
    new ReplyOnPause((audio: AudioFrame, name: string) => (name === '' ? [] : [audio])),
  ])
})

/** A subclass that hands on what it doesn't know. */
class Wrapper extends ReplyOnPause {
  constructor(fn: ReplyFunction, options: ReplyOnPauseOptions) {
    super(fn, { ...options, inputSampleRate: 16_000 })
  }
}

test('an interruption is measured by what was heard when the engine does not say it', async (t) => {
  const handler = new ReplyOnPause(function* () {
    for (;;) yield chunk()
  })
  const called = callTurns(handler)
  called.link.heardMs = 1000
  called.link.find(started(1), paused(2))
  await settleReply()
  called.link.heardMs = 1240
  called.link.find(started(3))
  t.deepEqual(called.news.at(-1), ['interrupted', { at: 3, foundAt: 3.2, heardMs: 240 }])
  t.is(called.link.depthMs, 0)
})

test('speech that begins with the last word of a reply is no interruption', async (t) => {
  const called = callTurns(new ReplyOnPause(echo))
  called.link.find(started(1), paused(2))
  await settleReply()
  called.link.heardMs = 38
  called.link.find(started(3, { heardMs: 38 }))
  t.false(called.news.some(([name]) => name === 'interrupted'))
  t.false(called.link.isSilenced, 'the engine dropped it, and has to be told that we know')
  called.link.find(paused(4, 9))
  await settleReply()
  t.deepEqual(written(called), [1, 1, 9, 9])
})

test('an error of the function is told, and the next turn works', async (t) => {
  let calls = 0
  const handler = new ReplyOnPause(function* () {
    yield chunk(++calls)
    if (calls === 1) throw new Error('The model is busy')
  })
  const called = callTurns(handler)
  const errors: string[] = []
  called.core.session.on('error', (error) => errors.push(error.message))
  called.link.find(started(1), paused(2))
  await settleReply()
  t.deepEqual(errors, ['The model is busy'])
  t.like(called.link.told.at(-1), { type: 'error', message: 'The model is busy', data: 'The model is busy' })
  called.link.play(20)
  await until(() => orders(called).at(-1) === 'none')
  called.link.find(started(5), paused(6))
  await settleReply()
  t.deepEqual(written(called), [1, 2])
  t.is(called.core.state, 'connected')
})

test('what fails because it was aborted is no error; another failure then is one', async (t) => {
  const handler = new ReplyOnPause(
    async function* (_, { signal, turn }) {
      yield chunk()
      await new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () =>
          reject(turn.number === 1 ? signal.reason : new Error('The tape is torn')),
        ),
      )
    },
    { needsContext: true },
  )
  const called = callTurns(handler)
  called.link.find(started(1), paused(2))
  await settleReply()
  called.link.find(started(3), paused(4))
  await settleReply()
  t.deepEqual(called.log.lines, [])
  called.link.find(started(5))
  await settleReply()
  t.regex(called.log.lines.join('\n'), /The tape is torn/)
})

test('a function that yields nothing has replied too', async (t) => {
  const called = callTurns(new ReplyOnPause(() => []))
  called.link.find(started(1), paused(2))
  await until(() => orders(called).at(-1) === 'none')
  t.deepEqual(logs(called), ['started_talking', 'pause_detected', 'response_starting'])
})

test('a function that returns nothing to iterate is told to its client', async (t) => {
  const called = callTurns(new ReplyOnPause((() => 7) as never))
  called.link.find(started(1), paused(2))
  await settleReply()
  t.regex(called.link.told.find(({ type }) => type === 'error')?.message ?? '', /generator function: it returned 7/)
  t.is(called.core.state, 'connected')
})

for (const [what, returned, told] of [
  ['audio', [16_000, new Int16Array(2)], /generator function: it returned \[16000, Int16Array\(2\)\]; yield it/],
  ['a text', 'Good morning.', /generator function: it returned "Good morning\."; yield it/],
  [
    'an iterator whose next() gives nothing',
    { [Symbol.iterator]: () => ({ next() {} }) },
    /next\(\) .* gave undefined/,
  ],
] as const) {
  test(`a function that returns ${what} is told to its client, and replies no more`, async (t) => {
    const called = callTurns(new ReplyOnPause((() => returned) as never))
    called.link.find(started(1), paused(2))
    await settleReply()
    const errors = called.link.told.filter(({ type }) => type === 'error')
    t.is(errors.length, 1)
    t.regex(errors[0]?.message ?? '', told)
    await until(() => orders(called).at(-1) === 'none')
  })
}

test('all that a handler may emit may be yielded', async (t) => {
  const mark = new PlayedMark('word')
  const handler = new ReplyOnPause(function* () {
    yield new AdditionalOutputs('thinking')
    yield null
    yield [chunk(1) as AudioFrame, new AdditionalOutputs('said')]
    yield [chunk(2) as AudioFrame, mark]
    yield [48_000, new Float32Array(960), 'mono']
    yield new CloseStream('Goodbye')
  })
  const called = callTurns(handler)
  const outputs: unknown[] = []
  called.core.session.on('outputs', ({ args }) => outputs.push(...args))
  called.link.find(started(1), paused(2))
  await until(() => called.core.state === 'closing')
  t.deepEqual(written(called), [1, 2, 0])
  t.deepEqual(outputs, ['thinking', 'said'])
  t.deepEqual(called.link.marks, [[0, 20]])
  t.is(orders(called).at(-1), 'deaf', 'the last words are heard to their end')
  called.link.play(60)
  t.is(called.reason, 'close_stream')
})

test('arguments are asked for before each reply, and what comes by itself is used', async (t) => {
  const seen: unknown[] = []
  const handler = new ReplyOnPause(
    function* (_: AudioFrame, voice: string, { turn }: ReplyContext) {
      seen.push([voice, turn.number])
      yield chunk()
    } as never,
    { needsArgs: true, needsContext: true },
  )
  const called = callTurns(handler)
  const asked = (): number => called.link.told.filter(({ type }) => type === 'send_input').length
  called.link.find(started(1), paused(2))
  await settleReply()
  t.is(asked(), 1)
  t.deepEqual(seen, [])
  called.core.handler.setArgs(['__webrtc_value__', 'bass'])
  await until(() => seen.length === 1)
  called.link.play(20)
  await until(() => orders(called).at(-1) === 'none')
  called.core.handler.setArgs(['__webrtc_value__', 'alto'])
  called.link.find(started(5), paused(6))
  await until(() => seen.length === 2)
  t.is(asked(), 1)
  t.deepEqual(seen, [
    ['bass', 1],
    ['alto', 2],
  ])
})

test('what starts up waits for its arguments, and listening does not wait for it', async (t) => {
  const handler = new ReplyOnPause(echo as never, {
    needsArgs: true,
    *startupFn(...args: unknown[]) {
      t.deepEqual(args, ['blue'])
      yield chunk(5)
    },
  })
  const called = callTurns(handler)
  called.link.find(started(1))
  await settleReply()
  t.deepEqual(logs(called), ['started_talking'])
  called.core.handler.setArgs(['__webrtc_value__', 'blue'])
  await settleReply()
  t.deepEqual(written(called), [5])
})

test('on the telephone no arguments are asked for, and outputs are those of the next turn', async (t) => {
  const seen: unknown[] = []
  const handler = new ReplyOnPause(
    function* (_: AudioFrame, ...history: unknown[]) {
      seen.push(history)
      yield [chunk() as AudioFrame, new AdditionalOutputs('hello', seen.length)]
    } as never,
    { needsArgs: true },
  )
  handler.phoneMode = true
  const called = callTurns(handler)
  called.link.find(started(1), paused(2))
  await settleReply()
  called.link.find(started(3), paused(4))
  await settleReply()
  t.deepEqual(seen, [[], ['hello', 1]])
})

test('triggerResponse replies to what was said so far, or to nothing, and stops the reply that is going on', async (t) => {
  const lengths: number[] = []
  const handler = new ReplyOnPause(function* ([, audio]) {
    lengths.push(audio.length)
    for (;;) yield chunk()
  })
  const called = callTurns(handler)
  handler.triggerResponse()
  t.deepEqual(orders(called), ['take'])
  called.link.find(paused(1, 0, 'taken', 0))
  await settleReply()
  handler.triggerResponse()
  t.is(called.link.depthMs, 0)
  called.link.find(paused(2, 3, 'taken', 480))
  await settleReply()
  t.deepEqual(lengths, [0, 480])
  t.deepEqual(
    called.news.map(([name, detail]) => (name === 'turn' ? (detail as Turn).reason : name)),
    ['trigger', 'interrupted', 'trigger'],
  )
})

test('triggerResponse counts when the client has connected, if it was called before, and does nothing after the end', async (t) => {
  const handler = new ReplyOnPause(echo)
  handler.triggerResponse()
  const called = callTurns(handler, { connected: false })
  t.deepEqual(orders(called), [])
  called.link.event({ kind: 'connected' })
  t.deepEqual(orders(called), ['take'])
  called.core.close('done')
  const before = orders(called).length
  handler.triggerResponse()
  handler.reset()
  t.is(orders(called).length, before)
})

test('reset() stops a reply and forgets what was said; after a reply it is called by itself', async (t) => {
  class Counting extends ReplyOnPause {
    resets = 0
    override reset(): void {
      this.resets++
      super.reset()
    }
  }
  const handler = new Counting(function* () {
    yield chunk()
  })
  const called = callTurns(handler)
  called.link.find(started(1), paused(2))
  await settleReply()
  t.is(handler.resets, 1)
  t.deepEqual(orders(called), ['interruptible'], 'what the speaker says meanwhile still counts')
  handler.reset()
  t.deepEqual(orders(called), ['interruptible', 'none', 'reset'])
  t.is(called.link.depthMs, 0)
})

test('a reset() that is rejected is told, and the next turn works', async (t) => {
  class Torn extends ReplyOnPause {
    // oxlint-disable-next-line typescript/no-misused-promises -- as a subclass in JavaScript may have it
    override async reset(): Promise<void> {
      super.reset()
      await Promise.reject(new Error('The tape is torn'))
    }
  }
  const called = callTurns(new Torn(echo))
  called.link.find(started(1), paused(2, 7))
  await settleReply()
  t.is(called.link.told.find(({ type }) => type === 'error')?.message, 'The tape is torn')
  called.link.play(40)
  await until(() => orders(called).at(-1) === 'none')
  called.link.find(started(5), paused(6, 8))
  await settleReply()
  t.deepEqual(written(called), [7, 7, 8, 8])
})

test('a reply may reset its own handler, and ends by it', async (t) => {
  const events: string[] = []
  const handler = new ReplyOnPause(function* () {
    try {
      yield chunk(1)
      handler.reset()
      yield chunk(2)
    } finally {
      events.push('finally')
    }
  })
  const called = callTurns(handler)
  called.link.find(started(1), paused(2))
  await settleReply()
  t.deepEqual(events, ['finally'])
  t.deepEqual(written(called), [1])
  t.deepEqual(called.log.lines, [])
})

test('what is wrong with startupFn is said of it, and not of the reply function', async (t) => {
  const brief = { [Symbol.iterator]: () => ({ next: () => 5 }) }
  for (const [returned, words] of [
    ['words', /^The option startupFn must be a generator function: it returned "words"; yield it$/],
    [brief, /^next\(\) of what the option startupFn returned gave 5; it must be \{ done, value \}$/],
  ] as const) {
    const called = callTurns(new ReplyOnPause(echo, { startupFn: () => returned as never }))
    await settleReply()
    const [told] = called.link.told.filter(({ type }) => type === 'error')
    t.regex(told?.message ?? '', words)
    called.core.close('done')
  }
})

test('a subclass overrides startUp and shutdown, and is copied with its function', async (t) => {
  const events: string[] = []
  class Assistant extends ReplyOnPause {
    constructor() {
      super(() => this.reply(), { inputSampleRate: 16_000 })
    }
    *reply(): Generator<EmitType> {
      yield chunk(9)
    }
    override startUp(): void {
      events.push('startUp')
    }
    override shutdown(): void {
      events.push('shutdown')
    }
  }
  const copy = new Assistant().copy()
  t.true(copy instanceof Assistant)
  t.is(copy.inputSampleRate, 16_000)
  const called = callTurns(copy)
  called.link.find(started(1), paused(2))
  await settleReply()
  t.deepEqual(written(called), [9])
  called.core.close('done')
  await settleReply()
  t.deepEqual(events, ['startUp', 'shutdown'])
})

test('a subclass with parameters has to say how it is copied', (t) => {
  class Named extends ReplyOnPause {
    readonly who: string
    constructor(who: string) {
      super(echo)
      this.who = who
    }
  }
  t.throws(() => new Named('Ann').copy(), { instanceOf: TypeError, message: /Named must override copy\(\)/ })
})

test('a copy has the function and the options, and a state of its own', (t) => {
  const handler = new ReplyOnPause(echo, { canInterrupt: false, outputSampleRate: 48_000, expectedLayout: 'stereo' })
  const copy = handler.copy()
  t.not(copy, handler)
  t.is(copy.fn, handler.fn)
  t.deepEqual(copy.options, handler.options)
  t.like(copy, { outputSampleRate: 48_000, expectedLayout: 'stereo', latestArgs: 'not_set' })
})

test('a reply that waits for nobody ends half a second after the session at the latest', async (t) => {
  const handler = new ReplyOnPause(async function* () {
    yield chunk()
    await new Promise(() => undefined)
  })
  const called = callTurns(handler)
  called.link.find(started(1), paused(2))
  await settleReply()
  called.core.close('done')
  let isSettled = false
  void called.core.settled().then(() => (isSettled = true))
  await until(() => isSettled)
  t.is(called.core.state, 'closed')
})
