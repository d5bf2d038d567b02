//! Tells the peer when its packets came, so that it knows what the way can carry
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use bytes::{BufMut, Bytes, BytesMut};
use std::time::{Duration, Instant};

/// How long arrivals are gathered before they are told.
const GATHER: Duration = Duration::from_millis(50);
/// Most numbers that one message spans: what does not fit is told at once.
const MAX_SPAN: usize = 400;
/// Deltas count in units of 250 µs, the time they refer to in units of 64 ms.
const DELTA_MICROS: i64 = 250;
const REFERENCE_MICROS: i64 = 64_000;

/// What came since the last message.
#[derive(Debug)]
pub(super) struct Arrivals {
    began: Instant,
    /// The first number of the next message.
    base: Option<u16>,
    /// When the packets from there on came, in microseconds.
    seen: Vec<Option<i64>>,
    first_at: Option<Instant>,
    count: u8,
}

impl Arrivals {
    pub(super) fn new(now: Instant) -> Self {
        Self { began: now, base: None, seen: Vec::new(), first_at: None, count: 0 }
    }

    /// A packet of that transport-wide number came.
    pub(super) fn received(&mut self, now: Instant, number: u16) {
        let base = *self.base.get_or_insert(number);
        let index = number.wrapping_sub(base);
        if index > u16::MAX / 2 {
            // Told as missing already; the peer doesn't mind.
            return;
        }
        let mut index = usize::from(index);
        if index >= MAX_SPAN {
            // A numbering that jumped: begin anew.
            self.base = Some(number);
            self.seen.clear();
            index = 0;
        }
        if self.seen.len() <= index {
            self.seen.resize(index + 1, None);
        }
        let at = now.saturating_duration_since(self.began).as_micros() as i64;
        self.seen[index].get_or_insert(at);
        self.first_at.get_or_insert(now);
    }

    /// When there is something to tell.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        self.first_at.map(|at| at + if self.seen.len() > MAX_SPAN / 2 { Duration::ZERO } else { GATHER })
    }

    /// The message that is due now, from `sender` about `media`.
    pub(super) fn due(&mut self, now: Instant, sender: u32, media: u32) -> Option<Bytes> {
        self.wake_at().filter(|at| *at <= now)?;
        self.first_at = None;
        let base = self.base?;
        let first = self.seen.iter().flatten().copied().next()?;
        let reference = first.div_euclid(REFERENCE_MICROS);
        let (symbols, deltas, told) = encode(&self.seen, reference * REFERENCE_MICROS);
        let mut message = BytesMut::with_capacity(24 + told + deltas.len());
        // Version 2, format 15 of transport-layer feedback; the length comes later.
        message.put_slice(&[0x8f, 205, 0, 0]);
        message.put_u32(sender);
        message.put_u32(media);
        message.put_u16(base);
        message.put_u16(told as u16);
        message.put_slice(&(reference as u32).to_be_bytes()[1..]);
        message.put_u8(self.count);
        put_chunks(&mut message, &symbols);
        message.put_slice(&deltas);
        pad(&mut message);
        self.count = self.count.wrapping_add(1);
        self.base = Some(base.wrapping_add(told as u16));
        self.seen.drain(..told);
        if !self.seen.is_empty() {
            self.first_at = Some(now);
        }
        Some(message.freeze())
    }
}

/// The symbols (0: missing, 1: a delta of one byte, 2: of two) and the deltas, and for how many packets.
fn encode(seen: &[Option<i64>], reference: i64) -> (Vec<u8>, Vec<u8>, usize) {
    let (mut symbols, mut deltas) = (Vec::with_capacity(seen.len()), Vec::new());
    let mut before = reference;
    for at in seen {
        let Some(at) = at else {
            symbols.push(0);
            continue;
        };
        let delta = (at - before).div_euclid(DELTA_MICROS);
        if let Ok(small) = u8::try_from(delta) {
            symbols.push(1);
            deltas.push(small);
        } else if let Ok(large) = i16::try_from(delta) {
            symbols.push(2);
            deltas.extend_from_slice(&large.to_be_bytes());
        } else {
            // More than 8 s apart: the next message tells it.
            break;
        }
        before += delta * DELTA_MICROS;
    }
    let told = symbols.len();
    (symbols, deltas, told)
}

