//! What a packet of a warm call costs in memory, counted by the allocator itself: nothing of ours, and of the core what
//! is stated here. Most packets cost exactly that; now and then a timer of the core's adds to it.

#[path = "../../media/tests/counting/mod.rs"]
mod counting;

use counting::allocations_of;
use parley_netsim::{Call, Link, millis, peer_address, secs, tone};
use parley_session::{Input, Output, RtcSession};

/// Received: the core's two queues, the decrypted packet and its reference count, the names of section and track.
const RECEIVED: u64 = 6;
/// Sent: the core's two queues, the packet, and the packet encrypted.
const SENT: u64 = 4;
/// A second of audio.
const PACKETS: u32 = 50;

/// Takes all outputs, and says how many datagrams and frames were among them.
fn drain(session: &mut RtcSession) -> u64 {
    let mut count = 0;
    loop {
        match session.poll_output() {
            Output::WakeAt(_) => return count,
            Output::Datagram(..) | Output::Relayed { .. } | Output::Frame(_) | Output::VideoFrame(_) => {
                count += 1
            }
            Output::Payload(_) | Output::ClearSent | Output::Event(_) => {}
        }
    }
}

/// A session whose caches are filled both ways, and the time.
fn warm() -> Call {
    let mut call = Call::connect(Link::perfect());
    call.handle(Input::Audio(tone(880.0, secs(3))));
    call.peer_speaks(440.0, secs(3));
    call.run(millis(100));
    call
}

/// The one in the middle.
fn median(mut counts: Vec<u64>) -> u64 {
    counts.sort_unstable();
    counts[counts.len() / 2]
}

#[test]
fn a_received_packet_costs_no_more_than_the_core_takes() {
    let mut call = warm();
    let packets = call.second_of_datagrams();
    let mut session = call.session;
    drain(&mut session);
    let mut frames = 0;
    let costs: Vec<u64> = packets
        .iter()
        .map(|(now, datagram)| {
            allocations_of(|| {
                session.handle(*now, Input::Datagram(peer_address(), datagram));
                frames += drain(&mut session);
            })
        })
        .collect();
    assert!(packets.len() >= 50 && frames >= 50, "{} packets, {frames} frames", packets.len());
    assert_eq!(median(costs), RECEIVED);
}

#[test]
fn a_sent_packet_costs_no_more_than_the_core_takes() {
    let call = warm();
    let (start, chunk) = (call.now() + millis(20), tone(880.0, secs(1)));
    let mut session = call.session;
    drain(&mut session);
    session.handle(start, Input::Audio(chunk));
    let mut outputs = 0;
    let costs: Vec<u64> = (0..PACKETS)
        .map(|n| {
            allocations_of(|| {
                session.handle(start + millis(20) * n, Input::Wake);
                outputs += drain(&mut session);
            })
        })
        .collect();
    assert!(outputs >= 50, "{outputs} datagrams and frames");
    assert_eq!(median(costs), SENT);
}
