import test, { type ExecutionContext } from 'ava'
import { AdditionalOutputs, type StreamOptions } from '../../src/index.ts'
import { offerBody } from '../helpers/offer.ts'
import { post, serve, type Served } from '../helpers/serve.ts'

const ID = { 'parley-webrtc-id': 'a' }

async function served(t: ExecutionContext, options: Partial<StreamOptions>): Promise<Served> {
  const made = await serve(t, { media: { bindAddress: '127.0.0.1' }, ...options })
  await made.stream.offer(offerBody('a'))
  return made
}

test("a person's inputs reach the handler of their call, with the placeholder first", async (t) => {
  const additionalInputs = [
    { type: 'slider', name: 'speed' },
    { type: 'text', name: 'who' },
  ] as const
  const { url, stream } = await served(t, { additionalInputs })
  const answer = await post(`${url}page/inputs`, { values: [7, 'ada'] }, ID)
  t.deepEqual(answer.body, { status: 'success' })
  t.deepEqual(stream.sessions.get('a')?.handler.latestArgs, ['__webrtc_value__', 7, 'ada'])
})

test('inputs for no call, without an id, or of the wrong kind are refused', async (t) => {
  const { url, stream } = await served(t, { additionalInputs: [{ type: 'number', name: 'count' }] })
  const nobody = await post(`${url}page/inputs`, { values: [7] }, { 'parley-webrtc-id': 'b' })
  t.deepEqual([nobody.status, nobody.body], [200, { status: 'failed', meta: { error: 'unknown_connection' } }])
  t.is((await post(`${url}page/inputs`, { values: [7] })).status, 422)
  const wrong = await post(`${url}page/inputs`, { values: ['7'] }, ID)
  t.is(wrong.status, 422)
  t.regex(JSON.stringify(wrong.body), /count/)
  t.is((await post(`${url}page/inputs`, null, ID)).status, 422)
  t.is(stream.sessions.get('a')?.handler.latestArgs, 'not_set')
})

test('bodies are bounded: 64 KiB, and 4 MiB of files where files are asked for', async (t) => {
  const text = await served(t, { additionalInputs: [{ type: 'text', name: 'who' }] })
  t.is((await post(`${text.url}page/inputs`, { values: ['x'.repeat(65_536)] }, ID)).status, 413)
  const paper = await served(t, { additionalInputs: [{ type: 'file', name: 'paper' }] })
  const file = (bytes: number): unknown => {
    return { values: [{ name: 'a', type: '', data: Buffer.alloc(bytes).toString('base64') }] }
  }
  t.is((await post(`${paper.url}page/inputs`, file(4 * 1024 * 1024), ID)).status, 200)
  const args = paper.stream.sessions.get('a')?.handler.latestArgs as [string, { data: Uint8Array }] | undefined
  t.is(args?.[1].data.length, 4 * 1024 * 1024)
  t.is((await post(`${paper.url}page/inputs`, file(5 * 1024 * 1024), ID)).status, 413)
})

test('what the outputs show is what the function made of them', async (t) => {
  const { url, stream } = await served(t, {
    additionalOutputs: [{ type: 'number', name: 'sum' }],
    additionalOutputsHandler: ([sum], more) => [Number(sum) + Number(more)],
  })
  const shown = async (): Promise<unknown> => (await fetch(`${url}page/outputs`, { headers: ID })).json()
  t.deepEqual(await shown(), { status: 'success', values: [null] })
  stream.sessions.get('a')?.emit('outputs', new AdditionalOutputs(2))
  stream.sessions.get('a')?.emit('outputs', new AdditionalOutputs(3))
  t.deepEqual(await shown(), { status: 'success', values: [5] })
  t.deepEqual(await stream.shownOutputs('a'), [5])
  t.is((await fetch(`${url}page/outputs`)).status, 422)
  const nobody = await fetch(`${url}page/outputs`, { headers: { 'parley-webrtc-id': 'b' } })
  t.like(await nobody.json(), { meta: { error: 'unknown_connection' } })
})

test('pages of other sites may neither give inputs nor read outputs', async (t) => {
  const { url } = await served(t, { additionalInputs: [{ type: 'text', name: 'who' }] })
  const headers = { ...ID, 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' }
  t.is((await post(`${url}page/inputs`, { values: ['x'] }, headers)).status, 403)
  t.is((await fetch(`${url}page/outputs`, { headers })).status, 403)
})
