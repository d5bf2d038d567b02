import { once } from 'node:events'
import anyTest from 'ava'
import type { TestFn } from 'ava'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, openPage } from '../helpers/browser.ts'
import { serve } from '../helpers/serve.ts'
import { tone } from '../helpers/tone.ts'

const test = anyTest as TestFn<{ browser: Browser }>

test.before(async (t) => {
  t.context.browser = await launchBrowser()
})
test.after.always((t) => t.context.browser?.close())

async function start(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start' }).click()
  await page.locator('#state[data-state=connected]').waitFor()
}

/** Waits until something that the page shows is as said. The page's policy lets nobody evaluate text in it. */
async function until(
  page: Page,
  selector: string,
  shows: (element: { text: string; now: number }) => boolean,
): Promise<void> {
  const element = page.locator(selector)
  const look = async (): Promise<boolean> => {
    const [text, now] = [await element.textContent(), await element.getAttribute('aria-valuenow')]
    return shows({ text: text ?? '', now: Number(now) })
  }
  while (!(await look())) await page.waitForTimeout(20)
}

const loud = ({ now }: { now: number }): boolean => now > 50

test.serial('a click connects, and both meters, the state, the figures and the log show it', async (t) => {
  const { url } = await serve(t)
  const page = await openPage(t, t.context.browser, url)
  t.is(await page.getByRole('status').textContent(), 'Not connected')
  await start(page)
  t.is(await page.getByRole('status').textContent(), 'Connected')
  await until(page, '#sent-meter', loud)
  await until(page, '#heard-meter', loud)
  await until(page, '#round-trip', ({ text }) => /\d ms/.test(text))
  await until(page, '#loss-sent', ({ text }) => text === '0.0 %')
  t.regex((await page.getByRole('log').textContent()) ?? '', /Connected/)
})

test.serial('stop ends the call on both sides, and start begins another', async (t) => {
  const { url, stream } = await serve(t)
  const page = await openPage(t, t.context.browser, url)
  await start(page)
  const closed = once(stream, 'session:closed')
  await page.getByRole('button', { name: 'Stop' }).click()
  await closed
  t.is(await page.getByRole('status').textContent(), 'Not connected')
  t.regex((await page.getByRole('log').textContent()) ?? '', /Ended here/)
  await start(page)
  t.is(stream.sessions.size, 1)
})

test.serial('the keyboard alone starts, mutes and stops', async (t) => {
  const { url } = await serve(t)
  const page = await openPage(t, t.context.browser, url)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.locator('#state[data-state=connected]').waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  t.is(await page.getByRole('button', { name: 'Muted', pressed: true }).count(), 1)
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Enter')
  t.is(await page.getByRole('status').textContent(), 'Not connected')
})

test.serial('microphones can be chosen by name once the page may use one', async (t) => {
  const { url } = await serve(t)
  const page = await openPage(t, t.context.browser, url)
  await start(page)
  const choice = page.getByLabel('Microphone')
  await choice.locator('option').nth(2).waitFor({ state: 'attached' })
  await choice.selectOption({ index: 2 })
  await until(page, '#heard-meter', loud)
  t.is(await page.getByRole('alert').count(), 0)
})

test.serial('a refusal is told in plain words', async (t) => {
  const { url } = await serve(t, { concurrencyLimit: 1 })
  await start(await openPage(t, t.context.browser, url))
  const page = await openPage(t, t.context.browser, url)
  await page.getByRole('button', { name: 'Start' }).click()
  t.regex((await page.getByRole('alert').textContent()) ?? '', /takes one call at a time/)
  t.is(await page.getByRole('button', { name: 'Start' }).count(), 1)
})

test.serial('titles and messages are shown as text, whatever is in them', async (t) => {
  const markup = '<img src=x onerror="document.title = 1">'
  const { url, stream } = await serve(t, { ui: { title: `A ${markup}`, subtitle: `B ${markup}` } })
  const page = await openPage(t, t.context.browser, url)
  await start(page)
  const [session] = stream.sessions.values()
  session?.sendMessage(JSON.stringify({ type: 'error', message: `C ${markup}`, data: `C ${markup}` }))
  await page.getByText(`C ${markup}`).waitFor()
  t.is(await page.getByRole('heading', { level: 1 }).textContent(), `A ${markup}`)
  t.is(await page.getByText(`B ${markup}`).count(), 1)
  t.is(await page.locator('img').count(), 0)
})

test.serial('in receive mode it plays without asking for a microphone', async (t) => {
  const { url } = await serve(t, { handler: tone(), modality: 'audio', mode: 'receive' })
  const page = await openPage(t, t.context.browser, url)
  await page.evaluate('navigator.mediaDevices.getUserMedia = () => document.body.append("asked")')
  await page.getByLabel('Microphone').waitFor({ state: 'hidden' })
  await start(page)
  await until(page, '#heard-meter', loud)
  t.is(await page.getByText('asked').count(), 0)
})

test.serial('closing the page ends its session within two seconds', async (t) => {
  const { url, stream } = await serve(t)
  const page = await openPage(t, t.context.browser, url)
  await start(page)
  const closed = once(stream, 'session:closed')
  await page.close({ runBeforeUnload: false })
  const late = new Promise((resolve) => setTimeout(resolve, 2000, 'late'))
  t.not(await Promise.race([closed, late]), 'late')
})

for (const colorScheme of ['light', 'dark'] as const) {
  test.serial(
    `on a phone nothing is wider than its screen, and text is readable, in the ${colorScheme} theme`,
    async (t) => {
      const { url } = await serve(t)
      const options = { colorScheme, viewport: { width: 360, height: 740 }, hasTouch: true }
      const page = await openPage(t, t.context.browser, url, options)
      t.is(await page.evaluate('document.documentElement.scrollWidth'), 360)
      const ratios = await page.evaluate<[string, number][]>(CONTRASTS)
      for (const [selector, ratio] of ratios) t.true(ratio >= 4.5, `${selector} has a contrast of ${ratio.toFixed(2)}`)
    },
  )
}

test.serial('every control and meter has a name', async (t) => {
  const { url } = await serve(t)
  const page = await openPage(t, t.context.browser, url)
  t.is(await page.getByRole('meter', { name: 'Sent' }).count(), 1)
  t.is(await page.getByRole('meter', { name: 'Heard' }).count(), 1)
  t.is(await page.getByRole('combobox', { name: 'Microphone' }).count(), 1)
  t.is(await page.getByRole('log', { name: 'Messages' }).count(), 1)
  t.is(await page.getByRole('button', { name: 'Mute' }).count(), 1)
})

/** The contrast of texts with the card or page behind them (WCAG 2.2, success criterion 1.4.3: at least 4.5). */
const CONTRASTS = `(() => {
  const channel = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4)
  const luminance = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(Number)
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b)
  }
  const behind = (element) => {
    const { backgroundColor } = getComputedStyle(element)
    return /, 0\\)$/.test(backgroundColor) ? behind(element.parentElement) : backgroundColor
  }
  const selectors = ['h1', '#subtitle', '.state', '.legend-sent', '.legend-heard', '#toggle', 'label', 'select', '.meter-name',
    '.figures dt', '.figures dd', 'h2:not(.visually-hidden)', '.quiet', '.empty', 'footer']
  return selectors.map((selector) => {
    const element = document.querySelector(selector)
    const [light, dark] = [getComputedStyle(element).color, behind(element)].map(luminance).sort((a, b) => b - a)
    return [selector, (light + 0.05) / (dark + 0.05)]
  })
})()`
