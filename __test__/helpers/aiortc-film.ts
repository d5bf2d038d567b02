import type { ExecutionContext } from 'ava'
import type { VideoFrame } from '../../src/index.ts'
import { seeByAiortc } from './aiortc.ts'
import { flip } from './flip.ts'
import { serve } from './serve.ts'
import { CAMERA, cameraFilm, FLIPPED, numberOf, readFrame, UPRIGHT } from './test-picture.ts'

/** Has aiortc send a film to a handler that flips it, and checks what each of them sees; resolves to the codecs that were spoken. */
export async function seesItsFilm(t: ExecutionContext, codec?: string): Promise<readonly string[]> {
  const film = await cameraFilm()
  t.teardown(film.remove)
  const heard: VideoFrame[] = []
  const handler = (frame: VideoFrame<Uint8Array>): VideoFrame => {
    if (heard.length < 30) heard.push(frame)
    return flip(frame)
  }
  const { url } = await serve(t, { handler, modality: 'video' })
  const call = { count: 30, film: film.path, ...(codec !== undefined && { codec }) }
  const { pictures, codecs } = await seeByAiortc(url, call)
  const seen = pictures.map((picture) => readFrame({ ...picture, format: 'rgb24', timestamp: 0 }))
  t.true(pictures.length >= 30, `${pictures.length} pictures`)
  t.like(pictures[0], { width: CAMERA.width, height: CAMERA.height })
  for (const { corners } of seen) t.deepEqual(corners, FLIPPED)
  t.true(new Set(seen.map(numberOf)).size > 10, 'it moves')
  t.false(seen.map(numberOf).includes(undefined), 'and each picture is whole')
  for (const frame of heard) t.deepEqual(readFrame(frame).corners, UPRIGHT)
  return codecs ?? []
}
