import test from 'ava'
import { stderrLogger } from '../../src/session/logger.ts'

test.serial('without a logger, warnings and errors go to stderr, and the rest nowhere', (t) => {
  const written: string[] = []
  const { stderr } = process
  const original = stderr.write.bind(stderr)
  stderr.write = (text) => written.push(String(text)) > 0
  try {
    for (const level of ['debug', 'info', 'warn', 'error'] as const) stderrLogger[level](`a ${level}`)
  } finally {
    stderr.write = original
  }
  t.deepEqual(written, ['parley: a warn\n', 'parley: a error\n'])
})
