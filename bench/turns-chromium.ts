// How long a caller in Chromium waits for a reply and for silence, with a reply that is ready at once: generated speech as
// the microphone, both sides recorded by the page. Prints a table.
// Run: node --import=@oxc-node/core/register bench/turns-chromium.ts [CALLS]
import { spokenCall } from '../__test__/e2e/spoken-call.ts'
import { type Figures, figuresOf } from '../__test__/e2e/turn-figures.ts'

const rows: readonly (readonly [what: string, figure: (figures: Figures) => number[]])[] = [
  ['pause found after its definition was true (in the audio)', ({ found }) => found],
  ["reply's first packet at the page after the pause was found", ({ answered }) => answered],
  ["old reply's last packet at the page after the interruption was found", ({ silenced }) => [silenced]],
  ['interruption found after its true beginning (in the audio)', ({ noticed }) => [noticed]],
  ['reply played after the true end of speech', ({ heardAfter }) => heardAfter],
  ['old reply silent after the true beginning of the interruption', ({ silentAfter }) => [silentAfter]],
]

const all: Figures[] = []
for (let call = 0; call < Number(process.argv[2] ?? 3); call++) all.push(await measure())
console.log(`ms, of ${all.length} calls with three turns each (Node ${process.version})\n`)
console.log('| | median | least | most |\n| --- | --- | --- | --- |')
for (const [what, figure] of rows) console.log(row(what, all.flatMap(figure)))

async function measure(): Promise<Figures> {
  const ends: (() => unknown)[] = []
  try {
    return figuresOf(await spokenCall({ teardown: (end) => void ends.push(end) }))
  } finally {
    for (const end of ends.toReversed()) await end()
  }
}

function row(what: string, values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const cells = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)]
  return `| ${what} | ${cells.map((ms) => Math.round(ms ?? NaN)).join(' | ')} |`
}
