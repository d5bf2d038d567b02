import test from 'ava'
import { isCandidate } from '../../src/signaling/candidate.ts'

const GOOD = {
  'eight words': 'candidate:1 1 udp 2122260223 192.0.2.1 5000 typ host',
  'a browser’s': 'candidate:2393089663 1 udp 2122260223 192.0.2.1 63692 typ host generation 0 ufrag aB+/ network-id 1',
  'a name instead of an address': 'candidate:1 1 udp 2113937151 9b36eaac.local 5000 typ host',
  TCP: 'candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active',
  IPv6: 'candidate:1 1 udp 2122260223 2001:db8::1 5000 typ host',
  reflexive: 'candidate:1 1 UDP 1686052607 198.51.100.1 5000 typ srflx raddr 0.0.0.0 rport 0',
  'as an attribute': 'a=candidate:1 1 udp 1 192.0.2.1 5000 typ relay',
  empty: '',
}
for (const [what, candidate] of Object.entries(GOOD)) {
  test(`a candidate with ${what} is well-formed`, (t) => t.true(isCandidate(candidate)))
}

const BAD = {
  'too few words': 'candidate:1 1 udp 2122260223 192.0.2.1 5000 typ',
  'no foundation': 'candidate: 1 udp 2122260223 192.0.2.1 5000 typ host',
  'something else first': 'hello 1 udp 2122260223 192.0.2.1 5000 typ host',
  'a port that is no number': 'candidate:1 1 udp 2122260223 192.0.2.1 x typ host',
  'a type that does not exist': 'candidate:1 1 udp 2122260223 192.0.2.1 5000 typ guest',
}
for (const [what, candidate] of Object.entries(BAD)) {
  test(`a candidate with ${what} is malformed`, (t) => t.false(isCandidate(candidate)))
}
