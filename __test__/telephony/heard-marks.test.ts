import test from 'ava'
import { HeardMarks } from '../../src/telephony/heard-marks.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

/** Marks of audio that is sent in time, 20 ms a payload, unless it is sent at once. */
function marks() {
  const names: string[] = []
  const time = { ms: 0 }
  const clock = new VirtualClock(() => time.ms)
  const heard = new HeardMarks((name) => void names.push(name), clock)
  const wait = (ms: number): void => {
    for (const until = time.ms + ms; time.ms < until;) {
      time.ms += 10
      clock.runDue()
    }
  }
  const send = (payloads: number, ms = 20): void => {
    for (let i = 0; i < payloads; i += 1) {
      heard.sent()
      wait(ms)
    }
  }
  return { heard, names, send, wait, clock }
}

test('every 200 ms of audio have a mark, which tells how much was played', (t) => {
  for (const ms of [0, 20]) {
    const { heard, names, send } = marks()
    send(24, ms)
    t.deepEqual(names, ['p10', 'p20'])
    t.deepEqual(
      names.map((name) => heard.played(name)),
      [10, 20],
    )
  }
})

test('the end of an utterance gets a mark of its own', (t) => {
  const { heard, names, send, wait, clock } = marks()
  send(13)
  t.deepEqual(names, ['p10'])
  wait(250)
  t.deepEqual(names, ['p10', 'p13'])
  t.is(heard.played('p13'), 13)
  t.is(clock.next, Infinity, 'and then nothing is waited for')
})

test('marks of audio that was cleared say nothing, though they come back', (t) => {
  const { heard, names, send } = marks()
  send(20)
  heard.cleared()
  send(10)
  t.deepEqual(names, ['p10', 'p20', 'p30'])
  t.deepEqual(
    names.map((name) => heard.played(name)),
    [undefined, undefined, 30],
  )
})

test('nothing is marked after a clear or the end until there is more audio', (t) => {
  for (const how of ['cleared', 'end'] as const) {
    const { heard, names, send, clock } = marks()
    send(3)
    heard[how]()
    t.is(clock.next, Infinity, how)
    t.deepEqual(names, [])
  }
})

test('marks that nobody sent say nothing', (t) => {
  const { heard, send } = marks()
  send(10)
  for (const name of ['', 'p', 'p0', 'p11', 'p-1', 'p10x', 'x10', 'p10.0', 'p99999999999999999999', 'NaN']) {
    t.is(heard.played(name), undefined, name)
  }
})
