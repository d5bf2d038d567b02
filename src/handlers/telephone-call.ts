/** The telephone call that a session serves. */
export interface TelephoneCall {
  /** Who carries it, in words: `'Twilio'`. */
  readonly provider: string
  /** Who called: `'inbound'` for a call that came in, `'outbound'` for one that `stream.call` placed. */
  readonly direction: 'inbound' | 'outbound'
  /** What the provider calls it: Twilio's and Telnyx's `CallSid`. */
  readonly callId: string
  /** Who calls, as the provider writes it, mostly in E.164 form (`'+15550100'`); empty when it doesn't say. */
  readonly from: string
  /** Who is called, in the same form. */
  readonly to: string
  /** What the webhook said of the caller, such as `CallerName` and `FromCity`; of an outbound call what `stream.call` was given. */
  readonly parameters: Readonly<Record<string, string>>
}
