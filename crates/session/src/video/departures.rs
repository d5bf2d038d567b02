//! Numbers what is sent, so that the peer can tell when each packet came
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, SymbolTypeTcc, TransportLayerCc,
};
use std::collections::VecDeque;
use std::time::Instant;

/// Most packets that are waited for: seconds of the fastest encoder.
pub(super) const MAX_WAITING: usize = 4_096;
/// What the peer's times refer to counts in units of 64 ms.
const REFERENCE_MICROS: i64 = 64_000;

/// A packet that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    /// When it was sent.
    pub(super) sent: Instant,
    /// When it came, in microseconds of the peer's clock.
    pub(super) came: i64,
    /// Its length.
    pub(super) bytes: usize,
}

/// What was sent, and the peer hasn't told of yet.
#[derive(Debug, Default)]
pub(super) struct Departures {
    /// The number of the oldest.
    first: u16,
    /// From that number on, without gaps; None once it came.
    sent: VecDeque<Option<(Instant, usize)>>,
}

impl Departures {
    /// The number of a packet that leaves now.
    pub(super) fn number(&mut self, now: Instant, bytes: usize) -> u16 {
        while self.sent.len() >= MAX_WAITING || self.sent.front().is_some_and(Option::is_none) {
            self.sent.pop_front();
            self.first = self.first.wrapping_add(1);
        }
        self.sent.push_back(Some((now, bytes)));
        self.first.wrapping_add(self.sent.len() as u16 - 1)
    }

    /// The packet of that number is sent again as it was: when that one comes says nothing of the first.
    pub(super) fn forget(&mut self, number: u16) {
        if let Some(sent) = self.sent.get_mut(usize::from(number.wrapping_sub(self.first))) {
            *sent = None;
        }
    }

    /// What came, of what the peer tells. What it told before, or was never sent, is passed over.
    pub(super) fn told(&mut self, came: &[(u16, i64)]) -> Vec<Arrival> {
        let arrival = |&(number, came): &(u16, i64)| {
            let index = usize::from(number.wrapping_sub(self.first));
            let (sent, bytes) = self.sent.get_mut(index)?.take()?;
            Some(Arrival { sent, came, bytes })
        };
        came.iter().filter_map(arrival).collect()
    }
}

/// The packets that came, and when, in microseconds of the peer's clock. What didn't come takes no time here, however many
/// packets a message says so of.
pub(super) fn came(feedback: &TransportLayerCc) -> Vec<(u16, i64)> {
    let mut deltas = feedback.recv_deltas.iter().take(MAX_WAITING);
    let (mut offset, mut at) = (0_u16, i64::from(feedback.reference_time) * REFERENCE_MICROS);
    let mut came = Vec::with_capacity(deltas.len());
    for chunk in &feedback.packet_chunks {
        let (run, symbols): (u16, &[SymbolTypeTcc]) = match chunk {
            PacketStatusChunk::RunLengthChunk(run) if has_time(run.packet_status_symbol) => {
                (run.run_length, std::slice::from_ref(&run.packet_status_symbol))
            }
            PacketStatusChunk::RunLengthChunk(run) => {
                offset = offset.wrapping_add(run.run_length);
                continue;
            }
            PacketStatusChunk::StatusVectorChunk(vector) => (1, &vector.symbol_list),
        };
        for symbol in std::iter::repeat_n(symbols, run.into()).flatten() {
            if has_time(*symbol) {
                let Some(delta) = deltas.next() else { return came };
                at += delta.delta;
                came.push((feedback.base_sequence_number.wrapping_add(offset), at));
            }
            offset = offset.wrapping_add(1);
        }
    }
    came
}

