//! What a session costs: a second of audio in, a second of audio out, and the answer to an offer.
//!
//! `cargo bench -p parley-session`

use divan::Bencher;
use divan::counter::ItemsCount;
use parley_netsim::{
    Call, Link, millis, peer_address, secs, server_address, session_options, start_of_time, tone,
};
use parley_session::{Identity, Input, LocalAddresses, Output, RtcSession, Seed, SessionOptions};
use std::sync::Arc;
use std::time::Instant;

const CHROMIUM: &str = include_str!("../tests/offers/chromium.sdp");
const PACKETS: u32 = 50;

fn main() {
    divan::main();
}

/// Takes all outputs, and says how many datagrams and frames were among them.
fn drain(session: &mut RtcSession) -> usize {
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

/// A connected session, and the datagrams of a second of its peer's audio with their times.
fn listening() -> (RtcSession, Vec<(Instant, Vec<u8>)>) {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(1));
    let datagrams = call.second_of_datagrams();
    (call.session, datagrams)
}

/// One SRTP datagram to a frame for the handler: decrypt, sort, decode.
#[divan::bench]
fn datagram_in_frame_out(bencher: Bencher<'_, '_>) {
    bencher.counter(ItemsCount::new(PACKETS)).with_inputs(listening).bench_local_values(
        |(mut session, datagrams)| {
            for (now, datagram) in &datagrams {
                session.handle(*now, Input::Datagram(peer_address(), datagram));
                drain(&mut session);
            }
            session
        },
    );
}

/// 20 ms of emitted audio to an SRTP datagram: encode, encrypt.
#[divan::bench]
fn audio_in_datagram_out(bencher: Bencher<'_, '_>) {
    let speaking = || {
        let mut call = Call::connect(Link::perfect());
        call.handler_speaks(440.0, secs(1));
        call.handle(Input::Audio(tone(440.0, secs(2))));
        let now = call.now();
        (call.session, now)
    };
    bencher.counter(ItemsCount::new(PACKETS)).with_inputs(speaking).bench_local_values(
        |(mut session, start)| {
            for n in 1..=PACKETS {
                session.handle(start + millis(20) * n, Input::Wake);
                drain(&mut session);
            }
            session
        },
    );
}

fn accept(identity: &Identity, offer: &str) -> bool {
    let v4 = Some(server_address());
    let local =
        Arc::new(LocalAddresses { v4, candidates: vec![server_address()], ..LocalAddresses::default() });
    let seed = Seed { ssrc: 1, sequence_number: 1, timestamp: 1 };
    let options = SessionOptions { allow_extra_tracks: true, ..session_options() };
    RtcSession::accept(start_of_time(), identity, local, options, seed, offer).is_ok()
}

/// Chromium's offer to its answer.
#[divan::bench]
fn accept_an_offer(bencher: Bencher<'_, '_>) {
    let identity = Identity::generate().expect("a certificate");
    bencher.bench_local(|| assert!(accept(&identity, CHROMIUM)));
}

/// The same with 64 KiB of lines that nobody needs.
#[divan::bench(args = ["a=x", "a=ssrc:1 cname:x", "a=candidate:1 1 udp 1 192.0.2.9 9 typ host"])]
fn accept_a_bomb(bencher: Bencher<'_, '_>, line: &str) {
    let identity = Identity::generate().expect("a certificate");
    let count = (parley_session::MAX_OFFER_BYTES - CHROMIUM.len()) / (line.len() + 1);
    let at = CHROMIUM.find("a=mid:0").expect("it has one");
    let bomb = format!("{}{}{}", &CHROMIUM[..at], format!("{line}\n").repeat(count), &CHROMIUM[at..]);
    bencher.bench_local(|| assert!(accept(&identity, &bomb)));
}
