//! What a packet of a warm call costs in memory, counted by the allocator itself: nothing of ours, and of the core what
//! is stated here.

#[path = "../../media/tests/counting/mod.rs"]
mod counting;

use counting::allocations_of;
use parley_media::Chunk;
use parley_netsim::{Call, Link, millis, peer_address, secs, tone};
use parley_session::{Input, Output, RtcSession};
use std::time::Instant;

/// Received: the core's two queues, the decrypted packet and its reference count, the names of section and track.
const RECEIVED: u64 = 6;
/// Sent: the core's two queues, the packet, and the packet encrypted.
const SENT: u64 = 4;
/// A second's reports, checks and looks at timers, which come whether or not there are packets.
const TIMERS: u64 = 60;
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

fn emit(session: &mut RtcSession, start: Instant, second: Chunk) -> u64 {
    session.handle(start, Input::Audio(second));
    (0..PACKETS)
        .map(|n| {
            session.handle(start + millis(20) * n, Input::Wake);
            drain(session)
        })
        .sum()
}

#[test]
fn a_received_packet_costs_no_more_than_the_core_takes() {
    let mut call = warm();
    let packets = call.second_of_datagrams();
    let mut session = call.session;
    drain(&mut session);
    let mut frames = 0;
    let allocations = allocations_of(|| {
        for (now, datagram) in &packets {
            session.handle(*now, Input::Datagram(peer_address(), datagram));
            frames += drain(&mut session);
        }
    });
    assert!(packets.len() >= 50 && frames >= 50, "{} packets, {frames} frames", packets.len());
    let most = RECEIVED * packets.len() as u64 + TIMERS;
    assert!(allocations <= most, "{allocations} for {} packets", packets.len());
}

#[test]
fn a_sent_packet_costs_no_more_than_the_core_takes() {
    let call = warm();
    let (start, chunk) = (call.now() + millis(20), tone(880.0, secs(1)));
    let mut session = call.session;
    drain(&mut session);
    let mut outputs = 0;
    let allocations = allocations_of(|| outputs = emit(&mut session, start, chunk));
    assert!(outputs >= 50, "{outputs} datagrams and frames");
    assert!(allocations <= SENT * u64::from(PACKETS) + TIMERS, "{allocations} for {PACKETS} packets");
}
