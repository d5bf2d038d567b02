/** Which services the assistant asks, and for what. */
export interface Settings {
  /** Root of the API, without a slash at the end. */
  readonly baseURL: string
  /** Undefined for a service without keys. */
  readonly apiKey: string | undefined
  readonly models: { readonly stt: string; readonly chat: string; readonly tts: string }
  readonly voice: string
}

/**
 * Reads the settings from the environment.
 *
 * @param env - `process.env`
 * @returns what was set, and OpenAI's own names for the rest
 * @throws Error that says what to set, when nothing says whom to ask
 */
export function settingsFrom(env: NodeJS.ProcessEnv): Settings {
  const [baseURL, apiKey] = [env['OPENAI_BASE_URL'] || undefined, env['OPENAI_API_KEY'] || undefined]
  if (baseURL === undefined && apiKey === undefined) {
    throw new Error(
      'Set OPENAI_API_KEY to ask OpenAI, or OPENAI_BASE_URL to ask another service, such as http://localhost:8000/v1 ' +
        '(and OPENAI_API_KEY too, if it wants a key)',
    )
  }
  return {
    baseURL: (baseURL ?? 'https://api.openai.com/v1').replace(/\/+$/, ''),
    apiKey,
    models: {
      stt: env['STT_MODEL'] ?? 'whisper-1',
      chat: env['CHAT_MODEL'] ?? 'gpt-4o-mini',
      tts: env['TTS_MODEL'] ?? 'gpt-4o-mini-tts',
    },
    voice: env['TTS_VOICE'] ?? 'alloy',
  }
}
