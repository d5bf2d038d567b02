import { type MessagePort, parentPort, workerData } from 'node:worker_threads'

const MESSAGES = [null, 'hello', { type: 'log', text: 'hello' }, { type: 'loaded' }, { type: 'ended', key: 0 }]

// What a module posts for reasons of its own, some of it in words that the library uses too.
for (const port of [parentPort, (workerData as { port?: MessagePort }).port]) {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  for (const message of MESSAGES) port?.postMessage(message)
}

export { default } from './obedient.ts'
