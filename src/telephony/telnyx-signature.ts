import { createPublicKey, type KeyObject, verify } from 'node:crypto'

/** How old a signed webhook may be, in seconds, or how far ahead the provider's clock: Telnyx's own libraries allow as much. */
const MAX_AGE_SECONDS = 300
/** What stands in front of the 32 bytes of an Ed25519 key in DER form (RFC 8410, section 4). */
const DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * Reads the public key that Telnyx shows in its portal.
 *
 * @param key - 32 bytes in Base64
 * @returns the key; undefined for anything else
 */
export function telnyxKey(key: string): KeyObject | undefined {
  if (!/^[A-Za-z\d+/]{43}=$/.test(key)) return undefined
  const bytes = Buffer.concat([DER_PREFIX, Buffer.from(key, 'base64')])
  return createPublicKey({ key: bytes, format: 'der', type: 'spki' })
}

/**
 * Whether Telnyx's signature of a webhook is right: Ed25519 over the time in seconds, a bar, and the body
 * (https://developers.telnyx.com/docs/development/api-fundamentals/webhooks/receiving-webhooks). An old one is not, for it may
 * have been recorded.
 *
 * @param publicKey - the account's
 * @param signature - in Base64, as it came
 * @param timestamp - as it came
 * @param body - as it came
 * @param nowSeconds - since 1970
 * @returns whether it is right
 */
export function isTelnyxSignature(
  publicKey: KeyObject,
  signature: string | undefined,
  timestamp: string | undefined,
  body: string,
  nowSeconds: number,
): boolean {
  if (signature === undefined || timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(nowSeconds - Number(timestamp)) > MAX_AGE_SECONDS) return false
  const bytes = Buffer.from(signature, 'base64')
  return bytes.length === 64 && verify(null, Buffer.from(`${timestamp}|${body}`), publicKey, bytes)
}
