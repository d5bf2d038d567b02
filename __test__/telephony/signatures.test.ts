import { generateKeyPairSync, sign } from 'node:crypto'
import test from 'ava'
import { isTelnyxSignature, telnyxKey } from '../../src/telephony/telnyx-signature.ts'
import { isTwilioSignature, twilioSignature } from '../../src/telephony/twilio-signature.ts'

// The example of Twilio's own libraries and manual.
const TOKEN = '12345'
const URL_ASKED = 'https://mycompany.com/myapp.php?foo=1&bar=2'
const FORM = new URLSearchParams({
  CallSid: 'CA1234567890ABCDE',
  Digits: '1234',
  From: '+14158675309',
  To: '+18005551212',
  Caller: '+14158675309',
})
const SIGNATURE = 'RSOYDt4T1cUTdK1PDd93/VVr8B8='

test("Twilio's own example has Twilio's own signature", (t) => {
  t.is(twilioSignature(TOKEN, URL_ASKED, FORM), SIGNATURE)
  t.true(isTwilioSignature(SIGNATURE, TOKEN, [URL_ASKED], FORM))
})

test('an address may be signed with its port or without', (t) => {
  for (const signed of ['https://a.example/x', 'https://a.example:443/x', 'https://a.example:8443/x']) {
    const signature = twilioSignature(TOKEN, signed, FORM)
    t.is(isTwilioSignature(signature, TOKEN, ['https://a.example/x'], FORM), !signed.includes('8443'), signed)
    t.is(isTwilioSignature(signature, TOKEN, ['https://a.example:8443/x'], FORM), !signed.includes(':443'), signed)
  }
})

test('the address of a socket may be signed with a slash at its end, that of a webhook not', (t) => {
  const none = new URLSearchParams()
  const socket = twilioSignature(TOKEN, 'wss://a.example/telephone/handler/', none)
  t.true(isTwilioSignature(socket, TOKEN, ['wss://a.example/telephone/handler'], none))
  const webhook = twilioSignature(TOKEN, 'https://a.example/x/', none)
  t.false(isTwilioSignature(webhook, TOKEN, ['https://a.example/x'], none))
})

test('a signature of anything else is wrong', (t) => {
  const other = new URLSearchParams(FORM)
  other.set('To', '+18005551213')
  t.false(isTwilioSignature(SIGNATURE, TOKEN, [URL_ASKED], other))
  t.false(isTwilioSignature(SIGNATURE, '12346', [URL_ASKED], FORM))
  t.false(isTwilioSignature(SIGNATURE, TOKEN, ['https://mycompany.com/myapp.php?foo=1&bar=3'], FORM))
  t.false(isTwilioSignature(SIGNATURE, TOKEN, [], FORM))
  for (const wrong of [undefined, '', 'x', SIGNATURE.slice(1), `${SIGNATURE}=`, SIGNATURE.toLowerCase()]) {
    t.false(isTwilioSignature(wrong, TOKEN, [URL_ASKED], FORM), String(wrong))
  }
})

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
/** As the portal shows it: the 32 bytes behind what says in DER that they are such a key. */
const PORTAL_KEY = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')
const BODY = 'CallSid=v3%3Aabc&From=%2B15550100'
const NOW = 1_700_000_000

function telnyxSignature(timestamp: number | string, body = BODY): string {
  return sign(null, Buffer.from(`${timestamp}|${body}`), privateKey).toString('base64')
}

test('a webhook of Telnyx is signed over its time and its body', (t) => {
  const key = telnyxKey(PORTAL_KEY)
  if (key === undefined) return t.fail('the portal shows such a key')
  const check = (signature: string | undefined, timestamp: string | undefined, body = BODY): boolean =>
    isTelnyxSignature(key, signature, timestamp, body, NOW)
  const signature = telnyxSignature(NOW)
  t.true(check(signature, String(NOW)))
  t.false(check(signature, String(NOW + 1)))
  t.false(check(signature, String(NOW), `${BODY}&x=1`))
  t.false(check(undefined, String(NOW)))
  t.false(check(signature, undefined))
  for (const wrong of ['', 'x', signature.slice(4), 'A'.repeat(88)]) t.false(check(wrong, String(NOW)), wrong)
  for (const wrong of ['', '-1', 'now', '1e9', ' 1700000000']) t.false(check(telnyxSignature(wrong), wrong), wrong)
})

test('an old webhook of Telnyx is refused, for it may have been recorded', (t) => {
  const key = telnyxKey(PORTAL_KEY)
  if (key === undefined) return t.fail('the portal shows such a key')
  for (const [age, isGood] of [
    [299, true],
    [301, false],
    [-299, true],
    [-301, false],
  ] as const) {
    const at = NOW - age
    t.is(isTelnyxSignature(key, telnyxSignature(at), String(at), BODY, NOW), isGood, String(age))
  }
})

test('what is no key of Telnyx is none', (t) => {
  for (const text of ['', 'secret', PORTAL_KEY.slice(4), `${PORTAL_KEY}AAAA`]) t.is(telnyxKey(text), undefined, text)
})
