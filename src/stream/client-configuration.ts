import type { RtcConfiguration } from '../signaling/rtc-configuration.ts'
import { configurationFor } from './ice-servers.ts'
import type { InputDescription } from './input-descriptions.ts'
import type { OutputDescription } from './output-descriptions.ts'
import type { UiOptions } from './page-options.ts'
import type {
  Modality,
  Mode,
  RtpParams,
  StreamSettings,
  TrackConstraints,
  TrackConstraintsByKind,
} from './stream-options.ts'

/** What `GET /webrtc/config` serves: all that a page needs to connect. */
export interface ClientConfiguration {
  /** For `new RTCPeerConnection`. */
  rtcConfiguration: RtcConfiguration
  /** For `getUserMedia`. */
  trackConstraints: TrackConstraints | TrackConstraintsByKind
  /** For the page's senders. */
  rtpParams: RtpParams
  /** What kinds of media the stream carries. */
  modality: Modality
  /** Which way media goes. */
  mode: Mode
  /** Inputs to show. */
  additionalInputs: readonly InputDescription[]
  /** Outputs to show. */
  additionalOutputs: readonly OutputDescription[]
  /** How the page looks. */
  ui: UiOptions
}

/**
 * The configuration for one client.
 *
 * @param settings - the stream's
 * @param request - the client's, for a function that makes its ICE servers
 * @returns a fresh object
 * @throws ConfigurationError when that function fails
 */
export async function clientConfiguration(
  settings: StreamSettings,
  request: Request | undefined,
): Promise<ClientConfiguration> {
  const { trackConstraints, rtpParams, modality, mode, additionalInputs, additionalOutputs, ui, connectTimeout } =
    settings
  const source = settings.rtcConfiguration
  const rtcConfiguration = await configurationFor('rtcConfiguration', source, request, connectTimeout)
  return { rtcConfiguration, trackConstraints, rtpParams, modality, mode, additionalInputs, additionalOutputs, ui }
}
