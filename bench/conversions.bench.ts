// Conversions of PCM. Run: node --import=@oxc-node/core/register bench/conversions.bench.ts
import { aggregateBytesTo16Bit, audioToFloat32, audioToInt16 } from '../src/index.ts'
import { report } from './report.ts'

const frame = Int16Array.from({ length: 960 }, (_, i) => 20_000 * Math.sin(i / 10))
const second = Int16Array.from({ length: 48_000 }, (_, i) => 20_000 * Math.sin(i / 10))
const [frameFloats, secondFloats] = [audioToFloat32(frame), audioToFloat32(second)]
const oddChunks = Array.from({ length: 48 }, () => new Uint8Array(2001))

await report('Conversions', (bench) => {
  bench
    .add('audioToFloat32, 20 ms at 48 kHz', () => void audioToFloat32(frame))
    .add('audioToFloat32, 1 s at 48 kHz', () => void audioToFloat32(second))
    .add('audioToInt16, 20 ms at 48 kHz', () => void audioToInt16(frameFloats))
    .add('audioToInt16, 1 s at 48 kHz', () => void audioToInt16(secondFloats))
    .add('aggregateBytesTo16Bit, 1 s at 48 kHz in odd chunks', () => void [...aggregateBytesTo16Bit(oddChunks)])
})
