import test from 'ava'
import { InvalidEmitError, type ParleyError, VideoStreamHandler } from '../../src/index.ts'
import { call, settle } from '../helpers/call.ts'
import { picture, seen } from '../helpers/pictures.ts'

/** What a session says of a picture that its handler emitted, and whether the client saw it. */
async function emit(value: unknown): Promise<{ errors: ParleyError[]; shown: number; state: string }> {
  const { core, link } = call(new VideoStreamHandler((() => value) as never))
  const errors: ParleyError[] = []
  core.session.on('error', (error) => errors.push(error))
  link.see(seen(1), seen(2))
  await settle()
  return { errors, shown: link.shown.length, state: core.state }
}

const FITTING: [what: string, value: unknown][] = [
  ['bytes', picture(1)],
  ['16-bit integers', picture(1, { data: new Uint16Array(24) })],
  ['floats', picture(1, { data: new Float32Array(24) })],
  ['bgr24', picture(1, { format: 'bgr24' })],
  ['rgba', picture(1, { format: 'rgba', data: new Uint8Array(32) })],
  ['i420', picture(1, { format: 'i420', data: new Uint8Array(12) })],
  ['a Buffer', picture(1, { data: Buffer.alloc(24) })],
  ['another size', picture(1, { width: 2, height: 2, data: new Uint8Array(12) })],
  ['a timestamp', picture(1, { timestamp: 1.5 })],
]

for (const [what, value] of FITTING) {
  test(`a handler may emit ${what}`, async (t) => {
    t.deepEqual(await emit(value), { errors: [], shown: 2, state: 'connected' })
  })
}

const UNFIT: [what: string, value: unknown, message: RegExp][] = [
  [
    'an odd width',
    picture(1, { width: 5 }),
    /gave a picture of 5 x 2; width and height must be even: crop it to 4 x 2$/,
  ],
  ['an odd height', picture(1, { height: 3 }), /of 4 x 3; width and height must be even: crop it to 4 x 2$/],
  ['no width', picture(1, { width: 0 }), /of 0 x 2; width and height must be integers from 2 to 4096$/],
  ['too many lines', picture(1, { height: 4098 }), /of 4 x 4098; width and height must be integers from 2 to 4096$/],
  ['half a pixel', picture(1, { width: 4.5 }), /of 4.5 x 2; width/],
  ['a width in words', picture(1, { width: '4' as never }), /of "4" x 2; width/],
  [
    'another format',
    picture(1, { format: 'bgr' as never }),
    /in the format "bgr"; it must be 'bgr24', 'rgb24', 'rgba' or 'i420'$/,
  ],
  [
    'too little data',
    picture(1, { data: new Uint8Array(23) }),
    /gave 23 values for a picture of 4 x 2 in rgb24; it must have 24$/,
  ],
  [
    'data of another format',
    picture(1, { format: 'rgba' }),
    /gave 24 values for a picture of 4 x 2 in rgba; it must have 32$/,
  ],
  [
    'planes that are too long',
    picture(1, { format: 'i420' }),
    /24 values for a picture of 4 x 2 in i420; it must have 12$/,
  ],
  [
    'data of another type',
    picture(1, { data: new Int16Array(24) as never }),
    /data of a picture as Int16Array\(24\); it must be a Uint8Array, Uint16Array or Float32Array$/,
  ],
  ['data as a list', picture(1, { data: [1, 2] as never }), /data of a picture as \[1, 2\]; it must be/],
  [
    "a canvas's bytes",
    picture(1, { data: new Uint8ClampedArray(24) as never }),
    /as Uint8ClampedArray\(24\); it must be .*, such as new Uint8Array\(data\.buffer\) of a canvas$/,
  ],
  ['data that was sent to a worker', sentAway(), /a picture whose memory was transferred away.*emit a copy/],
  ['a picture without data', { width: 4, height: 2, format: 'rgb24' }, /data of a picture as undefined; it must be/],
  [
    'a time that is none',
    picture(1, { timestamp: NaN }),
    /with the timestamp NaN; it must be seconds, or be left out$/,
  ],
  [
    'audio',
    [8000, new Int16Array(160)],
    /gave \[8000, Int16Array\(160\)\]; it must be a VideoFrame, AdditionalOutputs/,
  ],
  ['a number', 7, /^The handler function gave 7; it must be a VideoFrame/],
  ['three things', [picture(1), null, null], /gave \[Object, null, null\]; it must be/],
  ['a picture and a number', [picture(1), 7], /gave \[Object, 7\]; it must be/],
]

function sentAway(): object {
  const data = new Uint8Array(24)
  structuredClone(data.buffer, { transfer: [data.buffer] })
  return picture(1, { data })
}

for (const [what, value, message] of UNFIT) {
  test(`${what} is refused once in words, and the session goes on`, async (t) => {
    const { errors, shown, state } = await emit(value)
    t.is(errors.length, 1)
    t.true(errors[0] instanceof InvalidEmitError)
    t.regex(errors[0]?.message ?? '', message)
    t.deepEqual([shown, state], [0, 'connected'])
  })
}

test('a value that throws while it is looked at does no harm', async (t) => {
  const get = (_: object, key: string | symbol): unknown => {
    if (key === 'then') return undefined
    throw new Error('hands off')
  }
  const hostile = new Proxy({ width: 4 }, { get })
  const { errors, state } = await emit(hostile)
  t.deepEqual([errors.length, state], [1, 'connected'])
})
