// The licences of everything that is linked into the addon, as their terms ask: their texts go with the binary.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const LICENCE_FILE = /^(licen[cs]e|copying|notice|unlicense|copyright)/i
const RUST_TARGETS = {
  'linux-x64-gnu': 'x86_64-unknown-linux-gnu',
  'linux-arm64-gnu': 'aarch64-unknown-linux-gnu',
}
/** What OpenH264 begins each line of its log with: an addon has it when it was built with the feature `h264`. */
const OPENH264 = '[OpenH264] this = '

/** What the crates of this repository bring along that is not their own. */
const BROUGHT = [
  { title: 'the weights of Silero VAD 6.2.3', terms: 'MIT', licence: 'crates/vad/weights/LICENSE' },
  { title: 'libvpx', terms: 'BSD-3-Clause', licence: 'crates/video/libvpx.license.txt' },
]

/**
 * One text for a platform: the crates and their licences, then each distinct text with the crates that bring it.
 *
 * @param {string} platform
 * @param {Buffer} addon
 */
export function thirdPartyNotices(platform, addon) {
  const features = addon.includes(OPENH264) ? ['--features', 'parley-addon/h264'] : []
  const crates = linkedCrates(metadata(RUST_TARGETS[platform], features))
  const linked = crates.map((crate) => `${titleOf(crate)} (${crate.license})`)
  const list = [...linked, ...BROUGHT.map(({ title, terms }) => `${title} (${terms})`)].join('\n')
  const texts = [...groupByText(crates)].map(([text, titles]) => `From ${titles.join(', ')}:\n\n${text}`)
  for (const { title, licence } of BROUGHT) texts.push(`From ${title}:\n\n${readFileSync(licence, 'utf8').trim()}`)
  const introduction = 'The addon of Parley contains the Rust standard library (MIT OR Apache-2.0) and these works:'
  return [`${introduction}\n\n${list}`, ...texts].join(`\n\n${'='.repeat(80)}\n\n`)
}

function groupByText(crates) {
  const titles = new Map()
  for (const crate of crates) {
    for (const text of licenceTexts(dirname(crate.manifest_path))) {
      titles.set(text, [...(titles.get(text) ?? []), titleOf(crate)])
    }
  }
  return titles
}

const titleOf = ({ name, version }) => `${name} ${version}`

function metadata(target, features) {
  const args = ['metadata', '--format-version', '1', '--locked', '--filter-platform', target, ...features]
  return JSON.parse(execFileSync('cargo', args, { encoding: 'utf8', maxBuffer: 2 ** 28 }))
}

/** Follows what the addon depends on at run time; build scripts and procedural macros leave nothing in it. */
function linkedCrates({ packages, resolve }) {
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]))
  const byId = new Map(packages.map((each) => [each.id, each]))
  const seen = new Set()
  const visit = (id) => {
    if (seen.has(id) || isMacro(byId.get(id))) return
    seen.add(id)
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) if (kinds.some(({ kind }) => kind === null)) visit(pkg)
  }
  visit(packages.find(({ name }) => name === 'parley-addon').id)
  return [...seen]
    .map((id) => byId.get(id))
    .filter(({ source }) => source !== null)
    .sort(byName)
}

const byName = (a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version)
const isMacro = ({ targets }) => targets.some(({ kind }) => kind.includes('proc-macro'))

/** The texts in a crate's folder, and one level below for what it brings along (libopus has its own). */
function licenceTexts(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isFile()) return LICENCE_FILE.test(entry.name) ? [readFileSync(path, 'utf8').trim()] : []
    if (!entry.isDirectory()) return []
    return readdirSync(path, { withFileTypes: true })
      .filter((inner) => inner.isFile() && LICENCE_FILE.test(inner.name))
      .map((inner) => readFileSync(join(path, inner.name), 'utf8').trim())
  })
}
