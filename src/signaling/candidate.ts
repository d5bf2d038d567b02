const TYPES = new Set(['host', 'srflx', 'prflx', 'relay'])

/**
 * Whether a candidate's attribute has the shape of RFC 8839, section 5.1: eight words, `candidate:` first. An empty one
 * has too, for it marks the end of candidates. Names that aren't addresses (`.local`), TCP and IPv6 are all well-formed,
 * whether or not they are of use.
 *
 * @param candidate - as in `RTCIceCandidate.candidate`, with or without `a=` in front
 * @returns whether it is well-formed
 */
export function isCandidate(candidate: string): boolean {
  const words = candidate.trim().split(/\s+/)
  if (words.length === 1 && words[0] === '') return true
  const [foundation = '', component, transport, priority, , port, typ, type = ''] = words
  return (
    words.length >= 8 &&
    /^(a=)?candidate:\S+$/.test(foundation) &&
    isNumber(component) &&
    transport !== undefined &&
    isNumber(priority) &&
    isNumber(port) &&
    typ === 'typ' &&
    TYPES.has(type)
  )
}

function isNumber(word: string | undefined): boolean {
  return word !== undefined && /^\d{1,10}$/.test(word)
}
