import { parseObject } from '../wire.ts'

const NO_ANSWER = "The page's server doesn't answer."

/**
 * Gives the handler what a person put into the page's inputs.
 *
 * @param id - the call's
 * @param values - one for each input
 * @throws Error in words for a person
 */
export async function sendInputs(id: string, values: readonly unknown[]): Promise<void> {
  const body = JSON.stringify({ values })
  await request('page/inputs', id, { method: 'POST', body })
}

/**
 * What the outputs show now.
 *
 * @param id - the call's
 * @returns one value for each output; undefined when the server knows the call no more
 * @throws Error in words for a person
 */
export async function fetchOutputs(id: string): Promise<readonly unknown[] | undefined> {
  const { values } = await request('page/outputs', id, {})
  return Array.isArray(values) ? values : undefined
}

async function request(path: string, id: string, init: RequestInit): Promise<Record<string, unknown>> {
  const headers = { 'content-type': 'application/json', 'parley-webrtc-id': id }
  const response = await fetch(new URL(path, document.baseURI), { ...init, headers }).catch((cause: unknown) => {
    throw new Error(NO_ANSWER, { cause })
  })
  const answer = parseObject(await response.text()) ?? {}
  if (response.ok) return answer
  const { message } = (answer['meta'] ?? {}) as { message?: unknown }
  throw new Error(typeof message === 'string' ? message : `${NO_ANSWER} (${response.status})`)
}