/// Run-length chunks for what is alike, vectors of seven symbols for the rest.
fn put_chunks(message: &mut BytesMut, mut symbols: &[u8]) {
    while let Some(first) = symbols.first() {
        let run = symbols.iter().take_while(|symbol| *symbol == first).count();
        if run >= 7 || run == symbols.len() {
            message.put_u16(u16::from(*first) << 13 | run as u16);
            symbols = &symbols[run..];
        } else {
            let (vector, rest) = symbols.split_at(symbols.len().min(7));
            let places = vector.iter().enumerate();
            let bits = places.fold(0, |bits, (n, symbol)| bits | u16::from(*symbol) << (12 - 2 * n));
            message.put_u16(0xc000 | bits);
            symbols = rest;
        }
    }
}

/// To whole words (RFC 3550, section 6.4.1); then the length is known.
fn pad(message: &mut BytesMut) {
    let padding = (4 - message.len() % 4) % 4;
    if padding > 0 {
        message.put_bytes(0, padding - 1);
        message.put_u8(padding as u8);
        message[0] |= 0x20;
    }
    let words = (message.len() / 4 - 1) as u16;
    message[2..4].copy_from_slice(&words.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_netsim::{millis, start_of_time};
    use rtc::rtcp::transport_feedbacks::transport_layer_cc::{
        PacketStatusChunk, SymbolTypeTcc, TransportLayerCc,
    };
    use rtc::shared::marshal::Unmarshal;

    fn read(message: &Bytes) -> TransportLayerCc {
        TransportLayerCc::unmarshal(&mut message.clone()).expect("the core reads it")
    }

    fn symbols(message: &TransportLayerCc) -> Vec<SymbolTypeTcc> {
        let chunks = message.packet_chunks.iter().flat_map(|chunk| match chunk {
            PacketStatusChunk::RunLengthChunk(run) => {
                vec![run.packet_status_symbol; run.run_length.into()]
            }
            PacketStatusChunk::StatusVectorChunk(vector) => vector.symbol_list.clone(),
        });
        chunks.take(message.packet_status_count.into()).collect()
    }

    #[test]
    fn arrivals_and_gaps_are_told_as_another_implementation_reads_them() {
        let start = start_of_time();
        let mut arrivals = Arrivals::new(start);
        // 65,534 and 65,535, then 2 (0 and 1 are missing), then 3 after 100 ms, whose delta needs two bytes.
        let came = [(130, 65_534), (131, 65_535), (133, 2), (233, 3)];
        came.iter().for_each(|(at, number)| arrivals.received(start + millis(*at), *number));
        assert_eq!(arrivals.wake_at(), Some(start + millis(180)));
        assert_eq!(arrivals.due(start + millis(179), 1, 2), None);
        let message = read(&arrivals.due(start + millis(233), 1, 2).expect("it is due"));
        assert_eq!((message.sender_ssrc, message.media_ssrc), (1, 2));
        assert_eq!((message.base_sequence_number, message.packet_status_count), (65_534, 6));
        assert_eq!(message.reference_time, 2, "128 ms");
        let deltas: Vec<i64> = message.recv_deltas.iter().map(|delta| delta.delta).collect();
        assert_eq!(deltas, [2_000, 1_000, 2_000, 100_000], "in microseconds");
        use SymbolTypeTcc::{
            PacketNotReceived as Lost, PacketReceivedLargeDelta as Large, PacketReceivedSmallDelta as Small,
        };
        assert_eq!(symbols(&message), [Small, Small, Lost, Lost, Small, Large]);
        arrivals.received(start + millis(240), 4);
        let next = read(&arrivals.due(start + millis(290), 1, 2).expect("it is due"));
        assert_eq!((next.base_sequence_number, next.packet_status_count, next.fb_pkt_count), (4, 1, 1));
    }

    #[test]
    fn a_long_burst_is_told_in_one_message_and_a_packet_after_a_pause_in_the_next() {
        let start = start_of_time();
        let mut arrivals = Arrivals::new(start);
        (0..150).for_each(|number| arrivals.received(start, number));
        arrivals.received(start + millis(10_000), 150);
        let burst = read(&arrivals.due(start + millis(10_000), 1, 2).expect("it is due"));
        assert_eq!(burst.packet_status_count, 150);
        assert_eq!(arrivals.due(start + millis(10_000), 1, 2), None, "not yet");
        let last = read(&arrivals.due(start + millis(10_050), 1, 2).expect("it is due"));
        assert_eq!((last.base_sequence_number, last.packet_status_count), (150, 1));
    }

    #[test]
    fn numbers_from_anywhere_keep_it_small() {
        let start = start_of_time();
        let mut arrivals = Arrivals::new(start);
        for number in (0..60_000_u16).map(|n| n.wrapping_mul(7_919)) {
            arrivals.received(start, number);
            assert!(arrivals.seen.len() <= MAX_SPAN);
        }
        assert!(arrivals.due(start + millis(50), 1, 2).is_some());
    }
}
