/** Characters of one line; an endless one is given up. */
const MAX_LINE = 1024 * 1024

/**
 * Reads server-sent events (WHATWG HTML, section 9.2.6), of which only the data matters here.
 *
 * @param chunks - the body, as it comes
 * @param tooLong - makes the error for a line of more than a million characters
 * @returns the data of each event that has some, its lines joined by line feeds
 */
export async function* eventData(
  chunks: AsyncIterable<Uint8Array>,
  tooLong: () => Error,
): AsyncGenerator<string, void, void> {
  let data: string[] = []
  for await (const line of linesOf(chunks, tooLong)) {
    if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5))
    if (line !== '' || data.length === 0) continue
    yield data.join('\n')
    data = []
  }
  // Some services leave out the empty line at the end.
  if (data.length > 0) yield data.join('\n')
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>, tooLong: () => Error): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true })
    // A carriage return at the end may be followed by its line feed.
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE) throw tooLong()
    yield* lines
  }
  yield* (rest + decoder.decode()).split(/\r\n|\n|\r/)
}
