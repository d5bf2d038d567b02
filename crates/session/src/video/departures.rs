//! Numbers what is sent, so that the peer can tell when each packet came
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, SymbolTypeTcc, TransportLayerCc,
};
use std::collections::VecDeque;
use std::time::Instant;

/// Most packets that are waited for: seconds of the fastest encoder.
const MAX_WAITING: usize = 4_096;
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

/// The packets that came, and when, in microseconds of the peer's clock.
pub(super) fn came(feedback: &TransportLayerCc) -> Vec<(u16, i64)> {
    let mut deltas = feedback.recv_deltas.iter();
    let mut at = i64::from(feedback.reference_time) * REFERENCE_MICROS;
    let came = |(offset, symbol): (usize, SymbolTypeTcc)| {
        let has_time = matches!(
            symbol,
            SymbolTypeTcc::PacketReceivedSmallDelta | SymbolTypeTcc::PacketReceivedLargeDelta
        );
        at += if has_time { deltas.next()?.delta } else { return None };
        Some((feedback.base_sequence_number.wrapping_add(offset as u16), at))
    };
    feedback
        .packet_chunks
        .iter()
        .flat_map(symbols)
        .take(usize::from(feedback.packet_status_count))
        .enumerate()
        .filter_map(came)
        .take(MAX_WAITING)
        .collect()
}

fn symbols(chunk: &PacketStatusChunk) -> impl Iterator<Item = SymbolTypeTcc> {
    let (run, list): (usize, &[SymbolTypeTcc]) = match chunk {
        PacketStatusChunk::RunLengthChunk(run) => {
            (run.run_length.into(), std::slice::from_ref(&run.packet_status_symbol))
        }
        PacketStatusChunk::StatusVectorChunk(vector) => (1, &vector.symbol_list),
    };
    std::iter::repeat_n(list, run).flatten().copied()
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
    fn no_feedback_makes_more_of_it_than_was_sent() {
        let now = start_of_time();
        let mut random = Random::new(11);
        let mut departures = Departures::default();
        for round in 0..2_000_u64 {
            let mut message = vec![0x8f, 205, 0, 0];
            let words = 5 + random.below(40);
            message.extend((0..words * 4).map(|_| random.bits() as u8));
            let length = (message.len() / 4 - 1) as u16;
            message[2..4].copy_from_slice(&length.to_be_bytes());
            departures.number(now + Duration::from_millis(round), 1_000);
            let Ok(feedback) = TransportLayerCc::unmarshal(&mut &message[..]) else { continue };
            let came = came(&feedback);
            assert!(came.len() <= MAX_WAITING && departures.told(&came).len() <= MAX_WAITING);
            assert!(departures.sent.len() <= MAX_WAITING);
        }
    }
}
