// Counts tests from what the runners print. A suite that crashed, or ran no test at all, counts as one failure.

/** Adds up the `test result:` lines that cargo prints, one for each test program. */
export function countCargo(output, exitCode) {
  const results = [...output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)]
  const sum = (group) => results.reduce((n, result) => n + Number(result[group]), 0)
  return honest({ passed: sum(1), failed: sum(2), skipped: sum(3) }, exitCode)
}

/** Counts the points of a TAP stream (https://testanything.org/tap-version-13-specification.html). */
export function countTap(output, exitCode) {
  const points = output.split('\n').filter((line) => /^(not )?ok \d+/.test(line))
  const skipped = points.filter((line) => /# (SKIP|TODO)\b/i.test(line))
  const failed = points.filter((line) => line.startsWith('not ok') && !skipped.includes(line))
  const passed = points.length - failed.length - skipped.length
  return honest({ passed, failed: failed.length, skipped: skipped.length }, exitCode)
}

/** Adds counts up. */
export function total(counts) {
  const sum = (key) => counts.reduce((n, count) => n + count[key], 0)
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') }
}

/** The closing line that people and build servers read. */
export function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

function honest(count, exitCode) {
  const hidesFailure = count.failed === 0 && (exitCode !== 0 || count.passed === 0)
  return hidesFailure ? { ...count, failed: 1 } : count
}
