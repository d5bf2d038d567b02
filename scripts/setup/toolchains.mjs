// Node and Rust come from whoever runs set-up: it only looks whether they will do.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask, CannotGoOn, ROOT } from './run.mjs'

/** Stops unless this Node is the version that package.json asks for, or later. */
export function checkNode() {
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).engines.node.replace('>=', '')
  if (isAtLeast(process.versions.node, wanted)) return
  throw new CannotGoOn(`Node ${wanted} or later is needed, and this is ${process.versions.node}: https://nodejs.org`)
}

/** Stops unless there is a Rust as late as Cargo.toml asks for. */
export function checkRust() {
  const wanted = /^rust-version = "(.+)"$/m.exec(readFileSync(join(ROOT, 'Cargo.toml'), 'utf8'))?.[1] ?? '1'
  const found = ask('cargo', ['--version'])?.split(' ')[1]
  if (found && isAtLeast(found, wanted)) return
  throw new CannotGoOn(
    found
      ? `Rust ${wanted} or later is needed, and this is ${found}. Update it with: rustup update stable`
      : `Rust ${wanted} or later is needed to build the native addon, and there is no 'cargo' on the PATH.\n` +
          `Install it as https://rustup.rs says (no root needed), then open a new shell so that the PATH has it:\n` +
          `  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y`,
  )
}

function isAtLeast(found, wanted) {
  const [a, b] = [found, wanted].map((version) => version.split('.').map((part) => Number.parseInt(part, 10)))
  const different = [0, 1, 2].find((i) => (a[i] ?? 0) !== (b[i] ?? 0))
  return different === undefined || a[different] > (b[different] ?? 0)
}
