// Draws boxes around what a model finds on the camera. Needs `npm install onnxruntime-node`; see README.md beside this file.
// Run: node --import=@oxc-node/core/register examples/object-detection/server.ts
import { readFile } from 'node:fs/promises'
import { AdditionalOutputs, Stream, VideoStreamHandler } from 'parley-rtc'
import type { VideoEmitType, VideoFrame } from 'parley-rtc'
import { drawBoxes } from './boxes.ts'
import { loadDetector } from './detector.ts'
import type { OnnxRuntime } from './detector.ts'
import { redModel } from './red-model.ts'

const { MODEL, ONNX_RUNTIME = 'onnxruntime-node', PORT = 7860 } = process.env
const runtime = (await import(ONNX_RUNTIME).catch(() => {
  console.error(`${ONNX_RUNTIME} isn't there: npm install --no-save onnxruntime-node`)
  process.exit(1)
})) as OnnxRuntime
const size = Number(process.env['INPUT_SIZE'] ?? 640)
const detect = MODEL
  ? await loadDetector(runtime, await readFile(MODEL), { width: size, height: size })
  : await loadDetector(runtime, redModel(), { width: 320, height: 240 })

async function mark(frame: VideoFrame<Uint8Array>, percent: number): Promise<VideoEmitType> {
  const boxes = await detect(frame, percent / 100)
  drawBoxes(frame, boxes)
  return [frame, new AdditionalOutputs(boxes.length)]
}

const stream = new Stream({
  // A model may be slower than the camera: it gets the newest picture then.
  handler: new VideoStreamHandler(mark, { skipFrames: true, videoFormat: 'rgb24' }),
  concurrencyLimit: 2,
  additionalInputs: [{ type: 'slider', name: 'score', label: 'Score, at least (%)', min: 1, max: 99, value: 40 }],
  additionalOutputs: [{ type: 'number', name: 'found', label: 'Things found' }],
  additionalOutputsHandler: (_current, found) => [found],
  ui: { title: 'Object detection', subtitle: 'Press start, and hold something red into the picture.' },
})
await stream.launch({ port: Number(PORT) })
