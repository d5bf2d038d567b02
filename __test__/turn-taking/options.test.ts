import test from 'ava'
import { EnergyVad, ReplyOnPause, type ReplyOnPauseOptions, SileroVad } from '../../src/index.ts'
import { callTurns } from '../helpers/turns.ts'

const model = { vad: () => ({ duration: 0, chunks: [] }), warmup: (): void => undefined }

for (const [options, message] of [
  [{ canInterupt: true }, /There is no option canInterupt; there are startupFn, .*canInterrupt/],
  [{ algoOptions: { chunk: 1 } }, /There is no option algoOptions\.chunk; there are audioChunkDuration/],
  [
    { algoOptions: { audioChunkDuration: '1' } },
    /algoOptions\.audioChunkDuration must be a number from 0\.1 to 10, not "1"/,
  ],
  [
    { algoOptions: { audioChunkDuration: 0.05 } },
    /algoOptions\.audioChunkDuration must be a number from 0\.1 to 10, not 0\.05/,
  ],
  [
    { algoOptions: { startedTalkingThreshold: 0.6 } },
    /startedTalkingThreshold must be less than algoOptions\.audioChunkDuration \(0\.6\), not 0\.6/,
  ],
  [
    { algoOptions: { speechThreshold: 0.3 } },
    /speechThreshold must be at most algoOptions\.startedTalkingThreshold \(0\.2\), not 0\.3/,
  ],
  [{ algoOptions: { maxContinuousSpeechS: 0 } }, /maxContinuousSpeechS must be a number from 0\.1 to Infinity, not 0/],
  [{ preset: 'slow' }, /The option preset must be 'default' or 'fast', not "slow"/],
  [{ modelOptions: { treshold: 1 } }, /There is no option modelOptions\.treshold/],
  [{ modelOptions: { threshold: 2 } }, /modelOptions\.threshold must be a number from 0 to 1, not 2/],
  [
    { model: new EnergyVad(), modelOptions: { threshold: -30 } },
    /There is no option modelOptions\.threshold; there is thresholdDb/,
  ],
  [
    { model: new EnergyVad(), modelOptions: { thresholdDb: 30 } },
    /modelOptions\.thresholdDb must be a number from -96 to 0 \(dB of full scale\), not 30/,
  ],
  [{ model: {} }, /The option model must have the methods vad and warmup .*; vad is undefined/],
  [
    { model: null },
    /The option model must have the methods vad and warmup \(see PauseDetectionModel\); vad is undefined/,
  ],
  [{ canInterrupt: 1 }, /The option canInterrupt must be true or false, not 1/],
  [{ needsContext: 'yes' }, /The option needsContext must be true or false, not "yes"/],
  [{ turnDetector: 0.5 }, /The option turnDetector must be a function, not 0\.5/],
  [{ turnDetector: () => 1, turnThreshold: 2 }, /The option turnThreshold must be a number from 0 to 1, not 2/],
  [{ turnDetector: () => 1, maxPauseS: 60 }, /The option maxPauseS must be a number from 0 to 8, not 60/],
  [{ turnThreshold: 0.5 }, /The option turnThreshold needs a turnDetector/],
  [{ maxPauseS: 1 }, /The option maxPauseS needs a turnDetector/],
  [
    { canInterrupt: false, interruptionDetector: () => true },
    /interruptionDetector is never asked with canInterrupt: false/,
  ],
  [{ model, echoGuard: true }, /The option echoGuard is for the built-in model/],
  [{ model, vadEvents: true }, /The option vadEvents is for the built-in model/],
  [{ startupFn: async () => 1 }, /The option startupFn must be a generator function, not .*: write async function\*/],
  [{ inputSampleRate: 0 }, /inputSampleRate must be a positive integer/],
  [{ expectedLayout: 'quad' }, /expectedLayout must be 'mono' or 'stereo', not "quad"/],
  [7, /The options must be an object, not 7/],
] as const) {
  test(`options refused: ${String(message)}`, (t) => {
    const error = t.throws(() => new ReplyOnPause(() => [], options as never), { message })
    t.true(error instanceof TypeError || error instanceof RangeError)
  })
}

for (const [fn, message] of [
  [undefined, /ReplyOnPause needs a generator function/],
  [7, /The option fn must be a generator function, not 7/],
  [async () => 7, /The option fn must be a generator function/],
] as const) {
  test(`a function refused: ${String(message)}`, (t) => {
    t.throws(() => new ReplyOnPause(fn as never), { instanceOf: TypeError, message })
  })
}

test('the fast preset measures over a shorter time, and what is given beside it counts', (t) => {
  const options: ReplyOnPauseOptions = { preset: 'fast', algoOptions: { maxContinuousSpeechS: 30 } }
  const { link } = callTurns(new ReplyOnPause(() => [], { ...options, needsContext: false, needsArgs: false }))
  t.like(link.speechSettings, { windowMs: 250, startedMs: 120, pauseMs: 100, maxContinuousMs: 30_000 })
})

test('the built-in model given by name listens in the engine all the same', (t) => {
  const { link } = callTurns(new ReplyOnPause(() => [], { model: new SileroVad(), modelOptions: { threshold: 0.7 } }))
  t.is(link.speechSettings?.threshold, 0.7)
})
