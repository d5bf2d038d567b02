//! How a call comes about, changes and ends.

use parley_netsim::{AudioWay, Call, Ends, Kind, Link, Scene, millis, secs};
use parley_session::{CloseReason, Event, Input};

#[test]
fn a_call_connects_over_a_lossy_slow_and_reordering_link() {
    for seed in 0..10 {
        let link = Link::lossy(0.1).latency(millis(80)).jitter(millis(40)).reordering(0.05).seed(seed);
        let mut call = Call::connect(link);
        call.peer_speaks(440.0, secs(1));
    }
}

#[test]
fn whichever_single_datagram_of_the_set_up_gets_lost_the_call_connects() {
    for by in [Ends::Server, Ends::Peer] {
        for kind in [Kind::Stun, Kind::Dtls] {
            for before in 0..8 {
                let call = Scene { lost: Some((by, kind, before)), ..Scene::default() }.connect();
                assert!(call.elapsed() <= secs(2), "{by:?} {kind:?} {before}: {:?}", call.elapsed());
            }
        }
    }
}

#[test]
fn an_ice_restart_changes_the_credentials_and_the_audio_goes_on() {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(1));
    let before = call.session.credentials().clone();
    call.peer.restart_ice();
    let start = call.now();
    let answer = call.renegotiate();
    let after = call.session.credentials().clone();
    assert_ne!((&before.ufrag, &before.password), (&after.ufrag, &after.password));
    assert!(answer.contains(&after.ufrag));
    call.handle(Input::Audio(parley_netsim::tone(880.0, secs(20))));
    call.peer_speaks(440.0, secs(20));
    assert_eq!(call.closed(), None, "{:?}", call.events);
    assert!(call.handler_heard.since(start).last(secs(19)).tone_share(440.0) > 0.99);
    assert!(call.peer.heard.last(secs(19)).tone_share(880.0) > 0.99);
}

#[test]
fn a_peer_on_hold_hears_nothing_until_it_comes_back() {
    let mut call = Call::connect(Link::perfect());
    call.handler_speaks(880.0, secs(1));
    call.peer.set_way(AudioWay::Neither);
    assert!(call.renegotiate().contains("a=inactive"));
    call.run(millis(200));
    let held = call.now();
    call.handler_speaks(880.0, secs(2));
    assert_eq!(call.peer.heard.since(held).first_sound(), None);
    call.peer.set_way(AudioWay::Both);
    assert!(call.renegotiate().contains("a=sendrecv"));
    let resumed = call.now();
    call.handle(Input::Audio(parley_netsim::tone(660.0, secs(2))));
    call.peer_speaks(440.0, secs(2));
    call.run(millis(100));
    assert!(call.peer.heard.since(resumed).sound() >= millis(1_900));
    assert!(call.handler_heard.last(secs(1)).tone_share(440.0) > 0.9);
}

#[test]
fn what_was_queued_before_a_hold_does_not_reach_the_peer_during_it() {
    let mut call = Call::connect(Link::perfect());
    call.handler_speaks(880.0, secs(1));
    call.handle(Input::Audio(parley_netsim::tone(880.0, secs(10))));
    call.peer.set_way(AudioWay::Send);
    assert!(call.renegotiate().contains("a=recvonly"));
    call.run(millis(100));
    let held = call.now();
    call.run(secs(2));
    assert_eq!(call.wire.of(Ends::Server, Kind::Rtp).filter(|sent| sent.at > held).count(), 0);
}

#[test]
fn audio_is_heard_once_after_each_of_three_renegotiations() {
    let mut call = Call::connect(Link::perfect());
    let connected = call.now();
    for _ in 0..3 {
        call.renegotiate();
        call.peer_speaks(440.0, secs(1));
        assert!(call.handler_heard.last(millis(800)).tone_share(440.0) > 0.99);
    }
    let heard = call.handler_heard.since(connected);
    assert!((148..=155).contains(&heard.count()), "3 s are 150 frames, not {}", heard.count());
}

#[test]
fn a_peer_that_closes_is_noticed_at_once() {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(1));
    let start = call.now();
    call.peer.close();
    assert!(call.run_until(secs(60), |call| call.closed().is_some()));
    assert_eq!(call.closed(), Some(CloseReason::Peer));
    let noticed = call.now() - start;
    assert!(noticed <= millis(50), "{noticed:?}");
}

#[test]
fn a_closing_session_tells_its_peer_at_once_and_then_falls_silent() {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(1));
    let start = call.now();
    call.handle(Input::Close);
    assert_eq!(call.closed(), Some(CloseReason::Local));
    assert!(
        call.wire.of(Ends::Server, Kind::Dtls).any(|sent| sent.at == start && sent.bytes[0] == 21),
        "an alert"
    );
    call.run(millis(10));
    let told = call.now();
    call.peer_speaks(440.0, secs(10));
    assert_eq!(call.wire.since(Ends::Server, told).count(), 0);
}

#[test]
fn a_peer_that_vanishes_is_given_up_within_thirty_five_seconds_and_nothing_is_sent_later() {
    let mut call = Call::connect(Link::perfect());
    call.handle(Input::Audio(parley_netsim::tone(880.0, secs(60))));
    call.peer_speaks(440.0, secs(1));
    let gone = call.now();
    call.peer_vanishes();
    call.run(secs(120));
    let disconnected = call.when(&Event::Disconnected).expect("it says so") - gone;
    let closed = call.when(&Event::Closed(CloseReason::Timeout)).expect("it ends") - gone;
    assert!(disconnected < closed && closed <= secs(35), "{disconnected:?} {closed:?}");
    let last = call.wire.since(Ends::Server, gone).last().expect("something was sent").at - gone;
    assert!(last <= secs(30), "the last datagram left after {last:?}");
}

#[test]
fn a_peer_that_comes_back_in_time_is_connected_again() {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(1));
    call.change_link(Link::lossy(1.0));
    assert!(call.run_until(secs(12), |call| call.happened(&Event::Disconnected)));
    call.change_link(Link::perfect());
    call.peer_speaks(440.0, secs(10));
    assert_eq!(call.closed(), None);
    assert_eq!(call.events.iter().filter(|(_, event)| *event == Event::Connected).count(), 2);
    assert!(call.handler_heard.last(secs(1)).tone_share(440.0) > 0.99);
}

#[test]
fn a_call_that_never_connects_ends_when_its_time_is_up() {
    let mut call = Scene { link: Link::lossy(1.0), ..Scene::default() }.ring();
    call.run(secs(120));
    assert_eq!(call.closed(), Some(CloseReason::ConnectTimeout), "{:?}", call.events);
    let ended = call.when(&Event::Closed(CloseReason::ConnectTimeout)).expect("just seen")
        - parley_netsim::start_of_time();
    assert_eq!(ended, secs(15));
    let late = call.wire.since(Ends::Server, parley_netsim::start_of_time() + secs(15)).count();
    assert_eq!(late, 0);
}

#[test]
fn the_media_are_encrypted_with_aes_gcm_when_the_peer_has_it() {
    let mut call = Call::connect(Link::perfect());
    call.handler_speaks(880.0, secs(1));
    let stats = call.session.stats();
    let on_the_wire: usize = call.wire.of(Ends::Server, Kind::Rtp).map(|sent| sent.bytes.len()).sum();
    // RFC 7714 adds a tag of 16 bytes, and the older HMAC-SHA1-80 one of 10, to the header's 12.
    assert_eq!(on_the_wire as u64 - stats.bytes_out, stats.packets_out * (12 + 16));
}
