import test from 'ava'
import { AdditionalOutputs, VideoStreamHandler } from '../../src/index.ts'
import { settingsOf } from '../../src/workers/load-handler.ts'
import type { AttachMessage, FromSession } from '../../src/workers/protocol.ts'
import { ThreadSession } from '../../src/workers/thread-session.ts'
import { Log, settle, until } from '../helpers/call.ts'
import { MemoryLink } from '../helpers/memory-link.ts'
import { seen } from '../helpers/pictures.ts'

test('outputs that cannot be copied to the main thread are told of once, as those of the handler', async (t) => {
  let calls = 0
  const handler = new VideoStreamHandler(() => {
    calls++
    return new AdditionalOutputs(() => 5)
  })
  const message: AttachMessage = {
    type: 'attach',
    key: 0,
    id: 'id',
    transport: 'webrtc',
    call: undefined,
    remoteAddress: undefined,
    settings: settingsOf(handler),
    phoneMode: false,
    args: 'not_set',
    outputTargetMs: 400,
    muted: false,
  }
  const [link, posted] = [new MemoryLink(), [] as FromSession[]]
  const post = (each: FromSession): void => void posted.push(structuredClone(each))
  const session = new ThreadSession({ message, handler, link, logger: new Log(), post })
  session.start()
  for (let number = 0; number < 60; number++) link.see(seen(number))
  await until(() => calls === 60)
  await settle()
  t.deepEqual(
    posted.map((each) => [each.type, 'error' in each && each.error.message]),
    [
      [
        'complaint',
        "The handler gave outputs that structured clone can't copy to the main thread: args[0] (a function)",
      ],
    ],
  )
  await session.end('done')
})
