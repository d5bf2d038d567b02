import { AsyncStreamHandler } from '../../../src/index.ts'

// A module that is never loaded: this waits for a word from nobody.
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)

/** Nobody ever sees one. */
export default abstract class Awaited extends AsyncStreamHandler {}
