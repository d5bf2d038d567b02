// Shows a film that it draws as it goes: a generator function of pictures, in receive mode.
// Run: node --import=@oxc-node/core/register examples/film/server.ts
import { Stream } from 'parley-rtc'
import { film } from './film.ts'

const seconds = Number(process.env['SECONDS'] ?? 20)
const stream = new Stream({
  handler: () => film(seconds),
  modality: 'video',
  mode: 'receive',
  concurrencyLimit: 4,
  ui: { title: 'Film', subtitle: 'Press start, and watch. The stream ends with its last picture.' },
})
await stream.launch({ port: Number(process.env['PORT'] ?? 7860) })
