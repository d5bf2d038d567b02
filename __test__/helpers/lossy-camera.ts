import type { ExecutionContext } from 'ava'
import type { Page } from 'playwright-core'
import { clientPage, flows, start, watchingFlip } from './camera-call.ts'
import type { CameraContext } from './camera.ts'
import { LossyRelay } from './lossy-relay.ts'
import { random } from './random.ts'
import { FLIPPED, numberOf } from './test-picture.ts'
import { watch } from './watch.ts'

/** What happens to the page beside the call. */
export interface LossyCameraSteps {
  /** Before it. */
  readonly before?: (page: Page) => Promise<void>
  /** While it goes on, when enough was seen. */
  readonly meanwhile?: (page: Page) => Promise<void>
}

/** A call of a page's camera of whose packets a share is lost both ways: neither the handler nor the page sees a smeared picture. */
export async function isWholeDespite(
  t: ExecutionContext<CameraContext>,
  loss: number,
  { before, meanwhile }: LossyCameraSteps = {},
): Promise<void> {
  const { handler, seen } = watchingFlip()
  const { page, stream } = await clientPage(t, { handler })
  const relay = await LossyRelay.before(t, page)
  await before?.(page)
  await start(page)
  const next = random(41)
  relay.drop = () => next() < loss
  await flows(page)
  const pictures = await watch(page, '#player', 150)
  await meanwhile?.(page)
  const { dropped, passed } = relay.counts
  const [session] = stream.sessions.values()
  t.log({ dropped, passed, handler: seen.length, video: session?.stats().video })
  t.true(dropped >= 0.5 * loss * passed, `${dropped} of ${dropped + passed} packets were lost`)
  t.deepEqual(
    seen.filter((picture) => numberOf(picture) === undefined),
    [],
    'to the handler',
  )
  t.deepEqual(
    pictures.filter((picture) => numberOf(picture) === undefined),
    [],
    'to the page',
  )
  for (const { corners } of pictures) t.deepEqual(corners, FLIPPED)
}
