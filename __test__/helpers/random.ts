/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Cuts a text into tokens at random places, within characters too; some are empty. */
export function tokensAtRandom(text: string, next: () => number): string[] {
  const tokens: string[] = []
  for (let at = 0; at < text.length;) {
    const length = Math.floor(next() * 7)
    tokens.push(text.slice(at, at + length))
    at += length
  }
  return tokens
}
