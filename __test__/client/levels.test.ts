import test from 'ava'
import { levelOf } from '../../src/client/levels.ts'

test('a full-scale square wave is at the top of the scale, silence at its bottom', (t) => {
  t.is(levelOf(1), 1)
  t.is(levelOf(0), 0)
})

test('the scale has even steps of decibels from -60 dBFS on', (t) => {
  // Half of the amplitude is 6.02 dB less, a tenth is 20 dB less.
  t.true(Math.abs(levelOf(0.1 ** 2) - 40 / 60) < 1e-9)
  t.true(Math.abs(levelOf(0.5 ** 2) - (60 - 6.0206) / 60) < 1e-6)
  t.is(levelOf(0.0001 ** 2), 0)
})
