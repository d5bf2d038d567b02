import test from 'ava'
import { AsyncQueue, waitForItem } from '../../src/index.ts'

test('items come out in the order in which they went in', async (t) => {
  const queue = new AsyncQueue<number>()
  for (let i = 0; i < 1000; i++) queue.put(i)
  t.is(queue.size, 1000)
  for (let i = 0; i < 1000; i++) t.is(await queue.get(), i)
  t.is(queue.size, 0)
  t.is(queue.tryGet(), undefined)
})

test('who waits longest gets the next item', async (t) => {
  const queue = new AsyncQueue<string>()
  const [first, second] = [queue.get(), queue.get()]
  queue.put('a')
  queue.put('b')
  t.deepEqual(await Promise.all([first, second]), ['a', 'b'])
})

test('a full queue pushes the oldest item out and returns it', (t) => {
  const queue = new AsyncQueue<number>(2)
  t.deepEqual(
    [1, 2, 3, 4].map((item) => queue.put(item)),
    [undefined, undefined, 1, 2],
  )
  t.deepEqual([queue.tryGet(), queue.tryGet()], [3, 4])
})

test('clear drops what waits, and later items come as ever', (t) => {
  const queue = new AsyncQueue<number>()
  queue.put(1)
  queue.clear()
  t.is(queue.size, 0)
  queue.put(2)
  t.is(queue.tryGet(), 2)
})

test('an aborted wait rejects with the reason and takes no item', async (t) => {
  const [queue, abort] = [new AsyncQueue<number>(), new AbortController()]
  const wait = queue.get({ signal: abort.signal })
  abort.abort(new Error('enough'))
  await t.throwsAsync(wait, { message: 'enough' })
  queue.put(1)
  t.is(queue.size, 1)
  await t.throwsAsync(queue.get({ signal: abort.signal }), { message: 'enough' })
  t.is(queue.size, 1)
})

test('a signal that is null is none, and one that is no signal is refused and takes no item', async (t) => {
  const queue = new AsyncQueue<number>()
  for (const signal of [5, {}, 'now']) {
    await t.throwsAsync(queue.get({ signal: signal as never }), { instanceOf: TypeError, message: /AbortSignal, not/ })
  }
  const wait = queue.get({ signal: null as never })
  queue.put(1)
  t.is(await wait, 1)
})

test('a signal without its name, or under another one, is refused, and takes no item', async (t) => {
  const queue = new AsyncQueue<number>()
  queue.put(1)
  for (const options of [new AbortController().signal, { sginal: null }, 5, 'now', []]) {
    const message = /The options of get\(\) must be \{ signal \}, not/
    await t.throwsAsync(queue.get(options as never), { instanceOf: TypeError, message })
  }
  t.is(queue.size, 1)
})

test('waitForItem refuses what is no queue by name', async (t) => {
  await t.throwsAsync(waitForItem(undefined as never), { message: 'waitForItem takes an AsyncQueue, not undefined' })
  await t.throwsAsync(waitForItem([1] as never), { instanceOf: TypeError, message: /AsyncQueue, not \[1\]/ })
})

test('a size that is none is refused by name', (t) => {
  for (const size of [0, -1, 1.5, NaN]) {
    t.throws(() => new AsyncQueue(size), { instanceOf: RangeError, message: new RegExp(String(size)) })
  }
})

test('waitForItem resolves to the item, at once or when it comes', async (t) => {
  const queue = new AsyncQueue<string>()
  queue.put('there')
  t.is(await waitForItem(queue), 'there')
  const wait = waitForItem(queue, 60)
  queue.put('later')
  t.is(await wait, 'later')
})

test('waitForItem resolves to null at the time-out, and loses no item that comes after', async (t) => {
  const queue = new AsyncQueue<string>()
  t.is(await waitForItem(queue, 0.01), null)
  queue.put('late')
  t.is(queue.size, 1)
  t.is(await waitForItem(queue), 'late')
})

test('waitForItem with Infinity waits until an item comes', async (t) => {
  const queue = new AsyncQueue<string>()
  const wait = waitForItem(queue, Infinity)
  await new Promise((resolve) => setTimeout(resolve, 50))
  queue.put('at last')
  t.is(await wait, 'at last')
})

test('waitForItem refuses a time that is none, by value', async (t) => {
  for (const time of [NaN, -1, 1e9, 'x', null]) {
    const error = await t.throwsAsync(waitForItem(new AsyncQueue(), time as number), {
      message: /^timeoutSeconds must/,
    })
    t.true(error?.message.includes(String(time)), error?.message)
  }
})
