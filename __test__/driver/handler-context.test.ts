import test from 'ava'
import { type EmitType, getCurrentContext, StreamHandler, warning, WebRTCError } from '../../src/index.ts'
import type { DataChannel } from '../../src/handlers/data-channel.ts'
import { runInContext } from '../../src/handlers/context.ts'
import { call, settle } from '../helpers/call.ts'

/** Notes for which connection each of its methods is called. */
class Notes extends StreamHandler {
  readonly seen: [method: string, webrtcId: string][] = []

  #note(method: string): void {
    this.seen.push([method, getCurrentContext().webrtcId])
  }

  override setChannel(channel: DataChannel): void {
    super.setChannel(channel)
    this.#note('setChannel')
  }

  override setArgs(args: unknown[]): void {
    super.setArgs(args)
    this.#note('setArgs')
    warning('So be it')
  }

  override receive(): void {}

  override emit(): EmitType {
    return null
  }

  override shutdown(): void {
    this.#note('shutdown')
  }

  override copy(): Notes {
    return new Notes()
  }
}

test('what the stream calls of a handler is called for its connection, whoever made it do so', (t) => {
  const handler = new Notes()
  const { core, link } = call(handler, { id: 'mine' })
  link.event({ kind: 'channel-open' })
  // Another connection's handler gives it its inputs.
  runInContext({ webrtcId: 'other', warn: () => t.fail() }, () => core.setArgs(['__webrtc_value__', 1]))
  core.close('done')
  const methods = ['setChannel', 'setArgs', 'shutdown']
  t.deepEqual(
    handler.seen,
    methods.map((method) => [method, 'mine']),
  )
  t.deepEqual(link.told, [{ type: 'warning', message: 'So be it', data: 'So be it' }])
})

test('the handler of an offer that came to nothing is shut down for its connection too', (t) => {
  const handler = new Notes()
  const { core } = call(handler, { id: 'mine', connected: false })
  core.close('rejected')
  t.deepEqual(handler.seen, [['shutdown', 'mine']])
})

for (const method of ['setChannel', 'setArgs'] as const) {
  test(`an asynchronous ${method} that rejects ends the session, and not the process`, async (t) => {
    const handler = new Notes()
    handler[method] = () => Promise.reject(new WebRTCError('No such model')) as unknown as void
    const made = call(handler)
    if (method === 'setArgs') made.core.setArgs(['__webrtc_value__'])
    else made.link.event({ kind: 'channel-open' })
    await settle()
    t.is(made.reason, 'error')
    t.like(made.link.told.at(-1), { type: 'error', message: 'No such model' })
  })
}
