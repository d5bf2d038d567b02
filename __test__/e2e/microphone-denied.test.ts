import test from 'ava'
import { launchBrowser, openPage } from '../helpers/browser.ts'
import { serve } from '../helpers/serve.ts'

test('a person who refuses the microphone is told in plain words how to allow it', async (t) => {
  const { url, stream } = await serve(t)
  const browser = await launchBrowser({ microphone: 'denied' })
  t.teardown(() => browser.close())
  const page = await openPage(t, browser, url)
  await page.getByRole('button', { name: 'Start' }).click()
  t.regex((await page.getByRole('alert').textContent()) ?? '', /may not use the microphone.+settings/)
  t.is(await page.getByRole('status').textContent(), 'Not connected')
  t.is(stream.sessions.size, 0, 'no call was begun')
})
