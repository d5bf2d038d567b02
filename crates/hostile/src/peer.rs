//! What an authenticated peer may send.

use crate::input::Input;
use parley_netsim::BareCall;
use parley_session::{EncodedFrame, Rotation};
use std::time::Duration;

const MAX_PACKETS: usize = 64;
/// The control of data channels (RFC 8831, section 8).
const CONTROL: u32 = 50;
/// DATA_CHANNEL_OPEN of a reliable channel without label and protocol (RFC 8832, section 5.1).
const OPEN: [u8; 12] = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// RTP and RTCP in the clear, each behind its length; they are encrypted as the peer does.
pub fn media(data: &[u8]) {
    let mut input = Input::new(data);
    let mut call = BareCall::connect();
    let before = call.frames;
    for _ in 0..MAX_PACKETS {
        if input.is_empty() {
            break;
        }
        call.send_media(input.piece());
        call.run(1);
    }
    assert!(!call.session.is_closed(), "{:?}", call.events);
    let most = 6 * MAX_PACKETS as u64 + 100;
    assert!(call.frames - before <= most, "{} frames of at most {MAX_PACKETS} packets", call.frames - before);
}

/// A camera's packets, RTCP about our pictures, and time, as the peer likes them: no picture but of whole packets, and a
/// bounded number of answers.
pub fn video(data: &[u8]) {
    let mut input = Input::new(data);
    let mut call = BareCall::connect_video();
    let (mut number, mut sent) = (u16::MAX - 3, 0);
    for _ in 0..MAX_PACKETS {
        if input.is_empty() {
            break;
        }
        match input.byte() % 8 {
            0 => call.send_media(input.piece()),
            1 => call.run(u32::from(input.byte())),
            2 => call.handle(parley_session::Input::WantKeyFrame),
            3 => {
                let data = input.piece().repeat(1 + usize::from(input.byte())).into();
                let (timestamp, rotation) = (Duration::from_micros(input.word().into()), Rotation::By90);
                let frame = EncodedFrame {
                    codec: parley_session::Codec::Vp8,
                    data,
                    is_key: true,
                    timestamp,
                    rotation,
                };
                call.handle(parley_session::Input::VideoFrame(frame));
            }
            kind => {
                number = number.wrapping_add(u16::from(input.byte() >> 5)).wrapping_sub(1);
                sent += 1;
                call.send_media(&camera_packet(&mut input, kind, number));
            }
        }
        call.run(1);
    }
    call.run(1_000);
    assert!(!call.session.is_closed(), "{:?}", call.events);
    let stats = call.session.stats().video.expect("a session with video");
    let packets = sent + MAX_PACKETS as u64;
    assert!(stats.frames_in <= packets && stats.packets_in <= packets, "{stats:?}");
    assert!(stats.nacks_out <= 512 * 12 * packets && stats.pli_out + stats.fir_out <= 200, "{stats:?}");
}

/// A packet of the camera or of its retransmissions, with both header extensions.
fn camera_packet(input: &mut Input<'_>, kind: u8, number: u16) -> Vec<u8> {
    let (marker, is_repair, other) = (kind & 1, kind == 6, kind == 7);
    let transport_number = input.short().to_be_bytes();
    let mut packet = vec![0x90, marker << 7 | if is_repair { 97 } else { 96 }];
    packet.extend_from_slice(&number.to_be_bytes());
    packet.extend_from_slice(&input.word().to_be_bytes());
    let source = if is_repair { 9 } else { 8 + u32::from(other) * 2 };
    packet.extend_from_slice(&source.to_be_bytes());
    packet.extend_from_slice(&[0xbe, 0xde, 0, 2, 0x31, transport_number[0], transport_number[1], 0x40]);
    packet.extend_from_slice(&[input.byte(), 0, 0, 0]);
    let payload = input.piece();
    packet.extend_from_slice(&payload[..payload.len().min(1_200)]);
    packet
}

/// SCTP messages and chunks: a kind, and what belongs to it.
pub fn sctp(data: &[u8]) {
    let mut input = Input::new(data);
    let mut call = BareCall::connect();
    call.send_message(0, CONTROL, &OPEN);
    for _ in 0..MAX_PACKETS {
        if input.is_empty() || call.session.is_closed() {
            break;
        }
        if input.byte().is_multiple_of(2) {
            message(&mut call, &mut input);
        } else {
            chunk(&mut call, &mut input);
        }
        call.run(1);
        let buffered = call.session.buffered_message_bytes();
        assert!(buffered <= 2 * parley_session::MAX_BUFFERED_BYTES, "{buffered} bytes are kept");
    }
    call.run(10);
}

fn message(call: &mut BareCall, input: &mut Input<'_>) {
    let (stream, protocol) = (u16::from(input.byte()), CONTROL + u32::from(input.byte() % 8));
    let payload = input.piece();
    if protocol != CONTROL || !panics_the_core(payload) {
        call.send_message(stream, protocol, &payload[..payload.len().min(1_100)]);
    }
}

/// Known of rtc 0.21.1, and contained by whoever runs sessions; `crates/session/tests/hostile_peer.rs` watches it.
fn panics_the_core(control: &[u8]) -> bool {
    control.len() < 6 && control.first() == Some(&0)
}

fn chunk(call: &mut BareCall, input: &mut Input<'_>) {
    let (kind, flags, excess) = (input.byte(), input.byte(), input.byte());
    let body = input.piece();
    let body = &body[..body.len().min(1_100)];
    // ABORT and ERROR with long causes panic the core too; DATA is what messages are for.
    if matches!(kind, 0 | 6 | 9 | 64) {
        return;
    }
    let claimed = 4 + body.len() as u16 + u16::from(excess.saturating_sub(250));
    let mut chunk = [&[kind, flags][..], &claimed.to_be_bytes(), body].concat();
    chunk.resize(chunk.len().next_multiple_of(4), 0);
    call.send_chunks(&chunk);
}
