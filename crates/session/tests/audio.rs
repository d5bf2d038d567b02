//! Audio through a session, by what is heard at either end.

use parley_media::RtpStart;
use parley_netsim::{AudioWay, Call, Ends, Kind, Link, PeerOptions, RtpPacket, Scene, millis, secs};
use parley_session::{Event, Input};

/// What a peer's audio comes from, and its offer declares.
const FIRST_SOURCE: u32 = 0x5eed;

#[test]
fn a_call_connects_and_audio_is_heard_both_ways() {
    let mut call = Call::connect(Link::perfect());
    call.handle(Input::Audio(parley_netsim::tone(880.0, secs(2))));
    call.peer_speaks(440.0, secs(2));
    assert_eq!(call.handler_heard.last(secs(1)).tone_share(440.0), 1.0);
    assert_eq!(call.peer.heard.last(secs(1)).tone_share(880.0), 1.0);
    let stats = call.session.stats();
    assert_eq!((stats.media.lost, stats.media.concealed, stats.media.late), (0, 0, 0));
}

#[test]
fn the_handler_gets_fifty_frames_a_second_and_hears_each_at_once() {
    let mut call = Call::connect(Link::perfect());
    call.run(secs(1));
    let start = call.now();
    call.peer_speaks(440.0, secs(2));
    let heard = call.handler_heard.since(start);
    assert_eq!(heard.count(), 100);
    let delay = heard.first_sound().expect("a tone") - start;
    assert!(delay <= millis(30), "10 ms of link and one frame at most, not {delay:?}");
}

#[test]
fn audio_emitted_before_the_connection_is_heard_in_full() {
    let mut call = Scene::default().ring();
    call.handle(Input::Audio(parley_netsim::tone(880.0, secs(1))));
    assert!(call.run_until(secs(5), |call| call.happened(&Event::Connected)));
    call.run(secs(2));
    let sound = call.peer.heard.sound();
    assert!((millis(960)..=millis(1_040)).contains(&sound), "{sound:?}");
}

#[test]
fn loss_is_concealed_and_counted() {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(1));
    call.change_link(Link::lossy(0.05).seed(7));
    let start = call.now();
    call.peer_speaks(440.0, secs(10));
    let stats = call.session.stats();
    assert!((15..=35).contains(&stats.media.lost), "about 5 % of 500 packets: {}", stats.media.lost);
    assert!(stats.media.concealed > 0, "{stats:?}");
    let heard = call.handler_heard.since(start);
    assert!((498..=502).contains(&heard.count()), "no frame is missing: {}", heard.count());
    assert_eq!(heard.sound(), heard.duration(), "there is no hole");
    assert!(heard.tone_share(440.0) > 0.93, "{}", heard.tone_share(440.0));
}

#[test]
fn reordered_and_repeated_packets_are_heard_in_order_and_once() {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(1));
    call.change_link(Link::perfect().jitter(millis(30)).reordering(0.05).duplicating(0.02).seed(3));
    let start = call.now();
    call.peer_speaks(440.0, secs(10));
    let stats = call.session.stats();
    assert!(stats.media.duplicate > 0 || stats.refused > 0, "{stats:?}");
    let heard = call.handler_heard.since(start);
    assert!((496..=504).contains(&heard.count()), "{}", heard.count());
    assert!(heard.tone_share(440.0) > 0.97, "{} {stats:?}", heard.tone_share(440.0));
}

#[test]
fn the_sequence_number_and_the_timestamp_wrap_without_a_gap_both_ways() {
    let peer = PeerOptions {
        rtp_start: RtpStart { sequence_number: 65_500, timestamp: u32::MAX - 40_000 },
        ..PeerOptions::default()
    };
    let seed = parley_session::Seed { ssrc: 1, sequence_number: 65_500, timestamp: u32::MAX - 40_000 };
    let mut call = Scene { peer, seed, ..Scene::default() }.connect();
    call.handle(Input::Audio(parley_netsim::tone(880.0, secs(3))));
    call.peer_speaks(440.0, secs(3));
    assert_eq!(call.handler_heard.last(millis(2_800)).tone_share(440.0), 1.0);
    assert_eq!(call.peer.heard.last(millis(2_800)).tone_share(880.0), 1.0);
    let stats = call.session.stats();
    assert_eq!((stats.media.lost, stats.media.restarts), (0, 0));
    assert!(call.peer.packets.iter().any(|(_, sequence, _)| *sequence < 200), "it did wrap");
}

