import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { checkBoolean, checkInteger, checkObject, checkWord, wrongType } from './checks.ts'

/** How the media engine works. Everything is optional. */
export interface MediaOptions {
  /** Media threads, 1 to 64; by default one for each core up to 4, and no more than there are `udpPorts`. */
  workers?: number
  /** The UDP port of the only worker, a range with a port for each worker, or 0 (default) for any free ones. */
  udpPorts?: number | PortRange
  /** The IP address to listen at; `'::'` by default, which is every address, IPv4 too. */
  bindAddress?: string
  /** IP addresses that answers name instead of the machine's own: behind NAT, or in a container. */
  announcedAddresses?: readonly string[]
  /** How long a missing packet is waited for: at least `minMs` (0), at most `maxMs` (120), by the measured jitter. */
  jitter?: Partial<JitterBounds>
  /** The encoder. */
  opus?: OpusEncoderOptions
  /** Pictures, both ways. */
  video?: VideoMediaOptions
  /** How much audio may wait for the handler (5000), and up to how much emitted audio the handler is asked for more (400). */
  queueMs?: Partial<QueueDepths>
}

/** How pictures are encoded, and how many may wait. */
export interface VideoMediaOptions {
  /**
   * Bit/s that the encoder aims at when the network has them, 50,000 to 50,000,000; 2,500,000 by default. No more than
   * `rtpParams.maxBitrate`.
   */
  bitrate?: number
  /**
   * Pictures that may wait for the handler, 1 to 300; 15 by default, half a second. When there are more the oldest goes, and is
   * counted as dropped. A waiting picture of 1280x720 takes 1.4 MB.
   */
  queueFrames?: number
}

/** A range of UDP ports, 1 to 65,535; in {@link MediaSettings} also 0 to 0 for any. */
export interface PortRange {
  /** The first port. */
  min: number
  /** The last port, not below `min`. */
  max: number
}

/** How long a missing packet is waited for, in milliseconds, 0 to 1,000. */
export interface JitterBounds {
  /** At least; 0 by default. */
  minMs: number
  /** At most, not below `minMs`; 120 by default. */
  maxMs: number
}

/** How much audio may wait, in milliseconds, 20 to 60,000. */
export interface QueueDepths {
  /** For the handler: when it is full the oldest goes; 5,000 by default. */
  input: number
  /** To be sent: the handler is asked for more when no more than this is left; 400 by default. */
  output: number
}

/**
 * What the encoder is for: speech, or music and everything else. `'voip'` codes speech better and can repeat lost frames,
 * `'audio'` leaves music as it is.
 */
export type OpusApplication = 'voip' | 'audio'

/** How emitted audio is encoded. What the client asks for in its offer (RFC 7587, section 6.1) is heeded too. */
export interface OpusEncoderOptions {
  /**
   * Bit/s at most, 6,000 to 510,000; 96,000 by default. From about 80,000 on, coding speech takes half of the CPU that it takes
   * at 48,000, and sounds no worse. While the client loses 1 % and more of the packets, and half a minute or more after that,
   * speech has 48,000 at most, with copies to make up for what is lost (see `fec`); while it loses 15 %, 32,000. Never more than
   * `rtpParams.maxBitrate` and the client's `maxaveragebitrate`.
   */
  bitrate?: number
  /**
   * Effort, 0 (default) to 10. More costs CPU and helps at low bitrates only, so that up to 32,000 bit/s it rises by itself,
   * to 9 at most, while the media thread has time to spare.
   */
  complexity?: number
  /**
   * Whether packets carry a coarse copy of the one before while the client reports loss, so that a lost one can be made up;
   * true by default. Clients whose offer lacks `useinbandfec=1` get none.
   */
  fec?: boolean
  /**
   * Whether pauses are not sent, their noise included; false by default, unless the client asks for it (`usedtx=1`). What follows
   * 2 s of silence without any noise needs no packets, and isn't sent either way, unless the client asks for packets of one
   * length (`cbr=1`).
   */
  dtx?: boolean
  /** 1 or 2; by default 2 for a handler whose layout is stereo, else 1. Clients get 2 when their offer has `stereo=1`. */
  channels?: 1 | 2
  /** `'voip'` by default. */
  application?: OpusApplication
}

/** {@link MediaOptions}, checked and completed. */
export interface MediaSettings {
  /** Media threads. */
  readonly workers: number
  /** First and last UDP port; 0 and 0 for any. */
  readonly udpPorts: Readonly<PortRange>
  /** The IP address to listen at. */
  readonly bindAddress: string
  /** IP addresses that answers name; empty for the machine's own. */
  readonly announcedAddresses: readonly string[]
  /** Least and most time that a missing packet is waited for. */
  readonly jitter: Readonly<JitterBounds>
  /** The encoder; `channels` is undefined when the handler's layout decides. */
  readonly opus: OpusSettings
  /** Pictures, both ways. */
  readonly video: Readonly<Required<VideoMediaOptions>>
  /** Bound of the input queue, target of the output queue. */
  readonly queueMs: Readonly<QueueDepths>
}

