import { channelsOf } from '../frames/audio-frame.ts'
import type { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import type { EngineSettings, LinkSettings } from '../native/host.ts'
import type { ResolvedIceServers } from './ice-servers.ts'
import type { StreamSettings } from './stream-options.ts'

/** The lowest bitrate that Opus has (RFC 6716, section 2). */
const LEAST_BITRATE = 6000

/**
 * Where the media of a stream's sessions runs.
 *
 * @param settings - the stream's
 * @param servers - STUN and TURN servers, resolved
 * @returns for the media engine
 */
export function engineSettings({ media }: StreamSettings, servers: ResolvedIceServers): EngineSettings {
  return {
    workers: media.workers,
    bindAddress: media.bindAddress,
    udpPortMin: media.udpPorts.min,
    udpPortMax: media.udpPorts.max,
    announcedAddresses: [...media.announcedAddresses],
    ...servers,
  }
}

/**
 * How the media of one session behaves.
 *
 * @param settings - the stream's
 * @param handler - of the session
 * @returns for the media engine
 */
export function linkSettings(settings: StreamSettings, handler: StreamHandlerBase): LinkSettings {
  const { media, mode, rtpParams } = settings
  const channels = channelsOf(handler.expectedLayout)
  const video = videoSettings(settings, handler)
  return {
    audio: settings.modality !== 'video',
    ...(video === undefined ? {} : { video }),
    inputSampleRate: handler.inputSampleRate,
    inputChannels: channels,
    outputSampleRate: handler.outputSampleRate,
    outputChannels: media.opus.channels ?? channels,
    mode,
    inputQueueMs: media.queueMs.input,
    outputTargetMs: media.queueMs.output,
    connectTimeoutMs: Math.ceil(settings.connectTimeout * 1000),
    allowExtraTracks: settings.allowExtraTracks,
    jitterMinMs: media.jitter.minMs,
    jitterMaxMs: media.jitter.maxMs,
    opusBitrate: Math.max(LEAST_BITRATE, Math.min(media.opus.bitrate, Math.floor(rtpParams.maxBitrate ?? Infinity))),
    opusComplexity: media.opus.complexity,
    opusFec: media.opus.fec,
    opusDtx: media.opus.dtx,
    opusApplication: media.opus.application,
  }
}

/**
 * Whether a handler that is slow gets the newest picture.
 *
 * @param handler - any
 * @returns what it was given as `skipFrames`; false for one that has no such option
 */
export function skipsFrames(handler: StreamHandlerBase): boolean {
  return 'skipFrames' in handler && handler.skipFrames === true
}

function videoSettings(settings: StreamSettings, handler: StreamHandlerBase): LinkSettings['video'] {
  const { modality, media, mode, rtpParams } = settings
  if (modality === 'audio') return undefined
  return {
    receives: mode !== 'receive',
    sends: mode !== 'send',
    queueFrames: media.video.queueFrames,
    newestOnly: skipsFrames(handler),
    maxBitrate: Math.min(media.video.bitrate, Math.floor(rtpParams.maxBitrate ?? Infinity)),
    framerate: Math.max(1, Math.min(handler.fps, rtpParams.maxFramerate ?? Infinity)),
    ...(rtpParams.maxFramerate === undefined ? {} : { maxFramerate: rtpParams.maxFramerate }),
  }
}
