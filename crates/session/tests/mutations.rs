//! Thousands of damaged and invented datagrams from the peer's own address, into an established call.

use parley_netsim::{Call, Ends, Kind, Link, Random, peer_address, secs};
use std::cell::Cell;

/// Damages a datagram in one to five places.
fn mutate(random: &mut Random, datagram: &mut Vec<u8>) {
    for _ in 0..=random.below(5) {
        if datagram.is_empty() {
            return;
        }
        let at = random.below(datagram.len());
        match random.below(6) {
            0 => datagram[at] ^= 1 << random.below(8),
            1 => datagram[at] = random.bits() as u8,
            2 => datagram.truncate(at),
            3 => {
                let count = random.below(40);
                datagram.splice(at..at, random.bytes(count));
            }
            4 => datagram[at] = 255,
            _ => {
                let first = *random.pick(&[0_u8, 1, 3, 20, 21, 22, 23, 25, 63, 64, 128, 144, 191, 255]);
                datagram[0] = first;
            }
        }
    }
}

/// A DTLS record of any type and epoch, with a right length and a new number.
fn dtls_record(random: &mut Random, number: &Cell<u32>) -> Vec<u8> {
    let mut record = vec![*random.pick(&[20_u8, 21, 22, 23, 24, 25, 63]), 254, *random.pick(&[253_u8, 255])];
    record.extend([0, *random.pick(&[0_u8, 0, 1, 1, 2])]);
    record.extend([0, 0]);
    // Mostly ahead of all that came before, or it would count as a repeat.
    let ahead = number.replace(number.get() + random.below(3) as u32);
    record.extend(ahead.to_be_bytes());
    let length = random.below(80);
    let mut fragment = random.bytes(length);
    if random.chance(0.5) && length >= 12 {
        // A handshake header that could be right.
        let kind = *random.pick(&[0_u8, 1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 20]);
        let body = (length - 12) as u8;
        fragment[..12].copy_from_slice(&[kind, 0, 0, body, 0, random.below(12) as u8, 0, 0, 0, 0, 0, body]);
    }
    record.extend((length as u16).to_be_bytes());
    record.extend(fragment);
    record
}

/// Injects what `make` makes, and names the first datagram after which the call is closed.
fn survives(what: &str, seeds: u64, count: usize, make: impl Fn(&mut Random, &[Vec<u8>]) -> Vec<u8>) {
    for seed in 0..seeds {
        let mut call = Call::connect(Link::perfect());
        call.peer_speaks(440.0, secs(1));
        let real: Vec<_> = call
            .wire
            .all()
            .iter()
            .filter(|sent| sent.by == Ends::Peer)
            .map(|sent| sent.bytes.clone())
            .collect();
        let mut random = Random::new(seed);
        for _ in 0..count {
            let datagram = make(&mut random, &real);
            call.inject(peer_address(), &datagram);
            assert_eq!(call.closed(), None, "{what}, seed {seed}: {datagram:02x?} ends the call");
        }
        call.assert_alive(what);
    }
}

fn of_kind(random: &mut Random, real: &[Vec<u8>], kind: Kind) -> Vec<u8> {
    let of_kind: Vec<_> = real.iter().filter(|datagram| Kind::of(datagram) == kind).collect();
    (*random.pick(&of_kind)).clone()
}

fn damaged(kind: Kind) -> impl Fn(&mut Random, &[Vec<u8>]) -> Vec<u8> {
    move |random, real| {
        let mut datagram = of_kind(random, real, kind);
        mutate(random, &mut datagram);
        datagram
    }
}

#[test]
fn a_call_survives_damaged_checks() {
    survives("damaged checks", 5, 2_000, damaged(Kind::Stun));
}

#[test]
fn a_call_survives_damaged_and_replayed_dtls() {
    survives("damaged DTLS", 5, 2_000, damaged(Kind::Dtls));
    survives("replayed DTLS", 2, 500, |random, real| of_kind(random, real, Kind::Dtls));
}

#[test]
fn a_call_survives_invented_dtls_records_of_every_kind() {
    let number = Cell::new(10);
    survives("invented DTLS", 10, 2_000, |random, _| dtls_record(random, &number));
    survives("several records in one", 5, 1_000, |random, real| {
        [dtls_record(random, &number), of_kind(random, real, Kind::Dtls), dtls_record(random, &number)]
            .concat()
    });
}

#[test]
fn a_call_survives_damaged_media_and_reports() {
    survives("damaged SRTP", 5, 2_000, damaged(Kind::Rtp));
    survives("damaged SRTCP", 5, 2_000, damaged(Kind::Rtcp));
}

#[test]
fn a_call_survives_noise() {
    survives("noise", 5, 2_000, |random, _| {
        let length = random.below(1_500);
        let mut noise = random.bytes(length);
        if let Some(first) = noise.first_mut() {
            *first = *random.pick(&[0_u8, 1, 20, 21, 22, 23, 25, 63, 64, 128, 144, 191, 255]);
        }
        noise
    });
}

#[test]
fn the_fourteen_bytes_that_ended_calls_do_not() {
    survives("the malformed record", 1, 1, |_, _| vec![20, 254, 253, 0, 1, 0, 0, 0, 0, 0, 9, 0, 1, 1]);
    survives("an empty datagram", 1, 1, |_, _| Vec::new());
}

#[test]
fn fragments_that_fill_the_handshake_buffer_do_not_silence_the_data_channel() {
    let number = Cell::new(0);
    survives("two megabytes of fragments", 1, 1_900, |random, _| {
        let count = number.replace(number.get() + 1);
        // Long pieces first, then short ones that fill the buffer to its last byte.
        let length = if count < 1_700 { 1_200 } else { 12 };
        let mut record = vec![22, 254, 253, 0, 0, 0, 0];
        record.extend((1_000_u32 + count).to_be_bytes());
        record.extend((12 + length as u16).to_be_bytes());
        // A message far ahead, of which one piece comes.
        record.extend([11, 0, 255, 255, 0, 200, 0, 0, 0, 0, (length >> 8) as u8, length as u8]);
        record.extend(random.bytes(length));
        record
    });
}
