// The handler of HANDLER=turns in bench/server.mjs: it answers each turn with a tone whose pitch numbers the reply.
//
//   REPLY_MS=1000   how long a reply lasts
//   TURN_DIR=path   the audio of each turn is written there, as <webrtc id>.<reply>.<rate>.s16 (raw, mono)
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getCurrentContext, ReplyOnPause } from 'parley-rtc'

/** Pitches of the replies of a session, in Hz: the first one's, and so on, again and again. */
const PITCHES = [400, 560, 780, 1080, 1500, 2100, 2600, 3200]
const RATE = 24_000
const FRAME = RATE / 50
/** A third of full scale. */
const AMPLITUDE = 11_000

const frames = Math.round((Number(process.env.REPLY_MS ?? 1000) * RATE) / 1000 / FRAME)
const folder = process.env.TURN_DIR

/** Answers every pause with a tone, from a generator that yields 20 ms at a time and waits for nothing. */
export function toneReplies() {
  const replies = new Map()
  return new ReplyOnPause(function* ([rate, samples]) {
    const id = getCurrentContext().webrtcId
    const reply = replies.get(id) ?? 0
    replies.set(id, reply + 1)
    if (folder !== undefined) {
      writeFileSync(join(folder, `${id}.${String(reply).padStart(3, '0')}.${rate}.s16`), samples)
    }
    for (let frame = 0; frame < frames; frame++) yield [RATE, tone(PITCHES[reply % PITCHES.length], frame * FRAME)]
  })
}

/** 20 ms of a tone, from so many samples after its beginning on. */
function tone(hertz, from) {
  const turn = (2 * Math.PI * hertz) / RATE
  return Int16Array.from({ length: FRAME }, (_, n) => AMPLITUDE * Math.sin(turn * (from + n)))
}
