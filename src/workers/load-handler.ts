import { WorkerLoadError } from '../errors.ts'
import { describe } from '../frames/describe.ts'
import { messageOf } from '../frames/thrown.ts'
import { StreamHandlerBase } from '../handlers/stream-handler-base.ts'
import { checkHandler, modalityOf } from '../stream/check-handler.ts'
import { HandlerSource, type LocalHandler } from '../stream/handler-source.ts'
import { skipsFrames } from '../stream/link-settings.ts'
import type { Modality } from '../stream/stream-options.ts'
import type { HandlerSettings, ThreadSetup } from './protocol.ts'

/** What a thread has after it has loaded its module. */
export interface LoadedHandler {
  /** Makes the handlers of connections. */
  readonly source: HandlerSource
  /** How they want their media. */
  readonly settings: HandlerSettings
}

type HandlerClass = new (...args: readonly unknown[]) => StreamHandlerBase

/**
 * Loads the module of a `WorkerHandler`, on its thread.
 *
 * @param setup - which, and what for
 * @returns what makes its handlers
 * @throws WorkerLoadError that names the module, what is wrong with it, and what to do
 */
export async function loadHandler({ url, args, purpose }: ThreadSetup): Promise<LoadedHandler> {
  const handler = construct(url, await importDefault(url), args)
  try {
    checkHandler(handler, purpose.modality, purpose.mode)
  } catch (cause) {
    throw new WorkerLoadError(
      `The default export of ${url} can't be used: ${messageOf(cause)}${modalityHint(handler, purpose.modality)}`,
      {
        cause,
      },
    )
  }
  const source = new HandlerSource(handler as LocalHandler, purpose)
  return { source, settings: settingsOf(handler instanceof StreamHandlerBase ? handler : source.make()) }
}

/**
 * How a handler wants its media.
 *
 * @param handler - any
 * @returns values that can cross to another thread
 */
export function settingsOf(handler: StreamHandlerBase): HandlerSettings {
  const { expectedLayout, inputSampleRate, outputSampleRate, fps } = handler
  return { expectedLayout, inputSampleRate, outputSampleRate, fps, skipFrames: skipsFrames(handler) }
}

/** The main thread can't see what kind of handler a module has before it is loaded. */
function modalityHint(handler: unknown, modality: Modality): string {
  const kind = handler instanceof StreamHandlerBase ? modalityOf(handler) : modality
  return kind === modality ? '' : `; or give the stream the option modality: '${kind}'`
}

async function importDefault(url: string): Promise<unknown> {
  const module = await importModule(url)
  if (module.default !== undefined) return module.default
  throw new WorkerLoadError(`${url} has no default export: write export default class Echo extends StreamHandler { … }`)
}

async function importModule(url: string): Promise<{ default?: unknown }> {
  try {
    return (await import(url)) as { default?: unknown }
  } catch (cause) {
    throw new WorkerLoadError(`The module ${url} of a WorkerHandler doesn't load: ${messageOf(cause)}${hint(cause)}`, {
      cause,
    })
  }
}

function hint(error: unknown): string {
  const { code } = Object(error) as { code?: unknown }
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return ". The path in new URL('./echo.js', import.meta.url) is relative to the file that says it"
  }
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    return '. Node runs TypeScript from 22.18 on; before, start it with a loader, such as --import=@oxc-node/core/register'
  }
  return ''
}

function construct(url: string, exported: unknown, args: readonly unknown[]): unknown {
  if (exported instanceof StreamHandlerBase) {
    throw new WorkerLoadError(`The default export of ${url} is a handler: export its class, which is constructed here`)
  }
  if (typeof exported !== 'function') {
    throw new WorkerLoadError(
      `The default export of ${url} must be a handler class or a function, not ${describe(exported)}`,
    )
  }
  if (exported.prototype instanceof StreamHandlerBase) return constructClass(url, exported as HandlerClass, args)
  if (/^class\b/.test(Function.prototype.toString.call(exported))) {
    throw new WorkerLoadError(
      `The class ${exported.name}, the default export of ${url}, must extend StreamHandler or AsyncStreamHandler of the ` +
        'parley-rtc that the stream is of',
    )
  }
  if (args.length === 0) return exported
  throw new WorkerLoadError(`The option args is for a class, and the default export of ${url} is a function`)
}

function constructClass(url: string, handlerClass: HandlerClass, args: readonly unknown[]): StreamHandlerBase {
  try {
    return new handlerClass(...args)
  } catch (cause) {
    throw new WorkerLoadError(
      `The handler class ${handlerClass.name} of ${url} could not be constructed: ${messageOf(cause)}`,
      { cause },
    )
  }
}
