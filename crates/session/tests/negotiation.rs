//! What offer and answer agree on, by what is heard.

use parley_media::{Layout, SampleRate};
use parley_netsim::{
    AudioWay, Call, Ends, Kind, Link, PeerOptions, Scene, millis, secs, session_options, tone,
};
use parley_session::{AudioFormat, CloseReason, Input, Mode, SessionOptions};

fn mode(mode: Mode) -> Scene {
    Scene { session: SessionOptions { mode, ..session_options() }, ..Scene::default() }
}

#[test]
fn in_send_mode_the_peer_is_heard_and_hears_nothing() {
    let mut call = mode(Mode::Send).connect();
    assert!(call.answer.contains("a=recvonly"));
    call.handle(Input::Audio(tone(880.0, secs(2))));
    call.peer_speaks(440.0, secs(2));
    assert_eq!(call.handler_heard.last(secs(1)).tone_share(440.0), 1.0);
    assert_eq!(call.wire.of(Ends::Server, Kind::Rtp).count(), 0);
}

#[test]
fn in_receive_mode_the_peer_hears_and_is_not_heard() {
    for audio in [AudioWay::Receive, AudioWay::Both] {
        let peer = PeerOptions { audio, ..PeerOptions::default() };
        let mut call = Scene { peer, ..mode(Mode::Receive) }.connect();
        assert!(call.answer.contains("a=sendonly"));
        call.handler_speaks(880.0, secs(2));
        assert_eq!(call.peer.heard.last(secs(1)).tone_share(880.0), 1.0);
        assert_eq!(call.handler_heard.count(), 0, "{audio:?}");
    }
}

#[test]
fn handlers_hear_and_speak_at_any_rate_and_layout() {
    for (rate, layout) in
        [(8_000, Layout::Mono), (16_000, Layout::Stereo), (44_100, Layout::Mono), (48_000, Layout::Stereo)]
    {
        let format = AudioFormat { rate: SampleRate::new(rate).expect("a valid rate"), layout };
        let session = SessionOptions { input: format, output: format, ..session_options() };
        let mut call = Scene { session, ..Scene::default() }.connect();
        call.handle(Input::Audio(tone(880.0, secs(2))));
        call.peer_speaks(440.0, secs(2));
        assert_eq!(call.handler_heard.last(secs(1)).tone_share(440.0), 1.0, "{rate} Hz {layout:?}");
        assert_eq!(call.peer.heard.last(secs(1)).tone_share(880.0), 1.0, "{rate} Hz {layout:?}");
        let frames = call.handler_heard.last(secs(1));
        assert_eq!(
            (frames.count(), frames.duration()),
            (50, secs(1)),
            "frames are 20 ms at {rate} Hz {layout:?}"
        );
    }
}

#[test]
fn a_peer_that_answers_checks_and_sends_none_is_connected_to() {
    let peer = PeerOptions { ice_lite: true, ..PeerOptions::default() };
    let mut call = Scene { peer, ..Scene::default() }.connect();
    call.assert_alive("an ICE-lite peer");
    call.run(secs(60));
    call.assert_alive("an ICE-lite peer, for as long as it answers");
}

#[test]
fn a_peer_that_waits_for_our_handshake_gets_it() {
    let edit_offer = |offer: String| offer.replace("a=setup:actpass", "a=setup:passive");
    let mut call = Scene { edit_offer, ..Scene::default() }.connect();
    assert!(call.answer.contains("a=setup:active"));
    call.assert_alive("a handshake that we began");
}

#[test]
fn whichever_single_datagram_of_our_own_handshake_gets_lost_the_call_connects() {
    let edit_offer = |offer: String| offer.replace("a=setup:actpass", "a=setup:passive");
    for by in [Ends::Server, Ends::Peer] {
        for before in 0..6 {
            let call =
                Scene { edit_offer, lost: Some((by, Kind::Dtls, before)), ..Scene::default() }.connect();
            assert!(call.elapsed() <= secs(3), "{by:?} {before}: {:?}", call.elapsed());
        }
    }
}

#[test]
fn a_call_without_a_data_channel_is_a_call() {
    let peer = PeerOptions { channel: false, ..PeerOptions::default() };
    let mut call = Scene { peer, ..Scene::default() }.connect();
    assert!(!call.answer.contains("m=application"));
    call.peer_speaks(440.0, secs(1));
    assert!(call.handler_heard.last(millis(800)).tone_share(440.0) > 0.99);
    call.peer.close();
    assert!(call.run_until(secs(5), |call| call.closed().is_some()));
    assert_eq!(call.closed(), Some(CloseReason::Peer));
}

#[test]
fn a_later_offer_of_another_peer_is_refused_and_the_call_goes_on() {
    let mut call = Call::connect(Link::perfect());
    let other = Scene::default().ring().offer;
    let rejection = call.session.renegotiate(call.now(), &other).expect_err("another certificate");
    assert_eq!(rejection.code, "invalid_sdp");
    let broken = call.session.renegotiate(call.now(), "v=0").expect_err("no offer at all");
    assert!(!broken.message.is_empty());
    call.assert_alive("two refused offers");
}
