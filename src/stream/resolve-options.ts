import { stderrLogger, type Logger } from '../session/logger.ts'
import { safeLogger } from '../session/safe-logger.ts'
import { checkHandler, modalityOf } from './check-handler.ts'
import { checkBoolean, checkJson, checkObject, checkSeconds, checkWord, isRecord, wrongType } from './checks.ts'
import { iceServers } from './ice-servers.ts'
import { resolveMedia } from './media-options.ts'
import { checkInputs } from './input-descriptions.ts'
import { checkOutputs } from './output-descriptions.ts'
import { checkUi } from './page-options.ts'
import { checkRtcConfiguration } from './rtc-configuration.ts'
import type {
  Modality,
  RtcConfigurationSource,
  RtpParams,
  StreamBaseOptions,
  StreamSettings,
} from './stream-options.ts'

const NAMES = [
  'handler',
  'modality',
  'mode',
  'concurrencyLimit',
  'timeLimit',
  'connectTimeout',
  'allowExtraTracks',
  'rtpParams',
  'rtcConfiguration',
  'serverRtcConfiguration',
  'trackConstraints',
  'additionalInputs',
  'additionalOutputs',
  'additionalOutputsHandler',
  'ui',
  'media',
  'logger',
]
const MODALITIES = ['audio', 'video', 'audio-video'] as const
const MODES = ['send-receive', 'send', 'receive'] as const
/** Below it there is no picture to speak of, in bit/s. */
const LEAST_VIDEO_BITRATE = 30_000
const RTP_PARAMS = ['maxBitrate', 'maxFramerate', 'scaleResolutionDownBy', 'degradationPreference', 'priority']
const PREFERENCES = ['maintain-framerate', 'maintain-resolution', 'balanced'] as const
const PRIORITIES = ['very-low', 'low', 'medium', 'high'] as const

/**
 * Checks a stream's options.
 *
 * @param options - as a user gave them
 * @returns the same with defaults filled in
 * @throws TypeError or RangeError naming the value that can't be used, and what can
 */
export function resolveOptions(options: StreamBaseOptions): StreamSettings {
  checkObject('', options, NAMES)
  const mode = checkWord('mode', options.mode ?? 'send-receive', MODES)
  const modality = checkWord('modality', options.modality ?? modalityOf(options.handler), MODALITIES)
  checkHandler(options.handler, modality, mode)
  return {
    handler: options.handler,
    modality,
    mode,
    ...resolveLimits(options),
    ...resolveConfigurations(options, modality),
    ...resolvePage(options),
    media: resolveMedia(options.media),
    logger: checkLogger(options.logger ?? stderrLogger),
  }
}

function resolveLimits(
  options: StreamBaseOptions,
): Pick<StreamSettings, 'concurrencyLimit' | 'timeLimit' | 'connectTimeout' | 'allowExtraTracks'> {
  const { timeLimit } = options
  return {
    concurrencyLimit: checkLimit(options.concurrencyLimit ?? 1),
    timeLimit: timeLimit === undefined || timeLimit === Infinity ? Infinity : checkSeconds('timeLimit', timeLimit),
    connectTimeout: checkSeconds('connectTimeout', options.connectTimeout ?? 30),
    allowExtraTracks: checkBoolean('allowExtraTracks', options.allowExtraTracks ?? false),
  }
}

function checkLimit(limit: number): number {
  if (limit === Infinity) return limit
  if (typeof limit !== 'number') throw wrongType('concurrencyLimit', 'a positive integer or Infinity', limit)
  if (Number.isInteger(limit) && limit > 0) return limit
  throw new RangeError(`The option concurrencyLimit must be a positive integer or Infinity, not ${limit}`)
}

function resolveConfigurations(
  options: StreamBaseOptions,
  modality: Modality,
): Pick<StreamSettings, 'rtpParams' | 'rtcConfiguration' | 'serverRtcConfiguration' | 'trackConstraints'> {
  const { rtpParams = {}, rtcConfiguration = {}, serverRtcConfiguration = {}, trackConstraints = {} } = options
  checkSource('rtcConfiguration', rtcConfiguration)
  checkSource('serverRtcConfiguration', serverRtcConfiguration)
  if (typeof rtcConfiguration !== 'function') checkRtcConfiguration('rtcConfiguration', rtcConfiguration)
  if (typeof serverRtcConfiguration !== 'function') {
    iceServers(serverRtcConfiguration)
    checkRtcConfiguration('serverRtcConfiguration', serverRtcConfiguration)
  }
  checkTrackConstraints(trackConstraints, modality)
  return { rtpParams: checkRtpParams(rtpParams, modality), rtcConfiguration, serverRtcConfiguration, trackConstraints }
}

