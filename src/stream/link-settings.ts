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
  return {
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
