import type { Runner } from '../../src/driver/runner.ts'
import type { ParleyError } from '../../src/index.ts'
import { Host } from '../../src/native/host.ts'
import type { MediaLink } from '../../src/native/media-link.ts'
import { engineSettings, linkSettings } from '../../src/stream/link-settings.ts'
import { resolveOptions } from '../../src/stream/resolve-options.ts'
import type { ThreadSetup } from '../../src/workers/protocol.ts'
import type { RemoteHandler } from '../../src/workers/remote-handler.ts'
import { Echo } from './echo.ts'
import { offerSdp } from './offer.ts'
import { moduleUrl } from './worker-handler.ts'

const settings = resolveOptions({ handler: new Echo(), media: { bindAddress: '127.0.0.1' } })

/** A session on a thread, and the failures that it is told of. */
export interface Attached {
  readonly link: MediaLink
  readonly runner: Runner
  readonly failures: ParleyError[]
}

/** What a thread of the pool is started with. */
export function threadSetup(name: string, args: readonly unknown[] = []): ThreadSetup {
  return {
    url: moduleUrl(name).href,
    args,
    purpose: { modality: 'audio', mode: 'send-receive', hasInputs: false, fps: 30 },
  }
}

/** Media that a client could connect to. */
export async function accept(handler: RemoteHandler): Promise<MediaLink> {
  const host = await Host.open()
  const link = host.accept(
    engineSettings(settings, { stunServers: [], turnServers: [] }),
    linkSettings(settings, handler),
    offerSdp(),
  )
  link.listen({ onAudio: () => undefined, onRoom: () => undefined, onEvent: () => undefined })
  return link
}

/** Gives a handler its session, and waits until it is there. */
export async function attach(handler: RemoteHandler, link?: MediaLink): Promise<Attached> {
  const media = link ?? (await accept(handler))
  const failures: ParleyError[] = []
  const ignore = (): void => undefined
  const client = {
    onFailure: (error: ParleyError) => void failures.push(error),
    onComplaint: ignore,
    onWarning: ignore,
    onOutputs: ignore,
    onMark: ignore,
    onSpeech: ignore,
    onCloseStream: ignore,
  }
  const context = { webrtcId: 'id', warn: ignore }
  const runner = handler.run({ handler, link: media, client, context, outputTargetMs: 400, muted: false })
  await runner.prepared
  return { link: media, runner, failures }
}
