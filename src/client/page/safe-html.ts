/** Elements that only format. Others are left out, and what is in them stays. */
const FORMATTING = new Set(
  (
    'A ABBR B BLOCKQUOTE BR CAPTION CODE DD DEL DIV DL DT EM H1 H2 H3 H4 H5 H6 HR I INS KBD LI MARK OL P PRE S SAMP SMALL ' +
    'SPAN STRONG SUB SUP TABLE TBODY TD TFOOT TH THEAD TR U UL'
  ).split(' '),
)

/** Elements whose content is no text for people. */
const SILENT = new Set('HEAD IFRAME MATH NOSCRIPT OBJECT SCRIPT SELECT STYLE TEMPLATE TEXTAREA TITLE SVG'.split(' '))

const ATTRIBUTES = ['title', 'dir', 'lang', 'colspan', 'rowspan', 'start']

/** The part of Trusted Types that is used here; not every browser has it. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML(text: string): string }): { createHTML(text: string): string }
}

/** What is parsed lies in a document that runs and loads nothing, and only copies of what formats leave it. */
const policy = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('parley-inert-document', {
  createHTML: (text) => text,
})

/**
 * Text with simple markup, made of new elements: nothing in it can act, load anything or leave its place.
 *
 * @param html - by anybody
 * @returns what of it formats text
 */
export function safeHtml(html: string): DocumentFragment {
  const quiet = withoutReports(html)
  const inert = new DOMParser().parseFromString(policy?.createHTML(quiet) ?? quiet, 'text/html')
  return copyAll(inert.body.childNodes)
}

/** Handlers and styles are never copied, but the page's policy would report each: those that are found easily go before. */
function withoutReports(html: string): string {
  const withoutSheets = html.replace(/<style[\s\S]*?<\/style>/gi, '')
  return withoutSheets.replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/[\s/"'](on\w+|style)\s*=/gi, ' data-unused='))
}

function copyAll(nodes: Iterable<Node>): DocumentFragment {
  const fragment = document.createDocumentFragment()
  for (const node of nodes) {
    if (node instanceof Text) fragment.append(node.data)
    else if (node instanceof Element) fragment.append(copy(node))
  }
  return fragment
}

function copy(source: Element): Node {
  const name = source.tagName.toUpperCase()
  if (SILENT.has(name)) return document.createDocumentFragment()
  const children = copyAll(source.childNodes)
  if (!FORMATTING.has(name)) return children
  const made = document.createElement(name)
  for (const attribute of ATTRIBUTES) {
    const value = source.getAttribute(attribute)
    if (value !== null) made.setAttribute(attribute, value)
  }
  if (made instanceof HTMLAnchorElement) link(made, source.getAttribute('href') ?? '')
  made.append(children)
  return made
}

function link(anchor: HTMLAnchorElement, href: string): void {
  if (!/^(https?|mailto):/i.test(href)) return
  anchor.href = href
  anchor.target = '_blank'
  anchor.rel = 'noopener noreferrer'
}
