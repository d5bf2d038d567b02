import { unlessAborted } from '../abort.ts'
import { connect, fetchConfiguration, listMicrophones } from '../connect.ts'
import type {
  ClientConfiguration,
  Closing,
  Connection,
  ConnectOptions,
  ServerMessage,
  TransportChoice,
} from '../connect.ts'
import { DeviceChoice } from './device-choice.ts'
import { InputsPanel } from './inputs-panel.ts'
import { showLook } from './look.ts'
import { MessageLog } from './message-log.ts'
import { OutputsPanel } from './outputs-panel.ts'
import { Pictures } from './pictures.ts'
import { TextBox } from './text-box.ts'
import { byId, showAlert, showLevels, showMode, showState, showStats, showTitles, showTransport } from './view.ts'
import { Waveform } from './waveform.ts'

const log = new MessageLog(byId('log'), byId('log-empty'))
const waveform = new Waveform(byId('voices') as HTMLCanvasElement)
const microphones = new DeviceChoice(
  byId('microphone') as HTMLSelectElement,
  listMicrophones,
  () => void chooseMicrophone(),
)
const pictures = new Pictures((problem) => showAlert(problem === undefined ? '' : wordsOf(problem)))
const mute = byId('mute') as HTMLButtonElement
const outputs = new OutputsPanel(byId('outputs'), byId('outputs-list'))
const inputs = new InputsPanel({
  section: byId('inputs'),
  form: byId('inputs-form') as HTMLFormElement,
  button: byId('inputs-send') as HTMLButtonElement,
  note: byId('inputs-note'),
})
const textBox = new TextBox(
  byId('text-form'),
  byId('text') as HTMLInputElement,
  byId('text-send') as HTMLButtonElement,
  (text) => sendText(text),
)

/** `?transport=websocket` in the page's address tries that way alone. */
const transport = (new URLSearchParams(location.search).get('transport') ?? 'auto') as TransportChoice

let call: Connection | undefined
let attempt: AbortController | undefined
let startedAt = 0

byId('toggle').addEventListener('click', () => void toggle())
byId('clear').addEventListener('click', () => log.clear())
mute.addEventListener('click', () => setMuted(!call?.muted))
let prepared = prepare()

/** Shows what the server's user chose; whether it could. A server that can't be reached is asked again when the person presses start. */
async function prepare(): Promise<boolean> {
  try {
    await microphones.refresh()
    show(await fetchConfiguration())
    return true
  } catch (error) {
    showAlert(wordsOf(error))
    return false
  }
}

function show(configuration: ClientConfiguration): void {
  const { mode, modality = 'audio', ui = {}, additionalInputs = [], additionalOutputs = [] } = configuration
  showMode(modality, mode)
  pictures.show(modality, mode)
  showTitles(ui)
  showLook(ui)
  inputs.show(additionalInputs, ui.sendInputOn ?? 'change')
  outputs.show(additionalOutputs)
  textBox.enabled = false
}

async function toggle(): Promise<void> {
  if (call) call.close()
  else if (attempt) attempt.abort()
  else await start()
}

async function start(): Promise<void> {
  const { signal } = (attempt = new AbortController())
  showAlert('')
  showState('connecting')
  showTransport(undefined)
  waveform.clear()
  try {
    call = await begin(signal)
    if (call) onConnected(call)
    else showState('idle')
  } catch (error) {
    if (!signal.aborted) showAlert(wordsOf(error))
    showState('idle')
  } finally {
    attempt = undefined
  }
}

/**
 * Begins a call as the server's user wants it, also for who presses start before that is known; none while an input is wrong, or the
 * server can't be asked, which is shown.
 */
async function begin(signal: AbortSignal): Promise<Connection | undefined> {
  const isPrepared = (await unlessAborted(prepared, signal)) || (await unlessAborted((prepared = prepare()), signal))
  return isPrepared && inputs.check() ? connect(optionsOf(signal)) : undefined
}

function optionsOf(signal: AbortSignal): ConnectOptions {
  const { deviceId } = microphones
  return {
    signal,
    transport,
    ...(deviceId !== undefined && { deviceId }),
    ...pictures.options,
    onState: (state) => state !== 'closed' && showState(state),
    onMessage,
    onText: (text) => log.add('log', 'Message', text),
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
  textBox.enabled = true
  pictures.begin(connected)
  outputs.begin(connected.id)
  void inputs.begin(connected.id)
  connected.on('microphonelost', () => showAlert('The microphone is gone. Plug it in again, or choose another.'))
  connected.on('playbackblocked', () => showAlert('The browser keeps the sound off until you click on the page.'))
  addEventListener('click', () => void connected.play().catch(() => undefined), { once: true })
  showTransport(connected.transport)
  log.add('connection', 'Call', 'Connected')
  // Names of microphones are told only now that the page may use one.
  void microphones.refresh()
}

/** What comes before the call is known here is made up for when it is: inputs are sent and outputs fetched then. */
function onMessage(message: ServerMessage): void {
  if (message.type === 'send_input') void inputs.answer()
  if (message.type === 'fetch_output') outputs.refresh()
  // A handler may have something new with every picture; what the panel shows needs no word here, where it'd bury the rest.
  if (message.type !== 'fetch_output' || outputs.isEmpty) log.addMessage(message)
}

function sendText(text: string): void {
  call?.send(text)
  log.add('sent', 'You', text)
}

function onClosed(closing: Closing): void {
  call = undefined
  textBox.enabled = false
  pictures.end()
  inputs.end()
  outputs.refresh()
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