function checkSource(name: string, source: RtcConfigurationSource): void {
  if (typeof source !== 'function' && !isRecord(source)) {
    throw wrongType(name, 'an RTCConfiguration or a function that returns one', source)
  }
}

function checkTrackConstraints(constraints: object, modality: Modality): void {
  const byKind = checkObject('trackConstraints', constraints)
  const other = Object.keys(byKind).find((key) => key !== 'audio' && key !== 'video')
  if (modality === 'audio-video' && other !== undefined) {
    throw new TypeError(
      `The option trackConstraints must be { audio, video } for the modality 'audio-video': which of both is ${other} of?`,
    )
  }
  for (const kind of ['audio', 'video']) {
    if (byKind[kind] !== undefined) checkObject(`trackConstraints.${kind}`, byKind[kind])
  }
  checkJson('trackConstraints', constraints)
}

function checkRtpParams(params: RtpParams, modality: Modality): RtpParams {
  const values = checkObject('rtpParams', params, RTP_PARAMS)
  for (const name of RTP_PARAMS.slice(0, 3)) {
    const value = values[name]
    const least = name === 'scaleResolutionDownBy' ? 1 : Number.MIN_VALUE
    if (value === undefined || (Number.isFinite(value) && (value as number) >= least)) continue
    throw wrongType(`rtpParams.${name}`, least === 1 ? 'a number of 1 or more' : 'a positive number', value)
  }
  checkFramerate(params.maxFramerate)
  if (modality !== 'audio') checkVideoBitrate(params.maxBitrate)
  const { degradationPreference: preference, priority } = values
  if (preference !== undefined) checkWord('rtpParams.degradationPreference', preference, PREFERENCES)
  if (priority !== undefined) checkWord('rtpParams.priority', priority, PRIORITIES)
  return params
}

/** Where a network is as narrow, sound goes alone. */
function checkVideoBitrate(bitrate: number | undefined): void {
  if (bitrate === undefined || bitrate >= LEAST_VIDEO_BITRATE) return
  throw new RangeError(`The option rtpParams.maxBitrate must be at least 30,000 for pictures, not ${bitrate}`)
}

/** It paces a generator of pictures too, by timers that count whole milliseconds. */
function checkFramerate(fps: number | undefined): void {
  if (fps === undefined || fps <= 1000) return
  throw new RangeError(`The option rtpParams.maxFramerate must be at most 1,000, not ${fps}`)
}

function resolvePage(
  options: StreamBaseOptions,
): Pick<StreamSettings, 'additionalInputs' | 'additionalOutputs' | 'additionalOutputsHandler' | 'ui'> {
  const { additionalOutputsHandler } = options
  const additionalOutputs = checkOutputs(options.additionalOutputs)
  if (additionalOutputsHandler !== undefined && typeof additionalOutputsHandler !== 'function') {
    throw wrongType('additionalOutputsHandler', 'a function', additionalOutputsHandler)
  }
  if (additionalOutputs.length > 0 && additionalOutputsHandler === undefined) {
    throw new TypeError(
      'The option additionalOutputs needs additionalOutputsHandler, a function (current, ...outputArgs) => next; it is undefined',
    )
  }
  return {
    additionalInputs: checkInputs(options.additionalInputs),
    additionalOutputs,
    additionalOutputsHandler,
    ui: checkUi(options.ui),
  }
}

function checkLogger(logger: Logger): Logger {
  const methods = ['debug', 'info', 'warn', 'error'] as const
  const missing = methods.find((name) => typeof (logger as Partial<Logger>)[name] !== 'function')
  if (missing === undefined) return safeLogger(logger)
  throw new TypeError(`The option logger must have the methods debug, info, warn and error; ${missing} is missing`)
}
