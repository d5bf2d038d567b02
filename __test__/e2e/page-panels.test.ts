import { once } from 'node:events'
import anyTest from 'ava'
import type { TestFn } from 'ava'
import type { Browser, Page } from 'playwright-core'
import { AdditionalOutputs, AsyncStreamHandler } from '../../src/index.ts'
import type { EmitType, InputDescription, OutputDescription, StreamOptions } from '../../src/index.ts'
import { launchBrowser, openPage } from '../helpers/browser.ts'
import { serve } from '../helpers/serve.ts'

const test = anyTest as TestFn<{ browser: Browser }>

test.before(async (t) => {
  t.context.browser = await launchBrowser()
})
test.after.always((t) => t.context.browser?.close())

const MARKUP = '<img src=x onerror="document.title = 1"><script>document.title = 1</script>'

const INPUTS: InputDescription[] = [
  { type: 'slider', name: 'speed', label: `Speed ${MARKUP}`, min: 1, max: 9, value: 2 },
  { type: 'number', name: 'count', label: 'Count', min: 0 },
  { type: 'text', name: 'who', label: 'Who', value: 'ada' },
  { type: 'textarea', name: 'what', label: 'What', rows: 2 },
  { type: 'checkbox', name: 'loud', label: 'Loud', value: true },
  { type: 'select', name: 'voice', label: 'Voice', options: ['low', { value: 'high', label: 'High' }], value: 'high' },
  { type: 'file', name: 'paper', label: 'Paper' },
  { type: 'json', name: 'more', label: 'More', value: { a: 1 } },
]
const FIRST = [2, null, 'ada', '', true, 'high', null, { a: 1 }]

const OUTPUTS: OutputDescription[] = [
  { type: 'text', name: 'text', label: `Text ${MARKUP}` },
  { type: 'number', name: 'number' },
  { type: 'json', name: 'json', label: 'All' },
  { type: 'chat', name: 'chat', label: 'Talk' },
  { type: 'html', name: 'html', label: 'Html' },
  { type: 'image', name: 'image', label: 'Picture' },
]

const DOT = 'data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=='

/** Gives back what the page's inputs hold, when they have come and as often as they come. */
class Mirror extends AsyncStreamHandler {
  override async receive(): Promise<void> {}
  override async emit(): Promise<EmitType> {
    if (this.latestArgs === 'not_set') await this.waitForArgs()
    else await this.argsSet.wait()
    this.reset()
    return new AdditionalOutputs(...this.latestArgs.slice(1))
  }
  override copy(): Mirror {
    return new Mirror()
  }
}

const MIRROR: Partial<StreamOptions> = {
  handler: new Mirror(),
  additionalInputs: INPUTS,
  additionalOutputs: OUTPUTS,
  additionalOutputsHandler: ([, , , chat], ...args) => [
    `who ${String(args[2])} ${MARKUP}`,
    args[0],
    args,
    [...(chat as unknown[]), { role: 'user', content: `${String(args[2])} ${MARKUP}` }].slice(-3),
    `<p onclick="x()"><b>bold</b> <a href="javascript:alert(1)">a</a> <a href="https://b.example/">b</a>${MARKUP}</p>`,
    DOT,
  ],
}

async function start(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start' }).click()
  await page.locator('#state[data-state=connected]').waitFor()
}

/** Waits until the output of all values shows these. */
async function untilAll(page: Page, values: unknown[]): Promise<void> {
  const wanted = JSON.stringify(values)
  const all = page.getByRole('group', { name: 'All' }).locator('pre')
  for (;;) {
    const [text] = await all.allTextContents()
    if (text !== undefined && JSON.stringify(JSON.parse(text)) === wanted) return
    await page.waitForTimeout(20)
  }
}

test.serial('inputs reach the handler at the start and as they change, and outputs show what it made', async (t) => {
  const { url } = await serve(t, MIRROR)
  const page = await openPage(t, t.context.browser, url)
  await start(page)
  await untilAll(page, FIRST)
  await page.getByRole('slider').fill('7')
  await page.getByLabel('Count').fill('12')
  await page.getByLabel('Who').fill('bob')
  await page.getByLabel('What').fill('two\nlines')
  await page.getByLabel('Loud').uncheck()
  await page.getByLabel('Voice').selectOption('low')
  await page.getByLabel('More').fill('[1, 2]')
  await untilAll(page, [7, 12, 'bob', 'two\nlines', false, 'low', null, [1, 2]])
  t.is(await page.getByRole('group', { name: 'number' }).locator('.output-number').textContent(), '7')
  t.is(await page.getByRole('img', { name: 'Picture' }).getAttribute('src'), DOT)
  const said = (await page.getByRole('log').textContent()) ?? ''
  t.regex(said, /Connected/)
  t.notRegex(said, /An output is ready/, 'which the panel shows')
})

test.serial('markup in labels, values and outputs stays inert, and html only formats', async (t) => {
  const { url } = await serve(t, MIRROR)
  const page = await openPage(t, t.context.browser, url)
  const title = await page.title()
  await start(page)
  await untilAll(page, FIRST)
  t.is(await page.getByText(`Speed ${MARKUP}`).count(), 1)
  t.is(await page.getByText(`who ada ${MARKUP}`).count(), 1)
  t.is((await page.getByRole('listitem').getByText(`ada ${MARKUP}`).count()) > 0, true)
  const html = page.getByRole('group', { name: 'Html' }).locator('.output-html')
  t.is(await html.locator('b').textContent(), 'bold')
  t.is(await html.locator('img, script, [onclick], [href^=javascript]').count(), 0)
  t.is(await html.getByRole('link').getAttribute('href'), 'https://b.example/')
  t.is(await html.getByRole('link').getAttribute('rel'), 'noopener noreferrer')
  t.is(await page.title(), title)
})

