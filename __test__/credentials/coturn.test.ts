import { createHmac } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import { getCoturnCredentials } from '../../src/index.ts'
import { startCoturn } from '../helpers/coturn.ts'
import { offerBody } from '../helpers/offer.ts'
import { quietStream } from '../helpers/quiet-stream.ts'

/** How many addresses the server was lent by a TURN server. */
async function relayed(t: ExecutionContext, urls: string, secret: string): Promise<number> {
  const serverRtcConfiguration = (): ReturnType<typeof getCoturnCredentials> => getCoturnCredentials({ urls, secret })
  const { stream } = quietStream(t, { media: { bindAddress: '::1' }, serverRtcConfiguration })
  const answer = (await stream.offer(offerBody('a'))) as { sdp: string }
  return answer.sdp.match(/ typ relay /g)?.length ?? 0
}

test.serial('coturn lends addresses to credentials that are made of its secret', async (t) => {
  const { urls } = await startCoturn(t, { secret: 'sesame' })
  t.is(await relayed(t, urls, 'sesame'), 1)
})

test.serial('and none to those of another secret', async (t) => {
  const { urls } = await startCoturn(t, { secret: 'sesame' })
  t.is(await relayed(t, urls, 'barley'), 0)
})

test('the name says until when it holds, the password is its HMAC-SHA1, and each call has a name of its own', (t) => {
  const urls = ['turn:turn.example.org', 'turns:turn.example.org']
  const made = () => getCoturnCredentials({ secret: 'sesame', urls, ttl: 60 }).iceServers?.[0]
  const before = Math.floor(Date.now() / 1000)
  const { username = '', credential, urls: named } = made() ?? { urls: '' }
  t.deepEqual(named, urls)
  const until = Number(username.split(':')[0])
  t.true(until >= before + 60 && until <= before + 62, username)
  t.is(credential, createHmac('sha1', 'sesame').update(username).digest('base64'))
  t.not(made()?.username, username)
})

test('wrong options are refused by name, without the secret', (t) => {
  const wrong: [options: object, message: RegExp][] = [
    [{ urls: 'turn:x' }, /secret/],
    [{ urls: 'turn:x', secret: 12_345 }, /secret/],
    [{ urls: 'x', secret: 's12345' }, /urls.*'x'/],
    [{ secret: 's12345' }, /urls/],
    [{ urls: 'turn:x', secret: 's12345', ttl: -1 }, /ttl.*-1/],
    [{ url: 'turn:x', secret: 's12345' }, /no option url/],
  ]
  for (const [options, message] of wrong) {
    const error = t.throws(() => getCoturnCredentials(options as never), { message })
    t.true(error instanceof TypeError || error instanceof RangeError)
    t.notRegex(error?.message ?? '12345', /12345/)
  }
})