#[test]
fn what_is_emitted_is_sent_every_twenty_milliseconds_from_the_first_moment() {
    let mut call = Call::connect(Link::perfect());
    call.run(secs(1));
    let start = call.now();
    call.handler_speaks(880.0, secs(1));
    let sent: Vec<_> =
        call.wire.of(Ends::Server, Kind::Rtp).filter(|sent| sent.at >= start).map(|sent| sent.at).collect();
    assert_eq!(sent.first(), Some(&start), "the first frame does not wait");
    assert!(sent.windows(2).all(|pair| pair[1] - pair[0] == millis(20)));
    assert_eq!(sent.len(), 50);
}

#[test]
fn cleared_audio_is_silent_at_the_peer_within_a_frame_and_the_way_there() {
    let mut call = Call::connect(Link::perfect());
    call.handler_speaks(880.0, secs(1));
    call.handle(Input::Audio(parley_netsim::tone(880.0, secs(60))));
    call.run(secs(1));
    call.handle(Input::ClearQueue);
    let cleared = call.now();
    assert!(call.session.queued().is_zero());
    call.run(secs(1));
    let silent_after = call.peer.heard.last_sound().expect("a tone") - cleared;
    assert!(
        silent_after <= millis(20 + 10 + 20),
        "one frame, the link, the frame that it ends in: {silent_after:?}"
    );
    call.handler_speaks(660.0, secs(1));
    assert!(call.peer.heard.last(millis(800)).tone_share(660.0) > 0.97, "and what comes next is heard");
}

#[test]
fn drained_comes_after_all_that_was_emitted_was_heard() {
    let mut call = Call::connect(Link::perfect());
    call.run(secs(1));
    call.handle(Input::Audio(parley_netsim::tone(880.0, millis(1_510))));
    call.handle(Input::Drain { close: true });
    assert!(call.run_until(secs(5), |call| call.closed().is_some()));
    let drained = call.when(&Event::Drained).expect("it says so");
    let heard_until = call.peer.heard.last_sound().expect("a tone");
    assert!(drained >= heard_until, "{:?}", heard_until - drained);
    assert_eq!(call.peer.packets.len(), 77, "1,510 ms in packets of 20 ms, and silence");
}

#[test]
fn the_peers_report_of_loss_reaches_the_session() {
    let mut call = Call::connect(Link::perfect());
    call.handler_speaks(880.0, secs(3));
    assert_eq!(call.session.stats().fraction_lost_by_peer, 0);
    call.change_link(Link::lossy(0.3).seed(5));
    call.handle(Input::Audio(parley_netsim::tone(880.0, secs(10))));
    let reported = call.run_until(secs(10), |call| call.session.stats().fraction_lost_by_peer > 40);
    assert!(reported, "30 % are 77 of 256; reported {}", call.session.stats().fraction_lost_by_peer);
}

#[test]
fn a_peer_whose_source_changes_without_a_word_is_heard_on_and_told_what_is_lost() {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(2));
    for (n, ssrc) in [0x1234_5678, 0x0BAD_CAFE, 0x1234_5678].into_iter().enumerate() {
        call.peer.change_source(ssrc);
        let (changed, told) = (call.now(), call.peer.told_lost().len());
        call.peer_speaks(440.0, secs(5));
        let heard = call.handler_heard.since(changed);
        assert!(heard.tone_share(440.0) > 0.95, "{} of what came from {ssrc:x}", heard.tone_share(440.0));
        // One that was heard before may interfere: that is found out.
        let most = if n < 2 { millis(40) } else { millis(180) };
        assert!(heard.longest_without(440.0) <= most, "{:?}", heard.longest_without(440.0));
        assert_eq!(call.session.stats().media.restarts, n as u64 + 1);
        let lost = &call.peer.told_lost()[told..];
        assert!(lost.len() > 3 && lost.iter().all(|lost| *lost == 0), "{lost:?}");
    }
    call.change_link(Link::lossy(0.25).seed(5));
    let told = call.peer.told_lost().len();
    call.peer_speaks(440.0, secs(60));
    let told = &call.peer.told_lost()[told + 1..];
    let mean = told.iter().map(|lost| f64::from(*lost)).sum::<f64>() / told.len() as f64 / 256.0;
    assert!((mean - 0.25).abs() < 0.06, "{mean} {told:?}");
}