test.serial('a file reaches the handler', async (t) => {
  const { url, stream } = await serve(t, { ...MIRROR, additionalOutputs: [] })
  const page = await openPage(t, t.context.browser, url)
  await start(page)
  const [session] = stream.sessions.values()
  const file = { name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') }
  await page.getByLabel('Paper').setInputFiles(file)
  const given = (): unknown => session?.handler.latestArgs[7]
  while (!given()) await page.waitForTimeout(20)
  t.deepEqual(given(), { name: 'a.txt', type: 'text/plain', data: new Uint8Array(file.buffer) })
})

test.serial('a value that cannot be is named at its input, and is not sent', async (t) => {
  const { url } = await serve(t, MIRROR)
  const page = await openPage(t, t.context.browser, url)
  await page.getByLabel('More').fill('{')
  await page.getByRole('button', { name: 'Start' }).click()
  await page.getByText('This must be JSON.').waitFor()
  t.is(await page.locator('#state').textContent(), 'Not connected')
  await page.getByLabel('More').fill('7')
  await start(page)
  await untilAll(page, [...FIRST.slice(0, 7), 7])
  await page.getByLabel('Count').fill('-1')
  await page.locator('.field-number .problem:not(:empty)').waitFor()
  t.is(await page.getByLabel('Count').getAttribute('aria-invalid'), 'true')
  await page.getByLabel('Count').fill('1')
  await untilAll(page, [2, 1, ...FIRST.slice(2, 7), 7])
})

test.serial('with sendInputOn submit inputs wait for their button', async (t) => {
  const { url, stream } = await serve(t, { ...MIRROR, ui: { sendInputOn: 'submit' } })
  const page = await openPage(t, t.context.browser, url)
  await start(page)
  await untilAll(page, FIRST)
  await page.getByLabel('Who').fill('bob')
  // Asked for, the page answers with what was sent last.
  const [session] = stream.sessions.values()
  const answered = once(session ?? stream, 'outputs')
  session?.sendMessage(JSON.stringify({ type: 'send_input', data: [] }))
  await answered
  t.is(session?.handler.latestArgs[3], 'ada')
  await page.getByLabel('Who').press('Enter')
  await page.getByText('Sent.').waitFor()
  await untilAll(page, [2, null, 'bob', ...FIRST.slice(3)])
})

test.serial('in the variant with a text box, texts reach the session and are shown', async (t) => {
  const { url, stream } = await serve(t, { ui: { variant: 'textbox' } })
  const page = await openPage(t, t.context.browser, url)
  await page.getByRole('textbox', { name: 'Message' }).waitFor()
  t.false(await page.locator('#voices').isVisible())
  t.true(await page.getByRole('button', { name: 'Send' }).isDisabled())
  await start(page)
  const [session] = stream.sessions.values()
  const heard = once(session ?? stream, 'message')
  await page.getByRole('textbox', { name: 'Message' }).fill(`hello ${MARKUP}`)
  await page.getByRole('textbox', { name: 'Message' }).press('Enter')
  t.deepEqual(await heard, [`hello ${MARKUP}`])
  await page.getByText(`Server received: hello ${MARKUP}`).waitFor()
  t.is(await page.getByRole('textbox', { name: 'Message' }).inputValue(), '')
})

test.serial('the looks are those of the options', async (t) => {
  const ui = { icon: DOT, iconRadius: 22, iconButtonColor: '#ffe08a', pulseColor: 'rgb(1 2 3)' }
  const { url } = await serve(t, { ui: { ...ui, title: 'Hello', hideTitle: true, fullScreen: true } })
  const page = await openPage(t, t.context.browser, url, { viewport: { width: 1600, height: 900 } })
  await page.locator('#mark img').waitFor()
  const css = (selector: string, name: string): Promise<string> =>
    page.evaluate(`getComputedStyle(document.querySelector('${selector}')).getPropertyValue('${name}')`)
  t.is(await css('#mark img', 'border-top-left-radius'), '22px')
  t.is(await css('#toggle', 'background-color'), 'rgb(255, 224, 138)')
  t.is(await css('#toggle', 'color'), 'rgb(0, 0, 0)')
  t.is(await css('#mark', '--pulse'), 'rgb(1 2 3)')
  t.is(await page.evaluate('document.body.clientWidth'), 1600)
  t.is(await css('#titles', 'clip-path'), 'inset(50%)', 'a heading for screen readers alone')
})

test.serial('without inputs and outputs there is no panel', async (t) => {
  const { url } = await serve(t)
  const page = await openPage(t, t.context.browser, url)
  t.is(await page.getByRole('heading', { name: /Inputs|Outputs/ }).count(), 0)
})

for (const colorScheme of ['light', 'dark'] as const) {
  test.serial(`panels fit a phone, and are readable, in the ${colorScheme} theme`, async (t) => {
    const { url } = await serve(t, MIRROR)
    const page = await openPage(t, t.context.browser, url, { colorScheme, viewport: { width: 360, height: 740 } })
    await start(page)
    await untilAll(page, FIRST)
    t.is(await page.evaluate('document.documentElement.scrollWidth'), 360)
  })
}
