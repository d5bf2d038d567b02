//! What the owner of one session can do to another session on the same port.

mod common;

use common::caller::Caller;
use common::{Observed, loopback, port, session_options};
use parley_netsim::{Check, Peer, PeerOptions, PeerVideo, tone};
use parley_transport::{
    EmittedPicture, PixelFormat, Pixels, SessionHandle, SessionOptions, VideoOptions, VideoStats,
};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

fn attribute<'a>(sdp: &'a str, name: &str) -> &'a str {
    sdp.lines().find_map(|line| line.strip_prefix(name)).expect("in every description").trim()
}

#[test]
fn a_check_signed_for_one_session_takes_no_address_from_another() {
    let mut victim = Caller::speaking();

    let attacker_address = SocketAddr::from(([127, 0, 0, 1], 9));
    let mut attacker = Peer::new(Instant::now(), attacker_address, &PeerOptions::default());
    let offer = attacker.offer(Instant::now());
    let session = Observed::accept(&loopback(), session_options(), &offer);
    let answer = session.answer();
    assert_eq!(port(&answer), victim.server.port(), "on one port");
    let forged = Check {
        username: format!("{}:{}", attribute(&answer, "a=ice-ufrag:"), attribute(&offer, "a=ice-ufrag:")),
        password: Some(attribute(&answer, "a=ice-pwd:").to_owned()),
        ..Check::default()
    };
    // Sent from the victim's own address, as somebody would who forges it.
    for _ in 0..5 {
        victim.socket.send_to(&forged.bytes(), victim.server).expect("sent");
    }

    let before = victim.session.session.stats().session.packets_in;
    let heard = victim.peer.heard.count();
    victim.run(|call| call.peer.heard.count() > heard + 50);
    assert!(victim.hears_its_tone());
    victim.run(|call| call.session.session.stats().session.packets_in > before + 50);
}

/// A call for which half a minute of its tone is queued and heard, so that nothing but its media thread can keep it from going
/// on.
fn listening() -> Caller {
    let mut caller = Caller::speaking();
    caller.session.session.write_audio(tone(440.0, Duration::from_secs(30))).expect("the session is open");
    let heard = caller.peer.heard.count();
    caller.run_silently(|call| call.peer.heard.count() > heard + 10);
    caller
}

/// How far a caller has heard when something is about to happen.
struct Before {
    moment: Instant,
    packets: usize,
    underruns: u64,
}

fn before(caller: &Caller) -> Before {
    let underruns = caller.session.session.stats().session.media.underruns;
    Before { moment: Instant::now(), packets: caller.peer.packets.len(), underruns }
}

/// Such a call, on the worker of a session that something is about to happen to.
fn with_a_neighbour() -> (Caller, Observed) {
    let caller = listening();
    let address = SocketAddr::from(([127, 0, 0, 1], 9));
    let mut neighbour = Peer::new(Instant::now(), address, &PeerOptions::default());
    let session = Observed::accept(&loopback(), session_options(), &neighbour.offer(Instant::now()));
    assert_eq!(port(&session.answer()), caller.server.port(), "on one worker");
    (caller, session)
}

/// A worker that died would be silent for good; a machine that is busy isn't for so long. And what is queued never runs dry:
/// each packet has the number and the time that follow those before it.
fn hears_no_gap_since(caller: &mut Caller, before: &Before) {
    let heard = caller.peer.heard.count();
    caller.run_silently(|call| call.peer.heard.count() > heard + 50);
    let gap = caller.peer.heard.since(before.moment).longest_without(440.0);
    assert!(gap < Duration::from_millis(200), "{gap:?}");
    let sent = &caller.peer.packets[before.packets..];
    let follows = |before: &(u32, u16, u32), after: &(u32, u16, u32)| {
        *after == (before.0, before.1.wrapping_add(1), before.2.wrapping_add(960))
    };
    assert!(sent.windows(2).all(|pair| follows(&pair[0], &pair[1])), "{sent:?}");
    assert_eq!(caller.session.session.stats().session.media.underruns, before.underruns);
}

#[test]
fn a_panic_in_a_session_is_not_heard_by_its_neighbour() {
    let (mut caller, neighbour) = with_a_neighbour();
    let before = before(&caller);
    neighbour.session.inject_panic();
    assert_eq!(neighbour.wait_for("error").code, Some("ERR_PARLEY_SESSION_FAULT"));
    hears_no_gap_since(&mut caller, &before);
}