/** {@link OpusEncoderOptions}, checked and completed. */
export interface OpusSettings {
  /** Bit/s. */
  readonly bitrate: number
  /** Effort, 0 to 10. */
  readonly complexity: number
  /** Whether packets carry a coarse copy of the one before. */
  readonly fec: boolean
  /** Whether silence is not sent. */
  readonly dtx: boolean
  /** 1 or 2, or undefined when the handler's layout decides. */
  readonly channels: 1 | 2 | undefined
  /** What the encoder is for. */
  readonly application: OpusApplication
}

const NAMES = ['workers', 'udpPorts', 'bindAddress', 'announcedAddresses', 'jitter', 'opus', 'video', 'queueMs']

/**
 * Checks the option `media`.
 *
 * @param media - as a user gave it
 * @returns the same with defaults filled in
 * @throws TypeError or RangeError naming the value that can't be used
 */
export function resolveMedia(media: MediaOptions = {}): MediaSettings {
  checkObject('media', media, NAMES)
  const udpPorts = resolvePorts(media.udpPorts ?? 0)
  return {
    workers: resolveWorkers(media.workers, udpPorts),
    udpPorts,
    bindAddress: checkAddress('media.bindAddress', media.bindAddress ?? '::'),
    announcedAddresses: resolveAddresses(media.announcedAddresses ?? []),
    jitter: resolveJitter(media.jitter ?? {}),
    opus: resolveOpus(media.opus ?? {}),
    video: resolveVideo(media.video ?? {}),
    queueMs: resolveQueues(media.queueMs ?? {}),
  }
}

function resolvePorts(ports: unknown): PortRange {
  if (typeof ports === 'number') {
    const port = checkInteger('media.udpPorts', ports, [0, 65_535])
    return { min: port, max: port }
  }
  if (typeof ports !== 'object') throw wrongType('media.udpPorts', 'a port, { min, max } or 0', ports)
  const { min, max } = checkObject('media.udpPorts', ports, ['min', 'max'])
  const first = checkInteger('media.udpPorts.min', min, [1, 65_535])
  return { min: first, max: checkInteger('media.udpPorts.max', max, [first, 65_535]) }
}

function resolveWorkers(workers: number | undefined, { min, max }: PortRange): number {
  const ports = min === 0 ? Infinity : max - min + 1
  if (workers === undefined) return Math.min(4, availableParallelism(), ports)
  if (checkInteger('media.workers', workers, [1, 64]) <= ports) return workers
  throw new RangeError(
    `The option media.udpPorts must have a port for each of the ${workers} workers, not ${ports} in all`,
  )
}

function resolveAddresses(addresses: unknown): readonly string[] {
  if (!Array.isArray(addresses)) throw wrongType('media.announcedAddresses', 'a list of IP addresses', addresses)
  const all = addresses.findIndex((address) => address === '0.0.0.0' || address === '::')
  if (all >= 0) {
    throw wrongType(`media.announcedAddresses[${all}]`, 'an address that reaches this machine', addresses[all])
  }
  return addresses.map((address: unknown, i) => checkAddress(`media.announcedAddresses[${i}]`, address))
}

function checkAddress(name: string, address: unknown): string {
  if (typeof address === 'string' && isIP(address) !== 0 && !address.includes('%')) return address
  throw wrongType(name, "an IP address without a zone, such as '192.0.2.1'", address)
}

function resolveJitter(jitter: NonNullable<MediaOptions['jitter']>): MediaSettings['jitter'] {
  const { minMs = 0, maxMs = 120 } = checkObject('media.jitter', jitter, ['minMs', 'maxMs'])
  const least = checkInteger('media.jitter.minMs', minMs, [0, 1000])
  return { minMs: least, maxMs: checkInteger('media.jitter.maxMs', maxMs, [least, 1000]) }
}

function resolveOpus(opus: OpusEncoderOptions): MediaSettings['opus'] {
  checkObject('media.opus', opus, ['bitrate', 'complexity', 'fec', 'dtx', 'channels', 'application'])
  const { bitrate = 96_000, complexity = 0, fec = true, dtx = false, channels, application = 'voip' } = opus
  if (channels !== undefined) checkInteger('media.opus.channels', channels, [1, 2])
  return {
    bitrate: checkInteger('media.opus.bitrate', bitrate, [6000, 510_000]),
    complexity: checkInteger('media.opus.complexity', complexity, [0, 10]),
    fec: checkBoolean('media.opus.fec', fec),
    dtx: checkBoolean('media.opus.dtx', dtx),
    channels,
    application: checkWord('media.opus.application', application, ['voip', 'audio']),
  }
}

function resolveVideo(video: VideoMediaOptions): MediaSettings['video'] {
  const { bitrate = 2_500_000, queueFrames = 15 } = checkObject('media.video', video, ['bitrate', 'queueFrames'])
  return {
    bitrate: checkInteger('media.video.bitrate', bitrate, [50_000, 50_000_000]),
    queueFrames: checkInteger('media.video.queueFrames', queueFrames, [1, 300]),
  }
}

function resolveQueues(queueMs: NonNullable<MediaOptions['queueMs']>): MediaSettings['queueMs'] {
  const { input = 5000, output = 400 } = checkObject('media.queueMs', queueMs, ['input', 'output'])
  return {
    input: checkInteger('media.queueMs.input', input, [20, 60_000]),
    output: checkInteger('media.queueMs.output', output, [20, 60_000]),
  }
}