#[test]
fn who_offers_to_listen_only_is_not_heard_whatever_it_sends() {
    let peer = PeerOptions { audio: AudioWay::Receive, ..PeerOptions::default() };
    let mut call = Scene { peer, ..Scene::default() }.connect();
    let before = call.session.stats().refused;
    for number in 0..50 {
        let timestamp = u32::from(number) * 960;
        let payload = vec![0xF8, 0xFF, 0xFE];
        let packet =
            RtpPacket { ssrc: 0x0BAD_CAFE, payload_type: 111, sequence_number: number, timestamp, payload };
        call.peer.send_rtp(call.now(), packet);
        call.run(millis(20));
    }
    let stats = call.session.stats();
    assert_eq!((stats.packets_in, stats.refused - before), (0, 50));
}

#[test]
fn of_two_sources_at_once_the_newer_is_heard() {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(2));
    call.peer.change_source(0x1234_5678);
    let start = call.now();
    for number in 0..100 {
        let timestamp = u32::from(number) * 960;
        let (sequence_number, payload) = (30_000 + number, vec![0xF8, 0xFF, 0xFE]);
        call.peer.send_rtp(
            call.now(),
            RtpPacket { ssrc: FIRST_SOURCE, payload_type: 111, sequence_number, timestamp, payload },
        );
        call.peer_speaks(440.0, millis(20));
    }
    let heard = call.handler_heard.since(start);
    assert!(heard.tone_share(440.0) > 0.97, "{}", heard.tone_share(440.0));
    assert!(call.session.stats().media.restarts <= 2, "{:?}", call.session.stats());
}

#[test]
fn a_source_that_returns_after_another_offer_is_heard() {
    // None is declared, so the core binds the first that comes after each offer.
    let undeclared = |offer: String| {
        offer.split_inclusive("\r\n").filter(|line| !line.starts_with("a=ssrc")).collect::<String>()
    };
    let mut call = Scene { edit_offer: undeclared, ..Scene::default() }.connect();
    call.peer_speaks(440.0, secs(2));
    call.peer.change_source(0x1234_5678);
    call.peer_speaks(440.0, secs(2));
    let now = call.now();
    let answer = call.session.renegotiate(now, &undeclared(call.peer.offer(now))).expect("it is accepted");
    call.peer.answered(now, &answer);
    for ssrc in [0x1234_5678, FIRST_SOURCE, 0x1234_5678] {
        call.peer.change_source(ssrc);
        let changed = call.now();
        call.peer_speaks(440.0, secs(3));
        let share = call.handler_heard.since(changed).tone_share(440.0);
        assert!(share > 0.93, "{share} of what came from {ssrc:x}");
    }
}

#[test]
fn the_peer_is_told_how_much_of_its_audio_is_lost() {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(10));
    let told = call.peer.told_lost();
    assert!(told.len() > 1 && told.iter().all(|lost| *lost == 0), "{told:?}");
    call.change_link(Link::lossy(0.25).seed(5));
    call.peer_speaks(440.0, secs(60));
    let told = &call.peer.told_lost()[told.len() + 1..];
    let mean = told.iter().map(|lost| f64::from(*lost)).sum::<f64>() / told.len() as f64 / 256.0;
    assert!(
        told.len() > 5 && (mean - 0.25).abs() < 0.06,
        "browsers repeat their frames by that: {mean} {told:?}"
    );
}

#[test]
fn a_storm_of_nacks_is_answered_by_no_retransmission() {
    let mut call = Call::connect(Link::perfect());
    call.handler_speaks(880.0, secs(1));
    call.run(secs(1));
    let (sent, now) = (call.peer.packets.clone(), call.now());
    let numbers: Vec<u16> = sent.iter().map(|(_, number, _)| *number).collect();
    for _ in 0..50 {
        call.peer.send_nack(call.now(), sent[0].0, &numbers);
    }
    call.run(secs(1));
    assert_eq!(call.wire.of(Ends::Server, Kind::Rtp).filter(|sent| sent.at > now).count(), 0);
}

#[test]
fn packets_of_a_payload_type_that_was_not_agreed_on_are_not_heard() {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(1));
    call.run(millis(100));
    let before = call.session.stats();
    for n in 0..50_u16 {
        let (ssrc, payload) = (0x7e1e, vec![0xff; 4]);
        let timestamp = 960 * u32::from(n);
        call.peer.send_rtp(
            call.now(),
            RtpPacket { ssrc, payload_type: 101, sequence_number: n, timestamp, payload },
        );
        call.run(millis(20));
    }
    let after = call.session.stats();
    assert_eq!((after.packets_in, after.media.received), (before.packets_in, before.media.received));
    call.assert_alive("another payload type");
}
