//! What a session does for its audio out: reports of the peer, what the peer asks for, and what it has heard.

use parley_media::{Layout, Mark, Played};
use parley_netsim::{Call, Ends, Kind, Link, PeerOptions, Scene, millis, secs, session_options, tone};
use parley_session::{Event, Input, SessionOptions};

/// A call whose peer asks for something in its format parameters.
fn asking(edit_offer: fn(String) -> String, session: SessionOptions) -> Call {
    let peer = PeerOptions { hears: Layout::Stereo, ..PeerOptions::default() };
    Scene { session, peer, edit_offer, ..Scene::default() }.connect()
}

/// The answer's format parameters.
fn parameters(call: &Call) -> &str {
    call.answer.lines().find(|line| line.starts_with("a=fmtp:111 ")).expect("Opus has some")
}

#[test]
fn the_round_trip_comes_from_the_reports_of_both_ends() {
    let mut call = Call::connect(Link::perfect());
    call.handle(Input::Audio(tone(880.0, secs(10))));
    call.run(secs(2));
    call.change_link(Link::perfect().latency(millis(70)));
    call.peer_speaks(440.0, secs(8));
    let round_trip = call.session.stats().round_trip.expect("it was measured");
    assert!((millis(138)..=millis(142)).contains(&round_trip), "twice 70 ms, not {round_trip:?}");
}

#[test]
fn loss_that_the_peer_reports_turns_on_fec_lowers_the_bitrate_and_is_forgotten_slowly() {
    let mut call = Call::connect(Link::perfect());
    call.handle(Input::Audio(tone(880.0, secs(120))));
    call.run(secs(5));
    let before = call.session.stats().media;
    assert_eq!((before.bitrate, before.expected_loss), (96_000, 0));
    call.change_link(Link::lossy(0.25).seed(5));
    call.run(secs(10));
    let during = call.session.stats().media;
    assert_eq!(during.bitrate, 32_000);
    assert!((20..=60).contains(&during.expected_loss), "{}", during.expected_loss);
    call.change_link(Link::perfect());
    call.run(secs(4));
    assert!(call.session.stats().media.bitrate < 48_000, "not at once");
    call.run(secs(60));
    let after = call.session.stats().media;
    assert_eq!((after.bitrate, after.expected_loss), (96_000, 0));
}

#[test]
fn a_peer_that_asks_for_stereo_gets_it_and_the_answer_says_so() {
    let stereo = || SessionOptions {
        output: parley_session::AudioFormat { layout: Layout::Stereo, ..session_options().output },
        ..session_options()
    };
    // A peer that hears in stereo says so in its offer.
    let silent = |offer: String| offer.replace(";stereo=1", "");
    let sides = |edit: fn(String) -> String| {
        let mut call = asking(edit, stereo());
        let mono = tone(880.0, secs(1));
        let parley_media::Samples::F32(samples) = mono.samples else { unreachable!("floats") };
        let left = samples.into_iter().flat_map(|left| [left, 0.0]).collect();
        let samples = parley_media::Samples::F32(left);
        call.handle(Input::Audio(parley_media::Chunk { samples, layout: Layout::Stereo, rate: mono.rate }));
        call.run(secs(1));
        let says = parameters(&call).contains("sprop-stereo=1");
        let right = call.peer.heard.last(millis(500)).side(1).tone_share(880.0);
        (says, right > 0.9)
    };
    assert_eq!(sides(|offer| offer), (true, false), "the right side stays silent");
    assert_eq!(sides(silent), (false, true), "both sides hear the mean of both");
}

#[test]
fn limits_in_the_offer_bind_the_encoder_from_the_first_packet() {
    let mut call = asking(
        |offer| {
            offer.replace("useinbandfec=1", "useinbandfec=1; maxaveragebitrate=20000; maxplaybackrate=8000")
        },
        session_options(),
    );
    call.handler_speaks(880.0, secs(4));
    let stats = call.session.stats();
    assert_eq!(stats.media.bitrate, 20_000);
    let rate = stats.bytes_out * 8 / 4;
    assert!(rate < 23_000, "{rate} bit/s");
    assert_eq!(call.peer.heard.last(secs(1)).tone_share(880.0), 1.0);
}

#[test]
fn a_later_offer_may_change_what_the_peer_asks_for() {
    let mut call = Call::connect(Link::perfect());
    assert_eq!(call.session.stats().media.bitrate, 96_000);
    let offer = call.peer.offer(call.now()).replace("useinbandfec=1", "maxaveragebitrate=12000");
    call.session.renegotiate(call.now(), &offer).expect("it is accepted");
    assert_eq!(call.session.stats().media.bitrate, 12_000);
}

