// Answers by voice, with speech-to-text, a language model and text-to-speech of any service that speaks the OpenAI HTTP API.
// Run: OPENAI_API_KEY=… node --import=@oxc-node/core/register examples/voice-assistant/server.ts
import { voiceAssistant } from './assistant.ts'
import { settingsFrom } from './settings.ts'

try {
  const assistant = voiceAssistant(settingsFrom(process.env))
  await assistant.launch({ port: Number(process.env['PORT'] ?? 7860) })
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
