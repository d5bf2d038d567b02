import type { ConnectionState } from '../connection.ts'
import type { Levels } from '../levels.ts'
import type { CallStats, VideoStats } from '../statistics.ts'
import type { TransportKind } from '../transport.ts'
import type { Modality, Mode, PageSettings } from '../wire.ts'

/** What the page shows: before and after a call it is idle. */
export type PageState = 'idle' | Exclude<ConnectionState, 'closed'>

const STATE_WORDS: Readonly<Record<PageState, string>> = {
  idle: 'Not connected',
  connecting: 'Connecting…',
  connected: 'Connected',
  reconnecting: 'Reconnecting…',
}

const ACTIONS: Readonly<Record<PageState, string>> = {
  idle: 'Start',
  connecting: 'Cancel',
  connected: 'Stop',
  reconnecting: 'Stop',
}

const TRANSPORT_NAMES: Readonly<Record<TransportKind, string>> = { webrtc: 'WebRTC', websocket: 'WebSocket' }

/**
 * Finds an element that the page has.
 *
 * @param id - its id
 * @returns the element
 * @throws Error when the page doesn't have it
 */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (!found) throw new Error(`The page has no #${id}`)
  return found
}

/**
 * Shows where the call stands, on the button too.
 *
 * @param state - where it stands
 */
export function showState(state: PageState): void {
  byId('state').dataset['state'] = state
  byId('state-text').textContent = STATE_WORDS[state]
  byId('toggle').textContent = ACTIONS[state]
  byId('toggle').dataset['action'] = state === 'idle' ? 'start' : 'stop'
}

/**
 * Shows what went wrong, or takes it away.
 *
 * @param message - a sentence; empty for nothing
 */
export function showAlert(message: string): void {
  const alert = byId('alert')
  alert.hidden = message === ''
  alert.textContent = message
}

/**
 * Shows how loud both sides are.
 *
 * @param levels - 0 to 1
 */
export function showLevels(levels: Levels): void {
  for (const side of ['sent', 'heard'] as const) {
    const meter = byId(`${side}-meter`)
    meter.style.setProperty('--level', levels[side].toFixed(3))
    meter.setAttribute('aria-valuenow', String(Math.round(levels[side] * 100)))
  }
  byId('mark').style.setProperty('--level', levels.heard.toFixed(3))
}

/**
 * Shows how well the call goes.
 *
 * @param stats - undefined after the call
 * @param seconds - how long it lasts
 */
export function showStats(stats: CallStats | undefined, seconds: number): void {
  byId('round-trip').textContent = milliseconds(stats?.roundTripMs)
  byId('loss-sent').textContent = percent(stats?.lossSent)
  byId('loss-heard').textContent = percent(stats?.lossHeard)
  showPicture(stats?.videoReceived?.frames ? stats.videoReceived : stats?.videoSent)
  byId('duration').textContent = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
}

/**
 * Shows how the call reaches the server.
 *
 * @param transport - undefined while that isn't known
 */
export function showTransport(transport: TransportKind | undefined): void {
  byId('transport').textContent = transport === undefined ? '–' : TRANSPORT_NAMES[transport]
}

/**
 * Shows the titles that the server's user chose: as text, so that markup in them stays inert.
 *
 * @param settings - of the stream's `ui`
 */
export function showTitles({ title, subtitle, hideTitle = false }: PageSettings): void {
  if (title) byId('title').textContent = document.title = title
  if (subtitle !== undefined) byId('subtitle').textContent = subtitle
  byId('titles').classList.toggle('visually-hidden', hideTitle)
}

/** Says what the page is for, until the server's user chose other words. */
const SUBTITLES: Readonly<Record<Modality, string>> = {
  audio: 'Press start, and speak.',
  video: 'Press start, and look.',
  'audio-video': 'Press start, speak, and look.',
}

/**
 * Leaves out what a modality and a mode have no use for.
 *
 * @param modality - what goes
 * @param mode - which way it goes
 */
export function showMode(modality: Modality, mode: Mode): void {
  const isSoundSent = modality !== 'video' && mode !== 'receive'
  for (const id of ['microphone-field', 'mute', 'sent-row']) byId(id).hidden = !isSoundSent
  byId('meters').hidden = modality === 'video'
  byId('heard-row').hidden = mode === 'send'
  byId('subtitle').textContent = SUBTITLES[modality]
  document.body.dataset['mode'] = mode
  document.body.dataset['modality'] = modality
}

function showPicture(video: VideoStats | undefined): void {
  const { width, height, framesPerSecond } = video ?? {}
  byId('picture-size').textContent = width && height ? `${width} × ${height}` : '–'
  byId('picture-rate').textContent = framesPerSecond === undefined ? '–' : framesPerSecond.toFixed(0)
}

function percent(part: number | undefined): string {
  return part === undefined ? '–' : `${(part * 100).toFixed(1)} %`
}

function milliseconds(time: number | undefined): string {
  if (time === undefined) return '–'
  return time < 1 ? '< 1 ms' : `${time.toFixed(time < 10 ? 1 : 0)} ms`
}
