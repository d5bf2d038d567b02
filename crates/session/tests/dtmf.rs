//! Keys of a telephone keypad (RFC 4733), from a peer to the session's owner.

use parley_netsim::{Call, Ends, Kind, Link, PeerOptions, RtpPacket, Scene, millis, secs, tone};
use parley_session::Event;
use std::time::Duration;

/// The payload type at which the peer's offer has telephone events at that clock rate.
const AT_48_KHZ: u8 = 110;
const AT_8_KHZ: u8 = 126;

/// What a browser offers beside Opus.
fn with_keys(offer: String) -> String {
    let audio = offer.lines().find(|line| line.starts_with("m=audio")).expect("an audio section").to_owned();
    let lines = "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n\
                 a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000";
    offer.replace(&audio, &format!("{audio} 63 110 126")).replacen(
        "a=rtpmap:111",
        &format!("{lines}\r\na=rtpmap:111"),
        1,
    )
}

/// What a browser offers that knows telephone events at one clock rate only.
fn with_keys_at_8_khz(offer: String) -> String {
    let line = "a=rtpmap:110 telephone-event/48000\r\n";
    with_keys(offer).replace(" 110 126", " 126").replace(line, "")
}

fn call(link: Link) -> Call {
    Scene { link, edit_offer: with_keys, ..Scene::default() }.connect()
}

/// Presses a key for 100 ms as a browser does: in the numbers and the time of its audio, the end three times.
fn press(call: &mut Call, payload_type: u8, code: u8, sequence: &mut u16, timestamp: u32) {
    let unit: u16 = if payload_type == AT_48_KHZ { 960 } else { 160 };
    for packet in 1..=7_u16 {
        let duration = (packet.min(5) * unit).to_be_bytes();
        let end = if packet >= 5 { 0x80 } else { 0 };
        let payload = vec![code, end | 10, duration[0], duration[1]];
        let packet = RtpPacket { ssrc: 0x5eed, payload_type, sequence_number: *sequence, timestamp, payload };
        call.peer.send_rtp(call.now(), packet);
        *sequence = sequence.wrapping_add(1);
        call.run(millis(if end == 0 { 20 } else { 0 }));
    }
}

fn keys(call: &Call) -> Vec<(char, Duration)> {
    let keys = call.events.iter().filter_map(|(_, event)| match event {
        Event::Dtmf { digit, duration } => Some((*digit, *duration)),
        _ => None,
    });
    keys.collect()
}

#[test]
fn the_answer_takes_telephone_events_at_the_clock_rate_of_opus_and_no_red() {
    let call = call(Link::perfect());
    let audio = call.answer.lines().find(|line| line.starts_with("m=audio")).expect("an audio section");
    assert!(audio.ends_with(" 111 110"), "{audio}");
    for line in ["a=rtpmap:110 telephone-event/48000", "a=fmtp:110 0-15"] {
        assert!(call.answer.lines().any(|answered| answered == line), "{line}\n{}", call.answer);
    }
    assert!(!call.answer.contains("telephone-event/8000"), "{}", call.answer);
    assert!(!call.answer.contains("red/"), "{}", call.answer);
}

#[test]
fn telephone_events_at_another_clock_rate_are_taken_where_there_are_no_others() {
    let scene = Scene { link: Link::perfect(), edit_offer: with_keys_at_8_khz, ..Scene::default() };
    let mut call = scene.connect();
    assert!(call.answer.lines().any(|line| line == "a=rtpmap:126 telephone-event/8000"), "{}", call.answer);
    press(&mut call, AT_8_KHZ, 10, &mut 30, 48_000);
    call.run(millis(100));
    assert_eq!(keys(&call), [('*', millis(100))]);
}

#[test]
fn an_offer_without_telephone_events_is_answered_without() {
    assert!(!Call::connect(Link::perfect()).answer.contains("telephone-event"));
}

