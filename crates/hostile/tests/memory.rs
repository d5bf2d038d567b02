//! Floods of what a session refuses or has no use for: the memory that they leave behind is bounded.

#[path = "../../media/tests/counting/mod.rs"]
mod counting;

use counting::bytes_kept_by;
use parley_netsim::{BareCall, Call, Link, Random, peer_address, secs};
use parley_session::{Input, Output};

/// Datagrams of a flood.
const FLOOD: u32 = 20_000;
/// What a flood may leave behind in a session: queues with a bound, grown to it.
const MOST: i64 = 256 * 1024;

/// What such datagrams from the peer's address, which have no keys, leave in a session.
fn left_by(make: impl Fn(&mut Random, u32) -> Vec<u8>) -> i64 {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(1));
    let (now, mut session, mut random) = (call.now(), call.session, Random::new(1));
    bytes_kept_by(|| {
        for n in 0..FLOOD {
            session.handle(now, Input::Datagram(peer_address(), &make(&mut random, n)));
            while !matches!(session.poll_output(), Output::WakeAt(_)) {}
        }
    })
}

fn rtp(ssrc: u32, length: usize, kind: u8) -> Vec<u8> {
    let mut packet = vec![0x80, kind, 0, 1, 0, 0, 0, 0];
    packet.extend(ssrc.to_be_bytes());
    if kind > 127 {
        // RTCP's source is in the second word.
        packet[4..8].copy_from_slice(&ssrc.to_be_bytes());
    }
    packet.resize(length, 7);
    packet
}

#[test]
fn forged_media_of_many_sources_leave_little() {
    let left = left_by(|_, n| rtp(n, 60, 111));
    assert!(left <= MOST, "{left} bytes");
}

#[test]
fn forged_reports_of_many_sources_leave_little() {
    let left = left_by(|_, n| rtp(n, 60, 201));
    assert!(left <= MOST, "{left} bytes");
}

#[test]
fn noise_leaves_little() {
    let left = left_by(|random, _| {
        let length = random.below(400);
        random.bytes(length)
    });
    assert!(left <= MOST, "{left} bytes");
}

#[test]
fn an_authenticated_peers_media_of_many_sources_leave_little() {
    let mut call = BareCall::connect();
    let left = bytes_kept_by(|| {
        for n in 0..FLOOD {
            call.send_media(&rtp(n, 60, 111));
        }
    });
    // The peer's own side, which is the core's, keeps a state for each source; the session does not.
    assert!(left <= MOST + i64::from(FLOOD) * 200, "{left} bytes");
}
