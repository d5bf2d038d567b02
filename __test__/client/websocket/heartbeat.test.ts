import { mock } from 'node:test'
import test from 'ava'

// By a name that the compiler doesn't follow: the module is for browsers, whose timers have other types than Node's.
const MODULE: string = '../../../src/client/websocket/heartbeat.ts'
const { Heartbeat } = (await import(MODULE)) as {
  Heartbeat: new (host: object) => { pong(): void; close(): void; readonly roundTripMs: number | undefined }
}

/** A heartbeat whose time passes by hand, and what it did. */
function start() {
  const told: string[] = []
  let now = 0
  mock.timers.enable({ apis: ['setInterval'] })
  const clock = mock.method(performance, 'now', () => now)
  const heartbeat = new Heartbeat({
    ping: () => told.push('ping'),
    onPath: (path: string) => told.push(path),
    onGivenUp: () => told.push('given up'),
  })
  const pass = (seconds: number): void => {
    for (let second = 0; second < seconds; second++) {
      now += 1000
      mock.timers.tick(1000)
    }
  }
  const end = (): void => {
    heartbeat.close()
    clock.mock.restore()
    mock.timers.reset()
  }
  return { heartbeat, told, pass, end, wait: (ms: number) => (now += ms) }
}

test.serial('it asks each second, and the answer tells the time there and back', (t) => {
  const { heartbeat, told, pass, wait, end } = start()
  wait(30)
  heartbeat.pong()
  t.is(heartbeat.roundTripMs, 30)
  pass(1)
  t.deepEqual(told, ['ping', 'ping'])
  end()
})

test.serial('without an answer the path is lost, back with one, and given up after half a minute', (t) => {
  const { heartbeat, told, pass, end } = start()
  pass(5)
  t.deepEqual(told, ['ping', 'lost'])
  heartbeat.pong()
  t.deepEqual(told, ['ping', 'lost', 'back'])
  told.length = 0
  pass(32)
  t.deepEqual(told, ['ping', 'lost', 'given up'])
  end()
})