#[test]
fn a_panic_of_a_media_thread_outside_of_all_sessions_ends_none_and_is_not_heard() {
    let (mut caller, neighbour) = with_a_neighbour();
    let before = before(&caller);
    for _ in 0..3 {
        neighbour.session.inject_panic_outside(1);
        hears_no_gap_since(&mut caller, &before);
    }
    assert_eq!(neighbour.close(), "local");
}

#[test]
fn the_peer_of_a_session_that_panics_is_told_that_it_ended() {
    let (mut caller, _neighbour) = with_a_neighbour();
    let closed = caller.peer.channels_closed;
    caller.session.session.inject_panic();
    caller.run_silently(|call| call.peer.channels_closed > closed || !call.peer.is_connected());
}

/// Makes so many offers at once; returns when all of them are answered, with the caller running meanwhile.
fn answers_meanwhile(caller: &mut Caller, count: usize) -> Vec<Observed> {
    let address = SocketAddr::from(([127, 0, 0, 1], 9));
    let offers: Vec<String> = (0..count)
        .map(|_| Peer::new(Instant::now(), address, &PeerOptions::default()).offer(Instant::now()))
        .collect();
    let sessions: Vec<Observed> =
        offers.iter().map(|offer| Observed::accept(&loopback(), session_options(), offer)).collect();
    let mut left: Vec<&Observed> = sessions.iter().collect();
    caller.run(|_| {
        left.retain(|session| !session.has_event("answer"));
        left.is_empty()
    });
    sessions
}

#[test]
fn a_live_call_loses_nothing_while_many_others_begin() {
    let mut caller = listening();
    let before = before(&caller);
    let dropped = caller.session.session.stats().input_dropped;
    let sessions = answers_meanwhile(&mut caller, 64);
    hears_no_gap_since(&mut caller, &before);
    assert!(sessions.iter().all(|session| !session.has_event("closed")));
    assert_eq!(caller.session.session.stats().input_dropped, dropped);
}

fn with_video() -> SessionOptions {
    SessionOptions { video: Some(VideoOptions::default()), ..session_options() }
}

fn camera() -> PeerOptions {
    PeerOptions { video: Some(PeerVideo::default()), ..PeerOptions::default() }
}

fn video_stats(session: &SessionHandle) -> VideoStats {
    session.stats().video.expect("it has video")
}

/// Emits a picture, and says whether there was room for it.
fn emit(session: &SessionHandle) -> bool {
    let pixels = vec![90; PixelFormat::Bgr24.samples(64, 48)];
    let (format, pixels) = (PixelFormat::Bgr24, Pixels::U8(&pixels));
    let picture = EmittedPicture { format, width: 64, height: 48, pixels, timestamp: None };
    session.write_video(&picture).expect("a picture of a session that is open")
}

#[test]
fn a_panic_of_a_thread_that_encodes_ends_the_session_of_the_picture_alone() {
    let mut caller = listening();
    let (one, _) = Caller::call_with(with_video(), &camera());
    let (other, _) = Caller::call_with(with_video(), &camera());
    let encodes_another = |caller: &mut Caller| {
        let before = video_stats(&other.session.session).encode.encoded;
        caller.run(|_| {
            emit(&other.session.session);
            video_stats(&other.session.session).encode.encoded > before
        });
    };
    encodes_another(&mut caller);
    let before = before(&caller);
    one.session.session.inject_video_panics();
    assert!(emit(&one.session.session));
    assert_eq!(one.session.wait_for("error").code, Some("ERR_PARLEY_SESSION_FAULT"));
    assert_eq!(one.session.wait_for("closed").code, Some("error"));
    // More often than there are threads.
    (0..8).for_each(|_| encodes_another(&mut caller));
    hears_no_gap_since(&mut caller, &before);
    assert_eq!(other.session.close(), "local");
}

#[test]
fn a_panic_of_a_thread_that_decodes_ends_the_session_of_the_frame_alone() {
    let (mut one, _) = Caller::call_with(with_video(), &camera());
    let (mut other, _) = Caller::call_with(with_video(), &camera());
    let seen = |call: &Caller| {
        let decode = video_stats(&call.session.session).decode;
        decode.decoded + decode.failed
    };
    for call in [&mut one, &mut other] {
        call.run_silently(|call| call.peer.is_connected());
        call.peer.film(Instant::now(), Duration::from_secs(30));
        call.run_silently(|call| seen(call) > 0);
    }
    one.session.session.inject_video_panics();
    one.run_silently(|call| call.session.has_event("closed"));
    let before = seen(&other);
    other.run_silently(|call| seen(call) > before + 8);
    assert_eq!(other.session.close(), "local");
    assert_eq!(one.session.wait_for("error").code, Some("ERR_PARLEY_SESSION_FAULT"));
}
