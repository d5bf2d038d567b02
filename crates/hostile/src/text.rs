//! What comes by signalling.

use parley_netsim::{Kind, server_address, session_options, start_of_time};
use parley_session::{
    Identity, Input, LocalAddresses, MAX_OFFER_BYTES, Output, Rejection, RtcSession, Seed, SessionOptions,
    VideoOptions,
};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// An answer has one audio section and one for data, whatever was offered, and a line for each other section.
const MAX_ANSWER_BYTES: usize = 2 * MAX_OFFER_BYTES;
const GOOD: &str = include_str!("../../session/tests/offers/chromium.sdp");

fn accept(offer: &str, kinds: usize) -> Result<(RtcSession, String), Rejection> {
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    let identity = IDENTITY.get_or_init(|| Identity::generate().expect("a certificate"));
    let v4 = Some(server_address());
    let local =
        Arc::new(LocalAddresses { v4, candidates: vec![server_address()], ..LocalAddresses::default() });
    let seed = Seed { ssrc: 1, sequence_number: 1, timestamp: 1 };
    let video = (kinds > 0).then(VideoOptions::default);
    let options = SessionOptions { allow_extra_tracks: true, audio: kinds < 2, video, ..session_options() };
    RtcSession::accept(start_of_time(), identity, local, options, seed, offer)
}

/// An offer, and a later one behind a zero byte; without one the first comes again. The length says whether audio is wanted,
/// both kinds, or video.
pub fn offer(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (first, later) = text.split_once('\0').unwrap_or((&text, &text));
    match accept(first, data.len() % 3) {
        Ok((mut session, answer)) => {
            assert!(answer.len() <= MAX_ANSWER_BYTES, "an answer of {} bytes", answer.len());
            if let Err(rejection) = session.renegotiate(start_of_time(), later) {
                assert!(!rejection.message.is_empty() && !rejection.code.is_empty());
            }
        }
        Err(rejection) => assert!(!rejection.message.is_empty() && !rejection.code.is_empty()),
    }
}

/// Candidates, one a line. What is then contacted is never a place that is forbidden.
pub fn candidate(data: &[u8]) {
    let (mut session, _) = accept(GOOD, 0).unwrap_or_else(|rejection| panic!("{rejection}"));
    let text = String::from_utf8_lossy(data);
    let mut now = start_of_time();
    for line in text.lines().take(200) {
        session.handle(now, Input::Candidate(line));
    }
    for _ in 0..20 {
        now += Duration::from_millis(50);
        session.handle(now, Input::Wake);
        loop {
            match session.poll_output() {
                Output::Datagram(to, bytes) => {
                    assert_eq!(Kind::of(&bytes), Kind::Stun);
                    assert!(!is_forbidden(to.ip()), "{to} is contacted");
                }
                Output::WakeAt(_) => break,
                _ => {}
            }
        }
    }
}

fn is_forbidden(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_link_local() || ip.is_multicast() || ip.is_unspecified(),
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.is_unicast_link_local() || ip.is_multicast() || ip.is_unspecified()
        }
    }
}
