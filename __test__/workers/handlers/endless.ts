import { StreamHandler } from '../../../src/index.ts'

// A module that is never done loading: a thread can be ended meanwhile.
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)

export default StreamHandler
