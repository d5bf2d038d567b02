import { CredentialsError } from '../errors.ts'
import { wrongType } from '../stream/checks.ts'

/**
 * A key of a provider's account, from its options or the environment, if there is one.
 *
 * @param name - the option's
 * @param value - as a user gave it
 * @param variable - of the environment
 * @returns the key; undefined when neither has one
 * @throws TypeError for an option that is no text or an empty one, never with its value
 */
export function optionalKey(name: string, value: unknown, variable: string): string | undefined {
  if (value === undefined) return process.env[variable]?.trim() || undefined
  if (typeof value === 'string' && value.trim() !== '') return value.trim()
  throw new TypeError(
    `The option ${name} must be a text that isn't empty, not ${typeof value === 'string' ? 'an empty one' : typeof value}`,
  )
}

/**
 * The same where the key is needed.
 *
 * @param name - the option's
 * @param key - what {@link optionalKey} found
 * @param variable - of the environment
 * @returns the key
 * @throws CredentialsError that names both places
 */
export function neededKey(name: string, key: string | undefined, variable: string): string {
  if (key !== undefined) return key
  throw new CredentialsError(
    `There is no key to place calls with: set the environment variable ${variable}, or give the option ${name}`,
  )
}

/**
 * The address of a provider's REST API.
 *
 * @param value - as a user gave it
 * @returns without a slash at its end
 * @throws TypeError naming the value
 */
export function apiAddress(value: unknown): string {
  if (typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value)) return value.replace(/\/+$/, '')
  throw wrongType('baseURL', "an address like 'https://api.example.org'", value)
}