#[test]
fn nonsense_in_the_format_parameters_asks_for_nothing() {
    let call = asking(
        |offer| {
            offer.replace(
                "useinbandfec=1",
                "maxaveragebitrate=-1;stereo=yes;cbr;;=;maxplaybackrate=99999999999",
            )
        },
        session_options(),
    );
    assert_eq!(call.session.stats().media.bitrate, 96_000);
}

#[test]
fn a_peer_that_asks_for_dtx_keeps_time_through_silence() {
    let mut call =
        asking(|offer| offer.replace("useinbandfec=1", "useinbandfec=1;usedtx=1"), session_options());
    let start = call.now();
    call.handler_speaks(880.0, secs(1));
    let mut silence = tone(0.0, secs(4));
    silence.samples = parley_media::Samples::F32(vec![0.0; 4 * 48_000]);
    call.handle(Input::Audio(silence));
    call.handle(Input::Audio(tone(660.0, secs(1))));
    call.run(millis(5_030));
    let packets = call.wire.of(Ends::Server, Kind::Rtp).filter(|sent| sent.at >= start).count();
    assert!(packets < 130, "{packets} packets for two seconds of tone and four of silence");
    let heard = call.peer.heard.since(start);
    let first = heard.first_sound().expect("a tone");
    let last = heard.last_sound().expect("a tone");
    assert!((millis(5_960)..=millis(6_080)).contains(&(last - first)), "{:?}", last - first);
    assert!(heard.last(millis(900)).tone_share(660.0) > 0.95);
}

fn played(call: &Call) -> Vec<Played> {
    let played = call.events.iter().filter_map(|(_, event)| match event {
        Event::Played(played) => Some(*played),
        _ => None,
    });
    played.collect()
}

#[test]
fn a_mark_is_told_when_the_peer_has_got_the_audio_before_it() {
    let mut call = Call::connect(Link::perfect().latency(millis(50)));
    call.handler_speaks(880.0, secs(6));
    let start = call.now();
    call.handle(Input::Audio(tone(880.0, secs(1))));
    call.handle(Input::Mark(Mark { id: 5, over: Some(secs(1)) }));
    call.run(secs(2));
    let told = call.when(&Event::Played(Played { mark: 5, played: secs(1), length: secs(1) }));
    let after = told.expect("it is told") - start;
    assert!((millis(1_045)..=millis(1_055)).contains(&after), "a second and the way there, not {after:?}");
    assert_eq!(call.session.played(), secs(7));
}

#[test]
fn marks_wait_for_the_connection_with_the_audio_before_them() {
    let mut call = Scene::default().ring();
    call.handle(Input::Audio(tone(880.0, secs(1))));
    call.handle(Input::Mark(Mark { id: 1, over: None }));
    call.handle(Input::ClearQueue);
    call.handle(Input::Audio(tone(880.0, millis(500))));
    call.handle(Input::Mark(Mark { id: 2, over: None }));
    assert!(call.run_until(secs(5), |call| call.happened(&Event::Connected)));
    call.run(secs(1));
    let cleared = Played { mark: 1, played: millis(0), length: secs(1) };
    let whole = Played { mark: 2, played: millis(500), length: millis(500) };
    assert_eq!(played(&call), [cleared, whole]);
}

#[test]
fn the_end_of_a_session_tells_what_was_heard_before_it_says_that_it_is_the_end() {
    let mut call = Call::connect(Link::perfect());
    call.handle(Input::Audio(tone(880.0, secs(60))));
    call.handle(Input::Mark(Mark { id: 9, over: None }));
    call.run(secs(1));
    call.handle(Input::Close);
    call.run(secs(1));
    let Some(Played { mark: 9, played, length }) = played(&call).first().copied() else {
        panic!("{:?}", call.events)
    };
    assert!(length == secs(60) && (millis(900)..=millis(1_500)).contains(&played), "{played:?}");
    assert!(matches!(call.events.last(), Some((_, Event::Closed(_)))));
}

#[test]
fn cleared_while_it_drains_a_session_ends_at_once_after_the_last_frame() {
    let mut call = Call::connect(Link::perfect());
    call.handle(Input::Audio(tone(880.0, secs(600))));
    call.handle(Input::Drain { close: true });
    call.run(secs(1));
    let cleared = call.now();
    call.handle(Input::ClearQueue);
    assert!(call.run_until(secs(2), |call| call.closed().is_some()));
    let drained = call.when(&Event::Drained).expect("it is told") - cleared;
    assert!(drained <= millis(250), "{drained:?}");
}
