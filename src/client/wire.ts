/** Which way media goes, seen from the client. */
export type Mode = 'send-receive' | 'send' | 'receive'

/** What kinds of media a stream carries. */
export type Modality = 'audio' | 'video' | 'audio-video'

/** What the built-in page shows beside the call. */
export interface PageSettings {
  /** Heading; text, never markup. */
  readonly title?: string
  /** Below the heading; text, never markup. */
  readonly subtitle?: string
  /** Whether neither is shown. */
  readonly hideTitle?: boolean
  /** URL of a picture. */
  readonly icon?: string
  /** A CSS colour, of the button that starts the call. */
  readonly iconButtonColor?: string
  /** A CSS colour, of the ring around the picture. */
  readonly pulseColor?: string
  /** Of the picture's corners, in CSS pixels or with a unit. */
  readonly iconRadius?: number | string
  /** When inputs are sent during a call. */
  readonly sendInputOn?: 'change' | 'submit'
  /** Whether the page fills the window. */
  readonly fullScreen?: boolean
  /** What the call looks like. */
  readonly variant?: 'wave' | 'textbox'
}

/** An input that the page shows. */
export interface PageInput {
  /** Which control; a later server may know more. */
  readonly type: string
  /** Unique among the inputs. */
  readonly name: string
  /** Shown beside the control; by default the name. */
  readonly label?: string
  /** At first. */
  readonly value?: unknown
  /** What a select has to choose from. */
  readonly options?: readonly (string | PageInputOption)[]
  /** Attributes of the control. */
  readonly [attribute: string]: unknown
}

/** One choice of a select. */
export interface PageInputOption {
  /** What is sent. */
  readonly value: string
  /** What a person sees; by default the value. */
  readonly label?: string
}

/** An output that the page shows. */
export interface PageOutput {
  /** How it is shown; a later server may know more. */
  readonly type: string
  /** Unique among the outputs. */
  readonly name: string
  /** Shown beside it; by default the name. */
  readonly label?: string
}

/** What a server wants tracks to be sent with (`RTCRtpEncodingParameters` and its like). */
export interface RtpParams {
  /** Bit/s. */
  readonly maxBitrate?: number
  /** Frames a second, of video. */
  readonly maxFramerate?: number
  /** 1 or more, of video. */
  readonly scaleResolutionDownBy?: number
  /** What gives when bandwidth is short, of video. */
  readonly degradationPreference?: 'maintain-framerate' | 'maintain-resolution' | 'balanced'
  /** Against other streams of the client. */
  readonly priority?: 'very-low' | 'low' | 'medium' | 'high'
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
        /** Of the camera. */
        readonly video?: MediaTrackConstraints
      }
  /** For what the client sends. */
  readonly rtpParams?: RtpParams
  /** What kinds of media go. */
  readonly modality?: Modality
  /** Which way they go. */
  readonly mode: Mode
  /** Inputs that the built-in page shows. */
  readonly additionalInputs?: readonly PageInput[]
  /** Outputs that the built-in page shows. */
  readonly additionalOutputs?: readonly PageOutput[]
  /** How the built-in page looks. */
  readonly ui?: PageSettings
}

/** A message from the server. Those of the handler's own, and types that a later server may add, arrive too: `CustomMessage`. */
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

/** A message of the handler's own, by `sendMessage(JSON.stringify({ type: 'tool', … }))`. */
export interface CustomMessage {
  /** A literal, and none of {@link ServerMessage}'s, so that it tells the messages apart. */
  readonly type: string
}

/** What texts of the server are handed to. */
export interface TextReceiver {
  /** The server sent a message. */
  onMessage(message: ServerMessage): void
  /** The handler sent a text that is no message. */
  onText(text: string): void
}

/**
 * Hands over what the server sent.
 *
 * @param text - as it came; what isn't one is left out
 * @param receiver - gets it
 */
export function receiveText(text: unknown, receiver: TextReceiver): void {
  if (typeof text !== 'string') return
  const message = parseMessage(text)
  if (message) receiver.onMessage(message)
  else receiver.onText(text)
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
