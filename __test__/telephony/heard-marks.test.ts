import test from 'ava'
import { HeardMarks } from '../../src/telephony/heard-marks.ts'

function marks(): { heard: HeardMarks; names: string[]; send: (payloads: number) => void } {
  const names: string[] = []
  const heard = new HeardMarks((name) => void names.push(name))
  const send = (payloads: number): void => {
    for (let i = 0; i < payloads; i += 1) heard.sent()
  }
  return { heard, names, send }
}

test('every 100 ms of audio have a mark, which tells how much was played', (t) => {
  const { heard, names, send } = marks()
  send(12)
  t.deepEqual(names, ['p5', 'p10'])
  t.deepEqual(
    names.map((name) => heard.played(name)),
    [5, 10],
  )
  heard.end()
})

test('the end of an utterance gets a mark of its own', async (t) => {
  const { heard, names, send } = marks()
  send(7)
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.deepEqual(names, ['p5', 'p7'])
  t.is(heard.played('p7'), 7)
})

test('marks of audio that was cleared say nothing, though they come back', (t) => {
  const { heard, names, send } = marks()
  send(10)
  heard.cleared()
  send(5)
  t.deepEqual(names, ['p5', 'p10', 'p15'])
  t.deepEqual(
    names.map((name) => heard.played(name)),
    [undefined, undefined, 15],
  )
})

test('nothing is marked after a clear until there is more audio', async (t) => {
  const { heard, names, send } = marks()
  send(3)
  heard.cleared()
  await new Promise((resolve) => setTimeout(resolve, 200))
  t.deepEqual(names, [])
})

test('marks that nobody sent say nothing', (t) => {
  const { heard, send } = marks()
  send(5)
  for (const name of ['', 'p', 'p0', 'p6', 'p-1', 'p5x', 'x5', 'p5.0', 'p99999999999999999999', 'NaN']) {
    t.is(heard.played(name), undefined, name)
  }
  heard.end()
})
