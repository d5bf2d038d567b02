import test from 'ava'
import { busyMarkup, connectMarkup } from '../../src/telephony/call-markup.ts'

const PLAIN = { greeting: [], farewell: [], url: 'wss://a.example/telephone/handler', attributes: {}, parameters: {} }

test('a call is connected both ways, with its parameters', (t) => {
  t.is(
    connectMarkup({ ...PLAIN, parameters: { token: 'abc', From: '+15550100' } }),
    '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Connect><Stream url="wss://a.example/telephone/handler">' +
      '<Parameter name="token" value="abc"/><Parameter name="From" value="+15550100"/></Stream></Connect></Response>',
  )
})

test('what a provider wants beside the address stands with it', (t) => {
  const markup = connectMarkup({ ...PLAIN, attributes: { bidirectionalMode: 'rtp' } })
  t.regex(markup, /<Stream url="wss:\/\/a\.example\/telephone\/handler" bidirectionalMode="rtp"\/>/)
})

test('texts are said before and after, by a voice where one is named', (t) => {
  const greeting = [{ text: 'Good day.' }, { text: 'Guten Tag.', voice: 'Polly.Vicki', language: 'de-DE' }]
  const markup = connectMarkup({ ...PLAIN, greeting, farewell: [{ text: 'Bye.' }] })
  t.regex(
    markup,
    /<Response><Say>Good day\.<\/Say><Say voice="Polly\.Vicki" language="de-DE">Guten Tag\.<\/Say><Connect>/,
  )
  t.regex(markup, /<\/Connect><Say>Bye\.<\/Say><\/Response>$/)
})

test('no text breaks out of its place', (t) => {
  const evil = `</Say><Dial>+1900</Dial> & "quoted" 'too' \u0000\u0008\uD800 \u{1F600}`
  const safe = '&lt;/Say&gt;&lt;Dial&gt;+1900&lt;/Dial&gt; &amp; &quot;quoted&quot; &apos;too&apos;  \u{1F600}'
  const markup = connectMarkup({
    ...PLAIN,
    greeting: [{ text: evil, voice: evil }],
    url: evil,
    parameters: { [evil]: evil },
  })
  t.is(markup.split(safe).length, 6, 'the text, the voice, the address, and both sides of the parameter')
  t.false(
    ['<Dial', '\u0000', '\u0008'].some((text) => markup.includes(text)) || /\uD800(?![\uDC00-\uDFFF])/.test(markup),
  )
})

test('a call that finds no room hears the busy tone', (t) => {
  t.regex(busyMarkup(), /<Response><Reject reason="busy"\/><\/Response>$/)
})
