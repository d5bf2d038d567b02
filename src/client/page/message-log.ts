import type { ServerMessage } from '../wire.ts'

/** More entries than a person scrolls through. */
const MAX_ENTRIES = 200

const KINDS: Readonly<Record<string, string>> = {
  error: 'Error',
  warning: 'Warning',
  log: 'Log',
  end_stream: 'Ended by the server',
  send_input: 'The server asks for inputs',
  fetch_output: 'An output is ready',
  stopword: 'Stop word',
  update_connection: 'Connection',
}

/** The list of what the server said. Everything is put in as text: markup in it stays inert. */
export class MessageLog {
  readonly #list: HTMLElement
  readonly #empty: HTMLElement

  /**
   * @param list - gets an item for each message
   * @param empty - shown while there is none
   */
  constructor(list: HTMLElement, empty: HTMLElement) {
    this.#list = list
    this.#empty = empty
  }

  /**
   * Adds a message of the server.
   *
   * @param message - as it came
   */
  addMessage(message: ServerMessage): void {
    const { type } = message
    const text = 'message' in message && message.message !== '' ? message.message : textOf(message.data)
    this.add(type, KINDS[type] ?? type, text)
  }

  /**
   * Adds an entry.
   *
   * @param type - decides its look
   * @param kind - what it is, in words
   * @param text - what it says; may be empty
   */
  add(type: string, kind: string, text: string): void {
    const atEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 40
    const item = document.createElement('li')
    item.dataset['type'] = type
    item.append(element('time', new Date().toLocaleTimeString()), ...(text ? [element('span', text)] : []))
    const label = element('span', kind)
    label.className = 'kind'
    item.append(label)
    this.#list.append(item)
    if (this.#list.childElementCount > MAX_ENTRIES) this.#list.firstElementChild?.remove()
    // Somebody who scrolled up to read is left there.
    if (atEnd) this.#list.scrollTop = this.#list.scrollHeight
    this.#empty.hidden = true
  }

  /** Empties it. */
  clear(): void {
    this.#list.replaceChildren()
    this.#empty.hidden = false
  }
}

function element(name: string, text: string): HTMLElement {
  const made = document.createElement(name)
  made.textContent = text
  return made
}

function textOf(data: unknown): string {
  if (typeof data === 'string') return data
  const empty = data === undefined || data === null || (Array.isArray(data) && data.length === 0)
  return empty ? '' : JSON.stringify(data)
}
