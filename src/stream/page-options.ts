import { describe } from '../frames/describe.ts'
import { checkObject, checkWord, wrongType } from './checks.ts'

/** How the built-in page looks. */
export interface UiOptions {
  /** Heading, and the title of the window. */
  title?: string
  /** A line below the heading. */
  subtitle?: string
  /** URL of a picture in place of the page's mark: `https:`, `http:`, `data:image/…` or relative to the page. */
  icon?: string
  /** A CSS colour, of the button that starts the call. */
  iconButtonColor?: string
  /** A CSS colour, of the ring around the picture that follows the voice that is heard. */
  pulseColor?: string
  /** Of the picture's corners, in CSS pixels or with a unit. */
  iconRadius?: number | string
  /**
   * When inputs are sent during a call: as they change (default), or when a button is pressed. At the start of a call, and
   * when the handler asks, they are sent anyway.
   */
  sendInputOn?: 'change' | 'submit'
  /** Whether the heading is left out. */
  hideTitle?: boolean
  /** Whether the page fills the window. */
  fullScreen?: boolean
  /**
   * What the call looks like: both voices as waves (default), or a field for texts, which reach the server as `message`
   * events of the session.
   */
  variant?: 'wave' | 'textbox'
}

const UI_STRINGS = ['title', 'subtitle', 'icon', 'iconButtonColor', 'pulseColor']
const UI_FLAGS = ['hideTitle', 'fullScreen']

/**
 * Checks the option `ui`.
 *
 * @param ui - as a user gave it
 * @returns the same
 * @throws TypeError or RangeError naming the value that can't be used
 */
export function checkUi(ui: UiOptions = {}): UiOptions {
  const values = checkObject('ui', ui, [...UI_STRINGS, ...UI_FLAGS, 'iconRadius', 'sendInputOn', 'variant'])
  for (const name of UI_STRINGS) checkTypeOf(`ui.${name}`, values[name], ['string'])
  for (const name of UI_FLAGS) checkTypeOf(`ui.${name}`, values[name], ['boolean'])
  checkIcon(ui.icon)
  checkTypeOf('ui.iconRadius', values['iconRadius'], ['number', 'string'])
  if (typeof ui.iconRadius === 'number' && !(ui.iconRadius >= 0 && ui.iconRadius < Infinity)) {
    throw new RangeError(`The option ui.iconRadius must be 0 or more, not ${ui.iconRadius}`)
  }
  if (values['sendInputOn'] !== undefined) checkWord('ui.sendInputOn', values['sendInputOn'], ['change', 'submit'])
  if (values['variant'] !== undefined) checkWord('ui.variant', values['variant'], ['wave', 'textbox'])
  return ui
}

/**
 * From where the built-in page has to load its picture.
 *
 * @param ui - checked
 * @returns an origin such as `'https://example.org'`; undefined for a picture of the page's own server, or none
 */
export function iconOrigin({ icon = '' }: UiOptions): string | undefined {
  return /^https?:/i.test(icon) ? new URL(icon).origin : undefined
}

function checkIcon(icon: string | undefined): void {
  if (icon === undefined) return
  const isAddress = !/\s/.test(icon) && URL.canParse(icon, 'http://page.invalid/')
  const isRelative = !/^[a-z][a-z\d+.-]*:/i.test(icon)
  if (/^data:image\//i.test(icon) || (isAddress && (isRelative || /^https?:\/\//i.test(icon)))) return
  throw new RangeError(
    `The option ui.icon must be a URL that begins with https:, http: or data:image/, or is relative, not ${describe(icon)}`,
  )
}

function checkTypeOf(name: string, value: unknown, types: readonly string[]): void {
  if (value !== undefined && !types.includes(typeof value)) throw wrongType(name, `a ${types.join(' or a ')}`, value)
}
