import { PackageMissingError, SpeechModelError } from '../errors.ts'
import { messageOf } from '../frames/thrown.ts'

/**
 * Loads a package that is installed only where it is used.
 *
 * @param name - of the package
 * @param user - what needs it, in words
 * @returns what it exports
 * @throws PackageMissingError with the command that installs it, SpeechModelError when it is there and doesn't load
 */
export async function loadOptionalPackage(name: string, user: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(name)) as Record<string, unknown>
  } catch (cause) {
    if (isMissing(cause, name)) {
      throw new PackageMissingError(`${user} needs the package ${name}: npm install ${name}`, { cause })
    }
    throw new SpeechModelError(`The package ${name} is installed and doesn't load: ${messageOf(cause)}`, { cause })
  }
}

/** Not a package that it needs itself in turn. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown }
  const isNotFound = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
  return isNotFound && String(message).includes(`'${name}'`)
}
