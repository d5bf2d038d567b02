// Runs cargo-deny where it is installed (`cargo install --locked cargo-deny`): compiling it takes longer than all
// the other checks, so set-up doesn't. Its list of advisories is fetched, so that part is asked for by ADVISORIES=1.
import { spawnSync } from 'node:child_process'

const isInstalled = spawnSync('cargo', ['deny', '--version'], { stdio: 'ignore' }).status === 0
const kinds = ['bans', 'licenses', 'sources', ...(process.env['ADVISORIES'] ? ['advisories'] : [])]

if (!isInstalled) console.log('Left out: cargo-deny is not installed (cargo install --locked cargo-deny).')
else process.exitCode = spawnSync('cargo', ['deny', 'check', ...kinds], { stdio: 'inherit' }).status ?? 1
