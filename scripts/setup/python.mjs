// Python packages for the tests against a WebRTC peer that we did not write.
import { ROOT, run, say } from './run.mjs'
import { join } from 'node:path'
import { makeOnce } from './stamp.mjs'

const REQUIREMENTS = '__test__/e2e/requirements.txt'
const VENV = '.cache/venv'

/** Makes the virtual environment `.cache/venv` when its list of packages changed. */
export function installPythonPackages() {
  makeOnce(
    'python',
    [REQUIREMENTS],
    () => [`${VENV}/bin/python`],
    () => {
      say('Installing Python packages for the tests …')
      run('python3', ['-m', 'venv', '--clear', VENV])
      run(join(ROOT, VENV, 'bin', 'python'), [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '-r',
        REQUIREMENTS,
      ])
    },
  )
}
