import { connect, fetchConfiguration } from '../connect.ts'
import type { Closing, Connection } from '../connect.ts'
import { MessageLog } from './message-log.ts'
import { MicrophoneChoice } from './microphone-choice.ts'
import { byId, showAlert, showLevels, showMode, showState, showStats, showTitles } from './view.ts'
import { Waveform } from './waveform.ts'

const log = new MessageLog(byId('log'), byId('log-empty'))
const waveform = new Waveform(byId('voices') as HTMLCanvasElement)
const microphones = new MicrophoneChoice(byId('microphone') as HTMLSelectElement, () => void chooseMicrophone())
const mute = byId('mute') as HTMLButtonElement

let call: Connection | undefined
let attempt: AbortController | undefined
let startedAt = 0

byId('toggle').addEventListener('click', () => void toggle())
byId('clear').addEventListener('click', () => log.clear())
mute.addEventListener('click', () => setMuted(!call?.muted))
void prepare()

/** Shows what the server's user chose. A server that can't be reached says so again when the person presses start. */
async function prepare(): Promise<void> {
  await microphones.refresh()
  try {
    const configuration = await fetchConfiguration()
    showMode(configuration.mode)
    showTitles(configuration.ui ?? {})
  } catch (error) {
    showAlert(wordsOf(error))
  }
}

async function toggle(): Promise<void> {
  if (call) call.close()
  else if (attempt) attempt.abort()
  else await start()
}

async function start(): Promise<void> {
  attempt = new AbortController()
  showAlert('')
  showState('connecting')
  waveform.clear()
  try {
    call = await connect(optionsOf(attempt.signal))
    onConnected(call)
  } catch (error) {
    if (!attempt.signal.aborted) showAlert(wordsOf(error))
    showState('idle')
  } finally {
    attempt = undefined
  }
}

function optionsOf(signal: AbortSignal): NonNullable<Parameters<typeof connect>[0]> {
  const { deviceId } = microphones
  return {
    signal,
    ...(deviceId !== undefined && { deviceId }),
    onState: (state) => state !== 'closed' && showState(state),
    onMessage: (message) => log.addMessage(message),
    onLevels: (levels) => {
      showLevels(levels)
      if (call) waveform.add(levels)
    },
    onStats: (stats) => showStats(stats, secondsSince(startedAt)),
    onClosed,
  }
}

function onConnected(connected: Connection): void {
  startedAt = performance.now()
  mute.disabled = connected.microphone === undefined
  connected.on('microphonelost', () => showAlert('The microphone is gone. Plug it in again, or choose another.'))
  connected.on('playbackblocked', () => showAlert('The browser keeps the sound off until you click on the page.'))
  addEventListener('click', () => void connected.play().catch(() => undefined), { once: true })
  log.add('connection', 'Call', 'Connected')
  // Names of microphones are told only now that the page may use one.
  void microphones.refresh()
}

function onClosed(closing: Closing): void {
  call = undefined
  setMuted(false)
  mute.disabled = true
  showState('idle')
  showLevels({ sent: 0, heard: 0 })
  log.add('connection', 'Call', CLOSING_WORDS[closing.by])
  if (closing.by === 'network') showAlert('The connection was lost and could not be found again.')
}

const CLOSING_WORDS: Readonly<Record<Closing['by'], string>> = {
  client: 'Ended here',
  server: 'Ended by the server',
  handler: 'Ended',
  network: 'Connection lost',
}

function setMuted(muted: boolean): void {
  call?.mute(muted)
  mute.setAttribute('aria-pressed', String(muted))
  mute.textContent = muted ? 'Muted' : 'Mute'
}

async function chooseMicrophone(): Promise<void> {
  try {
    showAlert('')
    await call?.useMicrophone(microphones.deviceId)
  } catch (error) {
    showAlert(wordsOf(error))
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function secondsSince(time: number): number {
  return (performance.now() - time) / 1000
}
