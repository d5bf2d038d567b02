import test from 'ava'
import { readStats } from '../../src/session/session-stats.ts'
import { testCall } from '../../src/testing/index.ts'
import { Echo } from '../helpers/echo.ts'

test('statistics have the counters that are documented, before there is any media and after', async (t) => {
  const call = await testCall(new Echo(), { seed: 1 })
  t.teardown(() => call.end())
  const { remoteAddress = '', codec = '', ...counters } = call.session.stats()
  const told = Object.keys(counters)
  t.regex(`${remoteAddress} ${codec}`, /:\d+ .*opus/i)
  t.deepEqual(told.toSorted(), Object.keys(readStats(undefined)).toSorted())
})
