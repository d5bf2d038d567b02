//! What an authenticated peer may send.

use crate::input::Input;
use parley_netsim::BareCall;

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
