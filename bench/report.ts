import { Bench, type BenchOptions } from 'tinybench'

/**
 * Runs benches, and prints for each how often it can be done in a second, how long it takes, and how far apart the
 * middle half of the samples lies.
 *
 * @param title - what is measured
 * @param fill - adds the benches
 * @param options - of tinybench
 */
export async function report(title: string, fill: (bench: Bench) => void, options: BenchOptions = {}): Promise<void> {
  const bench = new Bench({ time: 500, warmupTime: 200, ...options })
  fill(bench)
  await bench.run()
  console.log(`\n${title} (Node ${process.version}, ${process.platform} ${process.arch})`)
  console.table(Object.fromEntries(bench.tasks.map((task) => [task.name, row(task.result)])))
}

type Result = Bench['tasks'][number]['result']

function row(result: Result): Record<string, string> {
  if (result.state !== 'completed') throw new Error(`A bench did not complete: ${JSON.stringify(result)}`)
  const { p50, p75, p99 } = result.latency
  const perSecond = Math.round(1000 / (p50 ?? Infinity)).toLocaleString('en')
  return { 'per second (median)': perSecond, median: micros(p50), p75: micros(p75), p99: micros(p99) }
}

function micros(ms: number | undefined): string {
  return `${((ms ?? 0) * 1000).toFixed(2)} µs`
}
