/** Which way audio goes, seen from the client. */
export type Mode = 'send-receive' | 'send' | 'receive'

/** What the built-in page shows beside the call. */
export interface PageSettings {
  /** Heading; text, never markup. */
  readonly title?: string
  /** Below the heading; text, never markup. */
  readonly subtitle?: string
  /** Whether neither is shown. */
  readonly hideTitle?: boolean
}

/** What `GET webrtc/config` serves. */
export interface ClientConfiguration {
  /** For `new RTCPeerConnection`. */
  readonly rtcConfiguration?: RTCConfiguration
  /** For `getUserMedia`. */
  readonly trackConstraints?:
    | MediaTrackConstraints
    | {
        /** Of the microphone. */
        readonly audio?: MediaTrackConstraints
      }
  /** Which way audio goes. */
  readonly mode: Mode
  /** What the built-in page shows. */
  readonly ui?: PageSettings
}

/** A message from the server. Types that a later server may add arrive too. */
export type ServerMessage =
  | {
      /** A failure or a warning. */
      readonly type: 'error' | 'warning'
      /** What it says, for people. */
      readonly message: string
      /** The same. */
      readonly data: unknown
    }
  | {
      /** The server asks for the page's inputs, has an output to be fetched, ends the call, or tells what happens. */
      readonly type: 'send_input' | 'fetch_output' | 'stopword' | 'end_stream' | 'update_connection' | 'log'
      /** What belongs to it: for `end_stream` and `log` a text. */
      readonly data: unknown
    }

/**
 * Reads a message of the data channel.
 *
 * @param text - what arrived
 * @returns the message, or undefined for what is none
 */
export function parseMessage(text: unknown): ServerMessage | undefined {
  const value = typeof text === 'string' ? parseObject(text) : undefined
  if (typeof value?.['type'] !== 'string') return undefined
  if (value['type'] !== 'error' && value['type'] !== 'warning') return value as unknown as ServerMessage
  // Their text is in both; one that has it in `data` alone is shown all the same.
  return { ...value, message: value['message'] ?? value['data'] ?? '' } as ServerMessage
}

/**
 * Reads JSON that should be an object.
 *
 * @param text - JSON
 * @returns the object, or undefined for anything else
 */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
