// A face that says back what it hears: audio and video together.
// Run: node --import=@oxc-node/core/register examples/avatar/server.ts
import { Stream } from 'parley-rtc'
import { Avatar } from './avatar.ts'

const stream = new Stream({
  handler: new Avatar(),
  concurrencyLimit: 4,
  trackConstraints: { audio: { echoCancellation: true }, video: { width: { ideal: 320 }, height: { ideal: 240 } } },
  ui: { title: 'Avatar', subtitle: 'Press start, and speak: it says the same. Headphones keep it from going round.' },
})
await stream.launch({ port: Number(process.env['PORT'] ?? 7860) })
