import type { RtpParams } from '../wire.ts'

/**
 * Sets what the server wants a track to be sent with. Where a browser can't, the track is sent as the browser likes.
 *
 * @param sender - negotiated, so that it has encodings
 * @param params - the server's
 * @param isVideo - whether it sends pictures
 */
export async function applyRtpParams(sender: RTCRtpSender, params: RtpParams, isVideo: boolean): Promise<void> {
  const { maxBitrate, priority, maxFramerate, scaleResolutionDownBy, degradationPreference } = params
  const encoding = given({ maxBitrate, priority, ...(isVideo && { maxFramerate, scaleResolutionDownBy }) })
  const whole = given({ degradationPreference: isVideo ? degradationPreference : undefined })
  if (Object.keys({ ...encoding, ...whole }).length === 0) return
  try {
    const parameters = sender.getParameters()
    for (const each of parameters.encodings) Object.assign(each, encoding)
    await sender.setParameters(Object.assign(parameters, whole))
  } catch {
    // The values were checked by the server: what a browser refuses it doesn't know.
  }
}

/**
 * What each of two senders gets: where both kinds are sent, a bitrate is meant for the pictures.
 *
 * @param params - the server's
 * @returns those for sound beside pictures
 */
export function besideVideo({ priority }: RtpParams): RtpParams {
  return priority === undefined ? {} : { priority }
}

/** Only what has a value: browsers take undefined for one. */
function given(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
