//! The packets sent lately, for a peer that missed one (RFC 4588).

use bytes::{BufMut, BytesMut};
use rtc::rtp::Packet;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a packet is kept; nobody waits longer for it.
const MAX_AGE: Duration = Duration::from_secs(1);
/// Most packets that are kept.
const MAX_KEPT: usize = 512;
/// Least time until the same packet is sent once more, while the round trip is not known.
const LEAST_PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug)]
struct Kept {
    packet: Packet,
    sent_at: Instant,
    again_at: Option<Instant>,
}

/// What was sent lately, in order.
#[derive(Debug)]
pub(super) struct History {
    kept: VecDeque<Kept>,
    /// Bytes that may be sent again now…
    budget: f64,
    /// …as of then.
    at: Option<Instant>,
}

impl History {
    pub(super) fn new() -> Self {
        Self { kept: VecDeque::new(), budget: 0.0, at: None }
    }

    /// That packet is sent now.
    pub(super) fn sent(&mut self, now: Instant, packet: Packet) {
        let is_old = |kept: &Kept| now.saturating_duration_since(kept.sent_at) > MAX_AGE;
        while self.kept.len() >= MAX_KEPT || self.kept.front().is_some_and(is_old) {
            self.kept.pop_front();
        }
        self.kept.push_back(Kept { packet, sent_at: now, again_at: None });
    }

    /// The packet of that number, to be sent again. None when it is gone, was sent just now, or as much was sent again in
    /// the last second as `bitrate` allows: a peer that asks for everything gets no more than it would anyway.
    pub(super) fn again(
        &mut self,
        now: Instant,
        number: u16,
        round_trip: Option<Duration>,
        bitrate: u32,
    ) -> Option<&Packet> {
        self.refill(now, bitrate);
        let first = self.kept.front()?.packet.header.sequence_number;
        let kept = self.kept.get_mut(usize::from(number.wrapping_sub(first)))?;
        let size = kept.packet.payload.len() as f64;
        let pause = round_trip.map_or(LEAST_PAUSE, |round_trip| (round_trip / 2).max(LEAST_PAUSE));
        let is_early = kept.again_at.is_some_and(|at| now.saturating_duration_since(at) < pause);
        if is_early || self.budget < size || now.saturating_duration_since(kept.sent_at) > MAX_AGE {
            return None;
        }
        self.budget -= size;
        kept.again_at = Some(now);
        Some(&kept.packet)
    }

    fn refill(&mut self, now: Instant, bitrate: u32) {
        let a_second = f64::from(bitrate) / 8.0;
        let passed = self.at.replace(now).map_or(1.0, |at| now.saturating_duration_since(at).as_secs_f64());
        self.budget = (self.budget + a_second * passed).min(a_second);
    }

    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }
}

/// The packet as its repairing source sends it: the original number goes before the payload.
pub(super) fn as_repair(packet: &Packet, source: u32, number: u16, payload_type: u8) -> Packet {
    let mut payload = BytesMut::with_capacity(2 + packet.payload.len());
    payload.put_u16(packet.header.sequence_number);
    payload.put_slice(&packet.payload);
    let mut header = packet.header.clone();
    header.ssrc = source;
    header.sequence_number = number;
    header.payload_type = payload_type;
    Packet { header, payload: payload.freeze() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_netsim::{millis, start_of_time};
    use rtc::rtp::header::Header;

    fn packet(number: u16) -> Packet {
        let header =
            Header { sequence_number: number, ssrc: 7, payload_type: 96, marker: true, ..Header::default() };
        Packet { header, payload: vec![1; 1_000].into() }
    }

    fn history(numbers: impl Iterator<Item = u16>) -> (History, Instant) {
        let mut history = History::new();
        numbers.for_each(|number| history.sent(start_of_time(), packet(number)));
        (history, start_of_time())
    }

    #[test]
    fn a_packet_is_found_by_its_number_across_the_wrap_and_not_at_once_again() {
        let (mut history, now) = history([65_534, 65_535, 0, 1].into_iter());
        let number = |packet: Option<&Packet>| packet.map(|packet| packet.header.sequence_number);
        assert_eq!(number(history.again(now, 0, None, 1_000_000)), Some(0));
        assert_eq!(number(history.again(now, 65_533, None, 1_000_000)), None);
        assert_eq!(number(history.again(now, 2, None, 1_000_000)), None);
        assert_eq!(number(history.again(now + millis(19), 0, Some(millis(40)), 1_000_000)), None);
        assert_eq!(number(history.again(now + millis(20), 0, Some(millis(40)), 1_000_000)), Some(0));
        assert_eq!(number(history.again(now + millis(1_001), 1, None, 1_000_000)), None, "too old");
    }

    #[test]
    fn a_peer_that_asks_for_everything_gets_no_more_than_the_bitrate() {
        let (mut history, now) = history(0..400);
        let mut sent = 0;
        for n in 0..1_000 {
            for number in 0..400 {
                sent += u32::from(history.again(now + millis(n), number, None, 400_000).is_some());
            }
        }
        // 50 packets of 1,000 bytes a second, and as many at first.
        assert!((90..=100).contains(&sent), "{sent}");
    }

    #[test]
    fn few_are_kept() {
        let (mut history, now) = history(0..10_000);
        assert_eq!(history.kept.len(), MAX_KEPT);
        history.sent(now + millis(1_500), packet(10_000));
        assert_eq!(history.kept.len(), 1);
        history.clear();
        assert!(history.again(now, 10_000, None, 1_000_000).is_none());
    }

    #[test]
    fn a_repair_carries_the_original_number() {
        let repair = as_repair(&packet(0x1234), 8, 5, 97);
        let Header { ssrc, sequence_number, payload_type, marker, .. } = repair.header;
        assert_eq!((ssrc, sequence_number, payload_type, marker), (8, 5, 97, true));
        assert_eq!((&repair.payload[..3], repair.payload.len()), (&[0x12, 0x34, 1][..], 1_002));
    }
}
