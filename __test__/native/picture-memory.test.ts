import test from 'ava'
import { pictureMemory } from '../../src/native/picture-memory.ts'

const MIB = 1024 * 1024
/** A picture of 640 x 480 in three bytes a pixel. */
const PICTURE = 640 * 480 * 3

test('the memory of pictures that nobody holds is free again before V8 would see to it', (t) => {
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  for (let n = 0; n < 300; n += 1) {
    new Uint8Array(pictureMemory(PICTURE))[0] = n & 255
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  // By itself it waits for 32 MiB. What was found to be free may be freed a little later, by another thread.
  t.true(most < 26 * MIB, `${(most / MIB).toFixed(1)} MiB of 264`)
})

test('pictures that are held keep what is in them', (t) => {
  const held = Array.from({ length: 40 }, (_, n) => new Uint8Array(pictureMemory(PICTURE)).fill(n))
  t.true(held.every((picture, n) => picture.length === PICTURE && picture.every((value) => value === n)))
})

test('where collections begin is hidden from everybody else', (t) => {
  for (let n = 0; n < 40; n += 1) pictureMemory(PICTURE)
  t.false('gc' in globalThis)
})
