import { TelephoneError } from '../errors.ts'
import { checkInteger, checkObject, checkSignal, wrongType } from '../stream/checks.ts'
import type { SpokenText } from './call-markup.ts'
import { type Announcement, checkAnnouncement, type TelephonySettings } from './telephony-options.ts'

/** A call that `stream.call` is to place. */
export interface CallOptions {
  /** Who is called: a number in E.164 form (`'+15550100'`), or what else the provider takes, such as a SIP address. */
  readonly to: string
  /** Whose number they see: one of the account's, in the same form. */
  readonly from: string
  /** What the handler gets as `getCurrentContext().call.parameters`. Up to 20; name and value 500 characters together. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Said by the provider before the handler hears the callee. Default: the greeting of the option `telephony`. */
  readonly greeting?: Announcement
  /** Said by the provider at the end. Default: the farewell of the option `telephony`. */
  readonly farewell?: Announcement
  /** For how long it rings at most, in seconds, 5 to 600. Default 60. */
  readonly ringSeconds?: number
  /** Gives up placing the call when it is aborted. By default after 10 s. */
  readonly signal?: AbortSignal
}

/** How long a provider may take to place a call, in seconds, where nobody says when to give up. */
const PLACING_SECONDS = 10

/** {@link CallOptions}, checked and completed. */
export interface CallSettings {
  /** Who is called. */
  readonly to: string
  /** Whose number they see. */
  readonly from: string
  /** For the handler. */
  readonly parameters: Readonly<Record<string, string>>
  /** Said before. */
  readonly greeting: readonly SpokenText[]
  /** Said after. */
  readonly farewell: readonly SpokenText[]
  /** For how long it rings. */
  readonly ringSeconds: number
  /** Gives up placing it. */
  readonly signal: AbortSignal
}

/** Characters that Twilio allows for a parameter's name and value (https://www.twilio.com/docs/voice/twiml/stream#custom-parameters). */
const MAX_PARAMETER = 500
const MAX_PARAMETERS = 20

/**
 * Checks how a call is to be placed.
 *
 * @param options - as a user gave them
 * @param settings - of the stream
 * @returns the same, completed
 * @throws TypeError or RangeError naming the value that can't be used
 */
export function resolveCall(options: CallOptions, settings: TelephonySettings): CallSettings {
  checkObject('', options, ['to', 'from', 'parameters', 'greeting', 'farewell', 'ringSeconds', 'signal'])
  const { to, from, parameters = {}, greeting, farewell, ringSeconds = 60, signal } = options
  checkSignal(signal)
  return {
    to: checkNumber('to', to),
    from: checkNumber('from', from),
    parameters: checkParameters(parameters),
    greeting: greeting === undefined ? settings.greeting : checkAnnouncement('greeting', greeting),
    farewell: farewell === undefined ? settings.farewell : checkAnnouncement('farewell', farewell),
    ringSeconds: checkInteger('ringSeconds', ringSeconds, [5, 600]),
    signal: signal ?? timeLimit(settings.provider.name),
  }
}

/** Gives up with an error that says so. */
function timeLimit(provider: string): AbortSignal {
  const limit = new AbortController()
  const late = `${provider} did not answer within ${PLACING_SECONDS} s; the call may have been placed, and is turned away when it is answered`
  setTimeout(() => limit.abort(new TelephoneError(late)), PLACING_SECONDS * 1000).unref()
  return limit.signal
}

function checkNumber(name: string, value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= 256) return value.trim()
  throw wrongType(name, "a telephone number like '+15550100'", value)
}

function checkParameters(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(checkObject('parameters', value))
  if (entries.length > MAX_PARAMETERS) {
    throw new RangeError(`The option parameters may have ${MAX_PARAMETERS} at most, not ${entries.length}`)
  }
  for (const [name, text] of entries) {
    if (typeof text !== 'string') throw wrongType(`parameters.${name}`, 'a text', text)
    if (name.length + text.length <= MAX_PARAMETER) continue
    throw new RangeError(
      `The option parameters.${name} has ${name.length + text.length} characters with its name; providers pass on ${MAX_PARAMETER}`,
    )
  }
  return Object.fromEntries(entries) as Record<string, string>
}
