import test from 'ava'
import type { VideoFrame } from '../../src/index.ts'
import { seeByAiortc } from '../helpers/aiortc.ts'
import { flip } from '../helpers/flip.ts'
import { serve } from '../helpers/serve.ts'
import { CAMERA, cameraFilm, FLIPPED, numberOf, readFrame, UPRIGHT } from '../helpers/test-picture.ts'

test('aiortc sees its film come back as the function made it', async (t) => {
  const film = await cameraFilm()
  t.teardown(film.remove)
  const heard: VideoFrame[] = []
  const handler = (frame: VideoFrame<Uint8Array>): VideoFrame => {
    if (heard.length < 30) heard.push(frame)
    return flip(frame)
  }
  const { url } = await serve(t, { handler, modality: 'video' })
  const { pictures } = await seeByAiortc(url, { count: 30, film: film.path })
  const seen = pictures.map((picture) => readFrame({ ...picture, format: 'rgb24', timestamp: 0 }))
  t.true(pictures.length >= 30, `${pictures.length} pictures`)
  t.like(pictures[0], { width: CAMERA.width, height: CAMERA.height })
  for (const { corners } of seen) t.deepEqual(corners, FLIPPED)
  t.true(new Set(seen.map(numberOf)).size > 10, 'it moves')
  t.false(seen.map(numberOf).includes(undefined), 'and each picture is whole')
  for (const frame of heard) t.deepEqual(readFrame(frame).corners, UPRIGHT)
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
