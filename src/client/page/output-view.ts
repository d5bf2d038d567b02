import type { PageOutput } from '../wire.ts'
import { safeHtml } from './safe-html.ts'

/** One output: a heading, and what the handler gave. */
export class OutputView {
  /** All of it. */
  readonly element: HTMLElement
  readonly #type: string
  readonly #label: string
  readonly #body: HTMLElement
  #shown: string | undefined

  /**
   * @param output - describes it; texts in it are shown as text
   * @param id - of its heading, unique in the page
   */
  constructor({ type, name, label = name }: PageOutput, id: string) {
    this.#type = type
    this.#label = label
    const heading = element('h3', label)
    heading.id = id
    this.#body = element(type === 'chat' ? 'ol' : 'div')
    this.#body.className = `output-${type}`
    this.element = element('div')
    this.element.className = 'output'
    this.element.role = 'group'
    this.element.setAttribute('aria-labelledby', id)
    this.element.append(heading, this.#body)
    this.show(null)
  }

  /**
   * Shows a value in place of the one before.
   *
   * @param value - what the type asks for; null for nothing
   */
  show(value: unknown): void {
    // A screen reader reads what changes: what is the same stays untouched.
    const text = JSON.stringify(value) ?? ''
    if (text === this.#shown) return
    this.#shown = text
    if (this.#type === 'chat') this.#showChat(Array.isArray(value) ? value : [])
    else this.#body.replaceChildren(value === null || value === undefined ? nothing() : this.#content(value))
  }

  #content(value: unknown): Node | string {
    switch (this.#type) {
      case 'json':
        return element('pre', JSON.stringify(value, undefined, 2))
      case 'html':
        return safeHtml(textOf(value))
      case 'image':
        return this.#picture(textOf(value))
      default:
        return textOf(value)
    }
  }

  #picture(url: string): Node {
    const isAllowed = /^data:image\//i.test(url) || new URL(url, document.baseURI).origin === location.origin
    if (!isAllowed) return element('p', 'A picture must be a data: URL, or an address of this server.')
    const image = document.createElement('img')
    image.src = url
    image.alt = this.#label
    return image
  }

  #showChat(entries: readonly unknown[]): void {
    const list = this.#body
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40
    while (list.childElementCount > entries.length) list.lastElementChild?.remove()
    for (const [index, entry] of entries.entries()) {
      const made = chatEntry(entry)
      const old = list.children[index]
      if (old === undefined) list.append(made)
      else if (!old.isEqualNode(made)) old.replaceWith(made)
    }
    if (atEnd) list.scrollTop = list.scrollHeight
  }
}

function chatEntry(entry: unknown): HTMLElement {
  const isObject = typeof entry === 'object' && entry !== null
  const { role = 'assistant', content = '' } = (isObject ? entry : { content: entry }) as Record<string, unknown>
  const item = element('li')
  item.dataset['role'] = role === 'user' ? 'user' : 'other'
  const who = element('span', role === 'user' ? 'You' : textOf(role))
  who.className = 'kind'
  item.append(who, element('span', textOf(content)))
  return item
}

function nothing(): HTMLElement {
  const dash = element('span', 'Nothing yet')
  dash.className = 'note'
  return dash
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function element(name: string, text = ''): HTMLElement {
  const made = document.createElement(name)
  made.textContent = text
  return made
}
