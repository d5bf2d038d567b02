/** What tells whether two offers belong to one session: the `o=` line and the certificates' fingerprints. */
export interface SdpOrigin {
  /** User name and session id. */
  session: string
  /** Rises with each offer of the session. */
  version: bigint
  /** All `a=fingerprint` values, sorted, without repeats. */
  fingerprints: string
}

/**
 * Reads what identifies an offer (RFC 8866, section 5.2; RFC 8122, section 5).
 *
 * @param sdp - a session description
 * @returns its identity, or undefined when it has no proper `o=` line or no fingerprint
 */
export function parseOrigin(sdp: string): SdpOrigin | undefined {
  const line = /^o=(\S+) (\S+) (\d{1,20}) /m.exec(sdp)
  const prints = new Set(
    Array.from(sdp.matchAll(/^a=fingerprint:(.+?)\r?$/gm), ([, print = '']) => print.toLowerCase()),
  )
  const [, user, id, version] = line ?? []
  if (user === undefined || id === undefined || version === undefined || prints.size === 0) return undefined
  return { session: `${user} ${id}`, version: BigInt(version), fingerprints: [...prints].sort().join('\n') }
}

/**
 * Whether an offer is a later one of the same session: same user name and session id, a higher version, and the same
 * certificate, which nobody else can prove to hold.
 *
 * @param later - the offer that came now
 * @param earlier - the latest one that was accepted
 * @returns whether it renegotiates that session
 */
export function isLaterOffer(later: SdpOrigin | undefined, earlier: SdpOrigin | undefined): boolean {
  if (later === undefined || earlier === undefined) return false
  return (
    later.session === earlier.session && later.fingerprints === earlier.fingerprints && later.version > earlier.version
  )
}