fn has_time(symbol: SymbolTypeTcc) -> bool {
    matches!(symbol, SymbolTypeTcc::PacketReceivedSmallDelta | SymbolTypeTcc::PacketReceivedLargeDelta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::video::arrivals::Arrivals;
    use parley_netsim::{Random, millis, start_of_time};
    use rtc::shared::marshal::Unmarshal;
    use std::time::Duration;

    fn read(message: &[u8]) -> Vec<(u16, i64)> {
        came(&TransportLayerCc::unmarshal(&mut &message[..]).expect("the core reads it"))
    }

    #[test]
    fn what_came_is_found_by_its_number_once_and_with_its_times() {
        let now = start_of_time();
        let mut departures = Departures { first: 65_534, ..Departures::default() };
        let sent = |n: u64| now + millis(n * 10);
        let numbers: Vec<u16> = (0..5).map(|n| departures.number(sent(n), 100 + n as usize)).collect();
        assert_eq!(numbers, [65_534, 65_535, 0, 1, 2]);
        let told = departures.told(&[(65_534, 5), (0, -7), (0, 9), (3, 1), (40_000, 1)]);
        let expected = [(0, 5, 100), (2, -7, 102)];
        let expected = expected.map(|(n, came, bytes)| Arrival { sent: sent(n), came, bytes });
        assert_eq!(told, expected);
        // What was told as missing may come after all.
        assert_eq!(departures.told(&[(65_535, 8)]), [Arrival { sent: sent(1), came: 8, bytes: 101 }]);
        assert_eq!((departures.number(sent(5), 0), departures.sent.len()), (3, 3), "what came is forgotten");
    }

    #[test]
    fn a_peers_message_tells_when_each_packet_came() {
        let start = start_of_time();
        let mut arrivals = Arrivals::new(start);
        let packets = [(130, 65_534), (131, 65_535), (133, 2), (233, 3)];
        packets.iter().for_each(|(at, number)| arrivals.received(start + millis(*at), *number));
        let message = arrivals.due(start + millis(233), 1, 2).expect("it is due");
        let expected = packets.map(|(at, number)| (number, at as i64 * 1_000));
        assert_eq!(read(&message), expected);
    }

    #[test]
    fn packets_that_nobody_tells_of_are_forgotten() {
        let now = start_of_time();
        let mut departures = Departures::default();
        let first = departures.number(now, 1);
        let second = departures.number(now, 2);
        (2..=MAX_WAITING).for_each(|_| assert!(departures.number(now, 3) > second));
        assert_eq!(departures.sent.len(), MAX_WAITING);
        assert_eq!(departures.told(&[(first, 1)]), []);
        assert_eq!(departures.told(&[(second, 1)]).len(), 1);
    }

    #[test]
    fn of_a_packet_that_is_sent_again_no_time_is_known() {
        let now = start_of_time();
        let mut departures = Departures::default();
        let numbers = [1, 2].map(|bytes| departures.number(now, bytes));
        departures.forget(numbers[0]);
        departures.forget(40_000);
        assert_eq!(departures.told(&numbers.map(|number| (number, 1))).len(), 1);
    }

    #[test]
    fn after_any_number_of_packets_that_did_not_come_the_next_has_its_own() {
        let missing = |run: u16| run.to_be_bytes();
        let mut message = vec![0x8f, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
        // From 65,530 on 8 runs of 8,191 are missing, then one comes 5 * 250 µs after 3 * 64 ms.
        message.extend([0xff, 0xfa]);
        message.extend(65_529_u16.to_be_bytes());
        message.extend([0, 0, 3, 0]);
        (0..8).for_each(|_| message.extend(missing(8_191)));
        message.extend([0x20, 1, 5, 0]);
        let length = (message.len() / 4 - 1) as u16;
        message[2..4].copy_from_slice(&length.to_be_bytes());
        let number = 65_530_u16.wrapping_add(8_191_u16.wrapping_mul(8));
        assert_eq!(read(&message), [(number, 3 * 64_000 + 5 * 250)]);
    }

    #[test]
    fn feedback_of_any_kind_tells_of_each_packet_once() {
        let now = start_of_time();
        let mut random = Random::new(11);
        let mut departures = Departures::default();
        let (mut sent, mut told) = (0, 0);
        for round in 0..20_000_u64 {
            let mut message = vec![0x8f, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
            message.extend(departures.first.to_be_bytes());
            message.extend([0, random.below(20) as u8]);
            message.extend((0..4 * (2 + random.below(10))).map(|_| random.bits() as u8));
            let length = (message.len() / 4 - 1) as u16;
            message[2..4].copy_from_slice(&length.to_be_bytes());
            departures.number(now + Duration::from_millis(round), 1_000);
            sent += 1;
            let Ok(feedback) = TransportLayerCc::unmarshal(&mut &message[..]) else { continue };
            told += departures.told(&came(&feedback)).len();
            assert!(told <= sent);
        }
        assert!(told > 100, "{told} of {sent}");
    }
}
