import test from 'ava'
import type { VideoFrame } from '../../src/index.ts'
import { seesItsFilm } from '../helpers/aiortc-film.ts'
import { seeByAiortc } from '../helpers/aiortc.ts'
import { serve } from '../helpers/serve.ts'

test('aiortc sees its film come back as the function made it', async (t) => {
  t.deepEqual(await seesItsFilm(t), ['video/VP8'])
})

test('aiortc sees what a generator draws, and is told when it has ended', async (t) => {
  function* greys(): Generator<VideoFrame<Uint8Array>> {
    for (let index = 0; index < 45; index++) {
      const data = new Uint8Array(3 * 160 * 120).fill(5 * index)
      yield { width: 160, height: 120, format: 'rgb24', data, timestamp: index / 30 }
    }
  }
  const { url } = await serve(t, { handler: greys, modality: 'video', mode: 'receive' })
  const { pictures, messages } = await seeByAiortc(url, { count: 1000 })
  t.true(pictures.length > 20, `${pictures.length} pictures`)
  const greysSeen = pictures.map(({ data }) => data[3 * (60 * 160 + 80)] ?? -1)
  t.deepEqual(
    greysSeen,
    greysSeen.toSorted((a, b) => a - b),
    'in order',
  )
  t.true((greysSeen.at(-1) ?? 0) > 200, `the last one was ${greysSeen.at(-1)}`)
  t.true(messages.some(({ type }) => type === 'end_stream'))
})
