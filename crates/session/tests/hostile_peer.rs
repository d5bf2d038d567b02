//! A connected, authenticated peer that sends what no stack sends.

use parley_netsim::{BareCall, Random};
use parley_session::Event;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What RFC 8831, section 8, calls the protocols of a data channel.
const CONTROL: u32 = 50;
const TEXT: u32 = 51;
/// DATA_CHANNEL_OPEN of a reliable channel without label and protocol (RFC 8832, section 5.1).
const OPEN: [u8; 12] = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

fn panics(act: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(act)).is_err()
}

#[test]
fn a_channel_opened_by_hand_carries_texts() {
    let mut call = BareCall::connect();
    call.send_message(0, CONTROL, &OPEN);
    call.send_message(0, TEXT, b"hello");
    assert!(call.events.contains(&Event::ChannelOpen));
    assert!(call.events.contains(&Event::Message("hello".to_owned())), "{:?}", call.events);
}

/// The core panics on these (rtc 0.21.1, an internal message whose length is not checked). Whoever runs sessions must
/// catch that; once a later core no longer panics, this test says so and can go.
#[test]
fn control_messages_of_type_zero_panic_in_the_call_that_takes_them() {
    for length in 1..6 {
        for has_channel in [false, true] {
            let mut call = BareCall::connect();
            if has_channel {
                call.send_message(0, CONTROL, &OPEN);
            }
            assert!(panics(|| call.send_message(0, CONTROL, &vec![0; length])), "{length} bytes");
            drop(call);
        }
    }
}

/// The same for SCTP's ABORT and ERROR with a cause that claims to be longer than its chunk.
#[test]
fn causes_longer_than_their_chunk_panic_in_the_call_that_takes_them() {
    for kind in [6, 9] {
        let mut call = BareCall::connect();
        assert!(panics(|| call.send_chunks(&[kind, 0, 0, 8, 0, 1, 0, 86])), "chunk {kind}");
        drop(call);
    }
}

#[test]
fn no_other_short_control_message_panics_or_stops_the_channels() {
    for kind in [0, 1, 2, 3, 4, 5, 16, 64, 127, 128, 254, 255_u8] {
        for length in (1..14).filter(|length| kind != 0 || *length > 5) {
            let mut payload = vec![0; length];
            payload[0] = kind;
            let mut call = BareCall::connect();
            call.send_message(0, CONTROL, &payload);
            call.send_message(2, CONTROL, &OPEN);
            call.send_message(2, TEXT, b"hello");
            assert!(
                call.events.contains(&Event::Message("hello".to_owned())),
                "{payload:02x?}: {:?}",
                call.events
            );
        }
    }
}

#[test]
fn invented_chunks_do_not_panic() {
    for seed in 0..40 {
        let mut call = BareCall::connect();
        let mut random = Random::new(seed);
        for _ in 0..200 {
            let chunks = invented_chunks(&mut random);
            let tried = panics(|| {
                call.send_chunks(&chunks);
                call.run(u32::from(random.chance(0.1)));
            });
            assert!(!tried, "seed {seed}: {chunks:02x?}");
        }
    }
}

/// One to three chunks of any type but ABORT and ERROR with bodies that mean little, whose lengths are mostly right.
fn invented_chunks(random: &mut Random) -> Vec<u8> {
    let mut chunks = Vec::new();
    for _ in 0..=random.below(3) {
        let kind = *random.pick(&[0_u8, 0, 1, 2, 3, 4, 5, 7, 8, 10, 11, 12, 13, 14, 64, 128, 130, 192, 255]);
        let length = random.below(60);
        let mut body = random.bytes(length);
        if kind == 0 && length >= 12 {
            // A sequence number that is due, perhaps, and a protocol that means something but is not the control.
            body[..4].copy_from_slice(&(0x0001_0203_u32 + random.below(8) as u32).to_be_bytes());
            body[8..12].copy_from_slice(&(51 + random.below(7) as u32).to_be_bytes());
        }
        let claimed = if random.chance(0.1) { random.bits() as u16 } else { 4 + length as u16 };
        chunks.extend([kind, random.bits() as u8]);
        chunks.extend(claimed.to_be_bytes());
        chunks.extend(body);
        chunks.resize(chunks.len().next_multiple_of(4), 0);
    }
    chunks
}
