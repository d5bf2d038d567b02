// Shows you as a mosaic: a function of a picture and of a slider's value.
// Run: node --import=@oxc-node/core/register examples/video-filter/server.ts
import { Stream } from 'parley-rtc'
import type { VideoFrame } from 'parley-rtc'
import { mosaic } from './mosaic.ts'

const stream = new Stream({
  handler: (frame: VideoFrame<Uint8Array>, size: number) => mosaic(frame, size),
  modality: 'video',
  concurrencyLimit: 4,
  additionalInputs: [{ type: 'slider', name: 'size', label: 'Size of a tile', min: 1, max: 64, value: 16 }],
  trackConstraints: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } },
  ui: { title: 'Mosaic', subtitle: 'Press start, and move the slider.' },
})
await stream.launch({ port: Number(process.env['PORT'] ?? 7860) })
