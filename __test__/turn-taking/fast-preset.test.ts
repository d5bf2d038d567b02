import test from 'ava'
import { type FastTurn, fastTurn } from '../helpers/fast-turn.ts'

// The figures of docs/turn-taking.md. Where a sentence falls on the frames of 32 ms makes a difference, so each is said
// four times. All time is virtual.

const LEADS = [0.5, 0.508, 0.516, 0.524]
const SENTENCES = ['greeting', 'question', 'interruption', 'noisy', 'hesitation', 'reply']

/** What the fast preset makes of a sentence, wherever it falls. */
async function said(name: string): Promise<FastTurn[]> {
  return Promise.all(LEADS.map((lead) => fastTurn([lead, name, 0.5], { preset: 'fast' })))
}

const sentences = Promise.all(SENTENCES.map(said))

test('the fast preset replies within 0.3 s of the end of a sentence, and never after 0.4 s', async (t) => {
  const delays = (await sentences).flat().map(({ delayMs }) => delayMs)
  delays.sort((a, b) => a - b)
  const [median, worst] = [delays[delays.length / 2] ?? Infinity, delays.at(-1) ?? Infinity]
  t.log(`${Math.round(median)} ms typically, ${Math.round(worst)} ms at most`)
  t.true(median <= 300, `${median} ms`)
  t.true(worst <= 400, `${worst} ms`)
  t.true((delays[0] ?? 0) > 0, `${delays[0]} ms`)
})

test('no pause within a sentence cuts it in two: the detector is asked at each, and says no', async (t) => {
  const turns = await sentences
  for (const { turns: told, askedMs, missingMs } of turns.flat()) {
    t.is(told.length, 1)
    t.true(missingMs < 0, `${missingMs} ms of its beginning`)
    t.is(askedMs.filter((ms) => ms >= 0).length, 1)
  }
  const hesitations = turns[SENTENCES.indexOf('hesitation')] ?? []
  for (const { askedMs } of hesitations) t.true(askedMs.filter((ms) => ms < 0).length >= 2, askedMs.join())
})
