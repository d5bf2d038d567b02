import { AddonMissingError } from '../errors.ts'

/** The addon's module. Its types go no further than this folder. */
export type Binding = typeof import('#binding')

/**
 * Loads the native addon, on the first use of media rather than on import, so that all else works without it.
 *
 * @returns its module
 * @throws AddonMissingError that names the platform and what to do
 */
export async function loadBinding(): Promise<Binding> {
  try {
    return await import('#binding')
  } catch (cause) {
    throw new AddonMissingError(
      `The native addon of parley-rtc doesn't load on ${process.platform} ${process.arch} with Node ${process.version}. ` +
        'Install again without --omit=optional; in a clone of the repository, run: npm run build:addon',
      { cause },
    )
  }
}
