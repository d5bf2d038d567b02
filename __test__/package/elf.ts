/** The names that a 64-bit little-endian ELF library takes from whoever loads it (ELF specification, "Symbol Table"). */
export function importedSymbols(library: Buffer): string[] {
  const dynamic = sections(library).find(({ type }) => type === SHT_DYNSYM)
  const names = dynamic && sections(library)[dynamic.link]
  if (!dynamic || !names) throw new Error('no dynamic symbol table')
  const symbols = Array.from({ length: dynamic.size / SYMBOL_BYTES }, (_, i) => dynamic.offset + i * SYMBOL_BYTES)
  return symbols
    .filter((at) => library.readUInt16LE(at + 6) === SHN_UNDEF)
    .map((at) => textAt(library, names.offset + library.readUInt32LE(at)))
}

const SHT_DYNSYM = 11
const SHN_UNDEF = 0
const SYMBOL_BYTES = 24

function sections(library: Buffer): { type: number; offset: number; size: number; link: number }[] {
  const table = Number(library.readBigUInt64LE(0x28))
  const [entryBytes, count] = [library.readUInt16LE(0x3a), library.readUInt16LE(0x3c)]
  return Array.from({ length: count }, (_, i) => table + i * entryBytes).map((at) => ({
    type: library.readUInt32LE(at + 4),
    offset: Number(library.readBigUInt64LE(at + 24)),
    size: Number(library.readBigUInt64LE(at + 32)),
    link: library.readUInt32LE(at + 40),
  }))
}

function textAt(library: Buffer, start: number): string {
  return library.toString('latin1', start, library.indexOf(0, start))
}