#[test]
fn keys_are_told_in_order_with_their_durations() {
    let mut call = call(Link::perfect());
    let mut sequence = 30;
    for (n, code) in [1, 2, 11, 15].into_iter().enumerate() {
        press(&mut call, AT_48_KHZ, code, &mut sequence, 48_000 * n as u32);
        call.run(millis(100));
    }
    press(&mut call, AT_8_KHZ, 10, &mut sequence, 48_000 * 5);
    call.run(millis(100));
    assert_eq!(
        keys(&call),
        ['1', '2', '#', 'D'].map(|digit| (digit, millis(100))),
        "and none that was not agreed on"
    );
    assert_eq!(call.session.stats().media.dtmf, 4);
}

#[test]
fn keys_survive_loss_repetition_and_reordering() {
    let link = Link::lossy(0.2).reordering(0.1).duplicating(0.1).seed(11);
    let mut call = call(Link::perfect());
    call.change_link(link);
    let mut sequence = 30;
    for n in 0..40_u32 {
        press(&mut call, AT_48_KHZ, (n % 16) as u8, &mut sequence, 48_000 * n);
        call.run(millis(500));
    }
    call.run(secs(1));
    let digits: String = keys(&call).iter().map(|(digit, _)| digit).collect();
    assert_eq!(digits, "0123456789*#ABCD".repeat(3)[..40]);
    assert!(keys(&call).iter().all(|(_, duration)| *duration >= millis(20) && *duration <= millis(100)));
}

#[test]
fn a_key_between_words_takes_nothing_from_them() {
    let mut call = call(Link::perfect());
    call.peer_speaks(440.0, secs(1));
    call.run(millis(200));
    let last = call.wire.of(Ends::Peer, Kind::Rtp).last().expect("the peer spoke").bytes.clone();
    let mut sequence = u16::from_be_bytes([last[2], last[3]]).wrapping_add(1);
    let timestamp = u32::from_be_bytes([last[4], last[5], last[6], last[7]]);
    press(&mut call, AT_48_KHZ, 7, &mut sequence, timestamp.wrapping_add(9_600));
    call.run(millis(300));
    let stats = call.session.stats();
    assert_eq!(keys(&call), [('7', millis(100))]);
    assert_eq!((stats.media.lost, stats.media.undecodable, stats.media.restarts), (0, 0, 0));
}

#[test]
fn keys_in_the_places_of_audio_are_told_and_the_rest_of_it_is_heard() {
    let peer = PeerOptions { keypad: true, ..PeerOptions::default() };
    let mut call = Scene { link: Link::perfect(), peer, ..Scene::default() }.connect();
    assert!(call.answer.contains("a=rtpmap:110 telephone-event/48000"), "{}", call.answer);
    call.peer.speak(call.now(), tone(440.0, secs(6)));
    call.run(secs(1));
    for (sign, down) in [('7', 100), ('#', 3_000), ('7', 40)] {
        assert!(call.peer.press(sign, millis(down), millis(70)));
    }
    assert!(!call.peer.press('x', millis(100), millis(70)));
    call.run(secs(4));
    assert_eq!(keys(&call), [('7', millis(100)), ('#', millis(3_000)), ('7', millis(40))]);
    assert!(call.handler_heard.last(millis(400)).tone_share(440.0) > 0.9, "it speaks on");
    let stats = call.session.stats();
    assert_eq!((stats.media.lost, stats.media.undecodable, stats.media.restarts), (0, 0, 0));
}

#[test]
fn red_and_other_payload_types_are_dropped_and_counted() {
    let mut call = call(Link::perfect());
    call.peer_speaks(440.0, secs(1));
    call.run(millis(100));
    let before = call.session.stats();
    for n in 0..50_u16 {
        let payload = vec![0x80 | 111, 0, 0x3c, 4, 111, 1, 2, 3, 4, 5];
        let packet = RtpPacket {
            ssrc: 0x7e1e,
            payload_type: 63,
            sequence_number: n,
            timestamp: 960 * u32::from(n),
            payload,
        };
        call.peer.send_rtp(call.now(), packet);
        call.run(millis(20));
    }
    let after = call.session.stats();
    assert_eq!((after.packets_in, after.media.received), (before.packets_in, before.media.received));
    assert_eq!(after.refused - before.refused, 50);
    call.assert_alive("RED");
}
