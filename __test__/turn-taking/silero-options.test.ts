import test from 'ava'
import { resolveSileroOptions } from '../../src/turn-taking/silero-options.ts'

test("the defaults are those of the Python library's pause detection", (t) => {
  t.deepEqual(resolveSileroOptions('modelOptions'), {
    threshold: 0.5,
    minSpeechDurationMs: 250,
    minSilenceDurationMs: 2000,
    windowSizeSamples: 512,
    speechPadMs: 400,
    maxSpeechDurationS: Infinity,
  })
  t.deepEqual(resolveSileroOptions('', { threshold: undefined }), resolveSileroOptions(''))
})

test('what is given replaces the default', (t) => {
  const options = { threshold: 0.7, minSpeechDurationMs: 0, windowSizeSamples: 512, maxSpeechDurationS: 5 }
  t.like(resolveSileroOptions('', options), { ...options, minSilenceDurationMs: 2000 })
})

const WRONG: [options: unknown, message: string][] = [
  [7, 'The option modelOptions must be an object, not 7'],
  [null, 'The option modelOptions must be an object, not null'],
  [{ treshold: 1 }, 'There is no option modelOptions.treshold; there are threshold, minSpeechDurationMs'],
  [{ threshold: 1.1 }, 'The option modelOptions.threshold must be a number from 0 to 1, not 1.1'],
  [{ threshold: '0.5' }, 'The option modelOptions.threshold must be a number from 0 to 1, not "0.5"'],
  [{ threshold: NaN }, 'The option modelOptions.threshold must be a number from 0 to 1, not NaN'],
  [{ minSpeechDurationMs: -1 }, 'modelOptions.minSpeechDurationMs must be a number from 0 to 86400000, not -1'],
  [{ minSilenceDurationMs: Infinity }, 'minSilenceDurationMs must be a number from 0 to 86400000, not Infinity'],
  [{ speechPadMs: null }, 'modelOptions.speechPadMs must be a number from 0 to 86400000, not null'],
  [{ windowSizeSamples: 1024 }, 'modelOptions.windowSizeSamples must be 512, or left out, not 1024'],
  [{ maxSpeechDurationS: 0.8 }, 'modelOptions.maxSpeechDurationS must be more than 0.832 (twice speechPadMs'],
]

for (const [options, message] of WRONG) {
  test(`refused: ${message}`, (t) => {
    const error = t.throws(() => resolveSileroOptions('modelOptions', options), { any: true }) as Error
    t.true(error instanceof TypeError || error instanceof RangeError)
    t.true(error.message.includes(message), error.message)
  })
}
