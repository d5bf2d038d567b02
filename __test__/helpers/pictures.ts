import type { EmitVideo } from '../../src/index.ts'
import type { Picture } from './memory-link.ts'

/** A small picture that the client sends: the one of that number, at 30 a second, and all of its values. */
export function seen(number: number, size: { width?: number; height?: number } = {}): Picture {
  return { width: 4, height: 2, value: number, timestamp: number / 30, ...size }
}

/** A small picture to emit, of one value. */
export function picture(value: number, more: Partial<EmitVideo> = {}): EmitVideo {
  return { width: 4, height: 2, format: 'rgb24', data: new Uint8Array(24).fill(value), ...more }
}
