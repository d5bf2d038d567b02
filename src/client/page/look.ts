import type { PageSettings } from '../wire.ts'
import { byId } from './view.ts'

/**
 * Gives the page the looks that the server's user chose. A colour or a radius that the browser doesn't know changes nothing.
 *
 * @param settings - of the stream's `ui`
 */
export function showLook(settings: PageSettings): void {
  const { icon, iconRadius, iconButtonColor, pulseColor, fullScreen = false, variant = 'wave' } = settings
  if (icon !== undefined) showIcon(icon)
  if (iconRadius !== undefined)
    byId('mark').style.borderRadius = typeof iconRadius === 'number' ? `${iconRadius}px` : iconRadius
  if (iconButtonColor !== undefined) colourButton(iconButtonColor)
  if (pulseColor !== undefined && CSS.supports('color', pulseColor))
    byId('mark').style.setProperty('--pulse', pulseColor)
  document.body.classList.toggle('full-screen', fullScreen)
  document.body.dataset['variant'] = variant
  byId('text-form').hidden = variant !== 'textbox'
}

function showIcon(url: string): void {
  const image = document.createElement('img')
  image.alt = ''
  image.src = url
  byId('mark').replaceChildren(image)
}

/** Its text is black or white, whichever is easier to read on it. */
function colourButton(colour: string): void {
  if (!CSS.supports('color', colour)) return
  const button = byId('toggle')
  button.style.setProperty('--button', colour)
  const [red = 0, green = 0, blue = 0] = pixelOf(colour).map(linear)
  // At this luminance both have the same contrast (WCAG 2.2, contrast ratio).
  const isLight = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179
  button.style.setProperty('--on-button', isLight ? '#000' : '#fff')
}

/** A colour's red, green and blue, whatever way it is written. */
function pixelOf(colour: string): number[] {
  const context = new OffscreenCanvas(1, 1).getContext('2d')
  if (!context) return []
  context.fillStyle = colour
  context.fillRect(0, 0, 1, 1)
  return Array.from(context.getImageData(0, 0, 1, 1).data.slice(0, 3))
}

function linear(channel: number): number {
  const part = channel / 255
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
}
