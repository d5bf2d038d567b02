import test from 'ava'
import { seesItsFilm } from '../helpers/aiortc-film.ts'
import { seeByAiortc } from '../helpers/aiortc.ts'
import { flip } from '../helpers/flip.ts'
import { hasH264 } from '../helpers/h264.ts'
import { serve } from '../helpers/serve.ts'

const withH264 = hasH264() ? test : test.skip
const withoutH264 = hasH264() ? test.skip : test

withH264('aiortc sees its film come back over H.264 where that is built in', async (t) => {
  t.deepEqual(await seesItsFilm(t, 'video/H264'), ['video/H264'])
})

withoutH264('an offer of H.264 alone is refused where it is not built in, with what is spoken', async (t) => {
  const { url } = await serve(t, { handler: flip, modality: 'video' })
  const { refused, pictures } = await seeByAiortc(url, { count: 1, codec: 'video/H264' })
  t.is(refused?.error, 'unsupported_codec')
  t.regex(refused?.message ?? '', /H264; VP8 is the one codec that is spoken here/)
  t.deepEqual(pictures, [])
})
