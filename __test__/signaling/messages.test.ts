import test from 'ava'
import { formatMessage, formatNotice, formatReceipt } from '../../src/signaling/messages.ts'

test('messages have the text that existing pages parse', (t) => {
  t.is(formatMessage({ type: 'send_input', data: [] }), '{"type":"send_input","data":[]}')
  t.is(formatMessage({ type: 'fetch_output', data: [] }), '{"type":"fetch_output","data":[]}')
  t.is(formatMessage({ type: 'end_stream', data: 'Bye' }), '{"type":"end_stream","data":"Bye"}')
  t.is(formatMessage({ type: 'update_connection', data: 'closed' }), '{"type":"update_connection","data":"closed"}')
  t.is(formatMessage({ type: 'log', data: 'pause_detected' }), '{"type":"log","data":"pause_detected"}')
})

test('errors and warnings carry their text in message and in data', (t) => {
  t.deepEqual(JSON.parse(formatNotice('error', 'no "voice"')), {
    type: 'error',
    message: 'no "voice"',
    data: 'no "voice"',
  })
  t.deepEqual(JSON.parse(formatNotice('warning', 'x')), { type: 'warning', message: 'x', data: 'x' })
})

test('what a client sent comes back in a log message', (t) => {
  t.is(formatReceipt('hello'), '{"type":"log","data":"Server received: hello"}')
})

test('notices and farewells of any length and make fit a message, and short ones are whole', (t) => {
  for (const character of ['a', '\u0000', 'é', '€', '\\']) {
    const text = character.repeat(200_000)
    t.true(Buffer.byteLength(formatNotice('error', text)) <= 65_536, JSON.stringify(character))
    t.true(Buffer.byteLength(formatMessage({ type: 'end_stream', data: text })) <= 65_536, JSON.stringify(character))
  }
  const whole = 'a'.repeat(30_000)
  t.true(formatNotice('error', whole).includes(whole))
})

test('the receipt of a message of 64 KiB fits a message, whatever it is made of', (t) => {
  for (const character of ['a', '\u0000', 'é', '€', '\\']) {
    t.true(Buffer.byteLength(formatReceipt(character.repeat(65_536))) <= 65_536, JSON.stringify(character))
  }
})
