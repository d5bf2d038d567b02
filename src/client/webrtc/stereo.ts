/**
 * Says in an offer that its client plays stereo, which browsers leave to the page (RFC 7587, section 7.1): a server whose
 * handler speaks in stereo is heard so then, and any other is heard as before.
 *
 * @param sdp - of the offer
 * @returns the offer with `stereo=1` among the parameters of each Opus, unless something is said there about it
 */
export function askForStereo(sdp: string): string {
  const lines = sdp.split('\r\n')
  for (const [, payloadType] of sdp.matchAll(/^a=rtpmap:(\d+) opus\/48000\/2\r$/gim)) {
    const isParameters = (line: string): boolean => line.startsWith(`a=fmtp:${payloadType} `)
    const at = lines.findIndex(isParameters)
    if (at === -1) lines.splice(indexOfMapping(lines, payloadType) + 1, 0, `a=fmtp:${payloadType} stereo=1`)
    else if (!/[ ;]stereo=/.test(lines[at] ?? '')) lines[at] += ';stereo=1'
  }
  return lines.join('\r\n')
}

function indexOfMapping(lines: readonly string[], payloadType: string | undefined): number {
  return lines.findIndex((line) => line.startsWith(`a=rtpmap:${payloadType} `))
}
