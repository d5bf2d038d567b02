//! Video in a call: what comes out at either end, over good networks and bad ones.

use parley_netsim::{
    AudioWay, Call, Link, PeerOptions, PeerVideo, Random, RtpPacket, Scene, is_unbroken, millis, picture,
    read_picture, secs, session_options,
};
use parley_session::{Event, Input, Rotation, SessionOptions, VideoNetStats, VideoOptions};
use std::time::{Duration, Instant};

fn scene() -> Scene {
    let session = SessionOptions { video: Some(VideoOptions::default()), ..session_options() };
    let peer = PeerOptions { video: Some(PeerVideo::default()), ..PeerOptions::default() };
    Scene { session, peer, ..Scene::default() }
}

fn with_peer(video: PeerVideo) -> Scene {
    let peer = PeerOptions { video: Some(video), ..PeerOptions::default() };
    Scene { peer, ..scene() }
}

fn stats(call: &Call) -> VideoNetStats {
    call.session.stats().video.expect("a session with video")
}

/// The pictures that the handler got: when, which, and whether it is a key frame.
fn handler_saw(call: &Call) -> Vec<(Instant, u32, bool)> {
    let seen = call.handler_seen.iter().map(|(at, frame)| {
        let (number, is_key) = read_picture(&frame.data).expect("whole pictures only");
        assert_eq!(is_key, frame.is_key);
        (*at, number, is_key)
    });
    seen.collect()
}

fn peer_films(call: &mut Call, duration: Duration) {
    call.peer.film(call.now(), duration);
    call.run(duration);
}

/// The longest time without a picture.
fn longest_freeze(times: impl Iterator<Item = Instant>) -> Duration {
    let times: Vec<Instant> = times.collect();
    times.windows(2).map(|two| two[1] - two[0]).max().unwrap_or_default()
}

#[test]
fn every_picture_reaches_the_handler_as_soon_as_it_is_whole() {
    let mut call = scene().connect();
    peer_films(&mut call, secs(5));
    call.run(millis(100));
    let seen = handler_saw(&call);
    assert_eq!(seen.len(), call.peer.filmed().len());
    assert!(seen.len() >= 149 && is_unbroken(seen.iter().map(|(_, number, is_key)| (*number, *is_key))));
    for (at, number, _) in seen {
        let delay = at - call.peer.filmed()[number as usize];
        assert!(delay <= millis(11), "{delay:?} for {number} on a way of 10 ms");
    }
    let stats = stats(&call);
    assert_eq!((stats.nacks_out, stats.pli_out, stats.frames_dropped_in), (0, 0, 0), "{stats:?}");
    assert_eq!(stats.frames_in, call.handler_seen.len() as u64);
}

#[test]
fn every_picture_of_the_handler_reaches_the_peer() {
    let mut call = scene().connect();
    call.handler_films(secs(5));
    call.run(millis(100));
    let (seen, broken) = call.peer.seen();
    assert_eq!((seen.len(), broken), (150, 0));
    assert!(is_unbroken(seen.iter().map(|seen| (seen.number, seen.is_key))));
    let stats = stats(&call);
    assert_eq!((stats.frames_out, stats.key_frames_out, stats.retransmitted_out), (150, 1, 0), "{stats:?}");
}

#[test]
fn video_alone_flows_both_ways() {
    let session = SessionOptions { audio: false, ..scene().session };
    let peer = PeerOptions { has_audio: false, ..scene().peer };
    let mut call = Scene { session, peer, ..scene() }.connect();
    call.peer.film(call.now(), secs(3));
    call.handler_films(secs(3));
    call.run(millis(100));
    assert_eq!(handler_saw(&call).len(), call.peer.filmed().len());
    assert_eq!(call.peer.seen().0.len(), 90);
    assert_eq!(call.handler_heard.duration(), Duration::ZERO, "no silence is made up");
    assert_eq!(call.session.stats().refused, 0);
}

#[test]
fn audio_that_nobody_agreed_on_reaches_no_handler_of_video_alone() {
    let session = SessionOptions { audio: false, ..scene().session };
    let peer = PeerOptions { has_audio: false, ..scene().peer };
    let mut call = Scene { session, peer, ..scene() }.connect();
    for payload_type in 96..128 {
        let packet = |sequence_number: u16| RtpPacket {
            ssrc: 5,
            payload_type,
            sequence_number,
            timestamp: 960 * u32::from(sequence_number),
            payload: vec![0xf8, 0xff, 0xfe],
        };
        (0..5).for_each(|number| call.peer.send_rtp(call.now(), packet(number)));
        call.run(millis(100));
    }
    assert_eq!(call.handler_heard.count(), 0);
    peer_films(&mut call, secs(1));
    assert!(handler_saw(&call).len() >= 29);
}

#[test]
fn what_gets_lost_is_asked_for_about_once() {
    let mut call = scene().connect();
    peer_films(&mut call, secs(2));
    let before = stats(&call);
    call.change_link(Link::lossy(0.05).seed(3));
    peer_films(&mut call, secs(15));
    call.change_link(Link::perfect());
    call.run(secs(1));
    let (stats, (repaired, most)) = (stats(&call), call.peer.repairs());
    let lost = stats.nacks_out - before.nacks_out;
    assert!(
        (40..=140).contains(&repaired),
        "about one for each of some 65 lost packets: {repaired}, {stats:?}"
    );
    assert!(lost < 160 && most <= 6, "{lost} questions, one asked {most} times");
    let seen = handler_saw(&call);
    assert!(is_unbroken(seen.iter().map(|(_, number, is_key)| (*number, *is_key))));
    assert_eq!(seen.len(), call.peer.filmed().len(), "and everything is mended");
}

#[test]
fn twenty_seven_losses_cost_about_as_many_retransmissions() {
    let mut call = scene().connect();
    peer_films(&mut call, secs(2));
    let mut random = Random::new(9);
    for _ in 0..27 {
        call.peer.film(call.now(), millis(300));
        call.run(millis(100 + random.below(60) as u64));
        // Whatever leaves in a moment's time is lost: one or two packets of a picture.
        call.change_link(Link::lossy(1.0).seed(4));
        call.run(millis(34));
        call.change_link(Link::perfect());
        call.run(millis(200));
    }
    call.run(secs(3));
    let (stats, (repaired, _)) = (stats(&call), call.peer.repairs());
    assert!((27..=80).contains(&repaired), "{repaired}: {stats:?}");
    assert_eq!(stats.nacks_out as usize, repaired, "each was asked for once: {stats:?}");
}

#[test]
fn over_bad_networks_only_whole_pictures_come_and_few_are_missing() {
    for (loss, jitter, share) in [(0.02, 0, 0.99), (0.1, 0, 0.95), (0.1, 20, 0.95)] {
        for seed in 1..4 {
            let mut call = scene().connect();
            peer_films(&mut call, secs(1));
            let (from_peer, from_handler) = (call.peer.filmed().len(), call.peer.seen().0.len());
            call.change_link(Link::lossy(loss).jitter(millis(jitter)).seed(seed));
            call.peer.film(call.now(), secs(20));
            call.handler_films(secs(20));
            call.change_link(Link::perfect());
            call.run(secs(1));
            let case = format!("{loss} lost, {jitter} ms of jitter, seed {seed}: {:?}", stats(&call));
            let seen = handler_saw(&call);
            assert!(is_unbroken(seen.iter().map(|(_, number, is_key)| (*number, *is_key))), "{case}");
            let filmed = call.peer.filmed().len() - from_peer;
            let arrived = (seen.len() - from_peer) as f64 / filmed as f64;
            let freeze = longest_freeze(seen.iter().map(|(at, ..)| *at));
            assert!(arrived >= share && freeze <= millis(700), "{arrived} with {freeze:?} of {case}");
            let (seen, broken) = call.peer.seen();
            assert!(broken == 0 && is_unbroken(seen.iter().map(|seen| (seen.number, seen.is_key))), "{case}");
            let arrived = (seen.len() - from_handler) as f64 / 600.0;
            let freeze = longest_freeze(seen.iter().map(|seen| seen.at));
            assert!(
                arrived >= share && freeze <= millis(700),
                "{arrived} with {freeze:?} at the peer; {case}"
            );
        }
    }
}

/// What is taken for a freeze in a film of 30 pictures a second: an interval and 150 ms.
const FREEZE: Duration = millis(183);

#[test]
fn a_tenth_lost_both_ways_freezes_nothing_however_long_the_way() {
    for (latency, most_held) in [(1, 60), (25, 200), (50, 300)] {
        for seed in 1..5 {
            let link = Link::perfect().latency(millis(latency));
            let mut call = Scene { link: link.clone(), ..scene() }.connect();
            peer_films(&mut call, secs(1));
            let clean = handler_saw(&call).len();
            // The first losses tell how much to hold back.
            call.change_link(Link::lossy(0.1).latency(millis(latency)).seed(seed));
            peer_films(&mut call, secs(5));
            let warm = handler_saw(&call).len();
            peer_films(&mut call, secs(60));
            call.change_link(link);
            let lossy = handler_saw(&call).len();
            peer_films(&mut call, secs(30));
            let seen = handler_saw(&call);
            let case = format!("{latency} ms, seed {seed}: {:?}", stats(&call));
            assert!(is_unbroken(seen.iter().map(|(_, number, is_key)| (*number, *is_key))), "{case}");
            let freeze = longest_freeze(seen[warm..].iter().map(|(at, ..)| *at));
            assert!(freeze <= FREEZE, "{freeze:?} at {case}");
            let filmed = call.peer.filmed();
            let late = |(at, number, _): &(Instant, u32, bool)| *at - filmed[*number as usize];
            let mut delays: Vec<Duration> = seen[warm..lossy].iter().map(late).collect();
            delays.sort();
            let usual = delays[delays.len() / 2];
            assert!(usual <= millis(latency + most_held), "{usual:?} at {case}");
            // Nothing lost, nothing held.
            let at_once = |seen: &[(Instant, u32, bool)]| {
                seen.iter().map(late).max().is_some_and(|most| most <= millis(latency + 1))
            };
            assert!(at_once(&seen[..clean]) && at_once(&seen[seen.len() - 30..]), "{case}");
        }
    }
}

#[test]
fn a_loss_that_is_never_mended_brings_a_key_frame_within_half_a_second() {
    let mut call = with_peer(PeerVideo { answers_nacks: false, ..PeerVideo::default() }).connect();
    peer_films(&mut call, secs(2));
    for _ in 0..5 {
        call.peer.film(call.now(), secs(3));
        call.change_link(Link::lossy(1.0));
        call.run(millis(40));
        call.change_link(Link::perfect());
        let lost_at = call.now();
        let already = call.handler_seen.len();
        assert!(
            call.run_until(secs(2), |call| call.handler_seen[already..]
                .iter()
                .any(|(_, frame)| frame.is_key))
        );
        let waited = call.now() - lost_at;
        assert!(waited <= millis(500), "{waited:?}");
        call.run(secs(2));
    }
    let seen = handler_saw(&call);
    assert!(is_unbroken(seen.iter().map(|(_, number, is_key)| (*number, *is_key))));
    assert!(stats(&call).pli_out <= 15, "{:?}", stats(&call));
}

#[test]
fn a_decoder_that_failed_gets_a_key_frame() {
    let mut call = scene().connect();
    peer_films(&mut call, secs(2));
    call.peer.film(call.now(), secs(2));
    call.run(millis(500));
    let already = call.handler_seen.len();
    call.handle(Input::WantKeyFrame);
    call.run(secs(1));
    assert!(call.handler_seen[already].1.is_key, "nothing but a key frame follows");
    assert_eq!(stats(&call).pli_out, 1);
}

#[test]
fn the_peers_wishes_for_key_frames_reach_the_encoder_one_at_a_time() {
    let mut call = scene().connect();
    call.handler_films(secs(1));
    let wishes =
        |call: &Call| call.events.iter().filter(|(_, event)| *event == Event::KeyFrameWanted).count();
    assert_eq!(wishes(&call), 1, "the first picture is one");
    call.peer.say_picture_loss(call.now());
    call.run(millis(50));
    assert_eq!(wishes(&call), 2);
    call.peer.say_picture_loss(call.now());
    call.run(millis(50));
    assert_eq!(wishes(&call), 2, "so soon it is the same");
    call.run(millis(200));
    assert_eq!(wishes(&call), 3, "but it isn't forgotten");
    call.run(secs(1));
    for number in [7, 7, 8] {
        call.peer.say_full_intra(call.now(), number);
        call.run(millis(500));
    }
    assert_eq!(wishes(&call), 5, "a repeated request is no new one");
    let stats = stats(&call);
    assert_eq!((stats.pli_in, stats.fir_in), (2, 3));
}

#[test]
fn the_bitrate_follows_what_the_peer_can_get() {
    let mut call = scene().connect();
    let told = |call: &Call| {
        call.events
            .iter()
            .filter_map(|(_, event)| match event {
                Event::VideoBitrate(bitrate) => Some(*bitrate),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&call), [600_000]);
    call.handler_films(secs(1));
    call.peer.say_bitrate(call.now(), 250_000.0);
    call.run(millis(50));
    assert_eq!(told(&call).last(), Some(&250_000));
    for _ in 0..30 {
        call.peer.say_bitrate(call.now(), 5e6);
        call.handler_films(secs(1));
    }
    let all = told(&call);
    assert!(*all.last().expect("some") > 1_500_000, "it rises again: {all:?}");
    assert!(all.len() < 60, "small changes aren't told");
}

#[test]
fn a_peer_that_measures_is_told_when_its_packets_came_and_others_what_they_may_send() {
    let mut call = scene().connect();
    peer_films(&mut call, secs(3));
    let (arrived, missing) = call.peer.said().arrivals;
    let packets = stats(&call).packets_in as usize;
    // What came in the last 50 ms is told later.
    assert!((packets - 5..=packets).contains(&arrived) && missing == 0, "{arrived} of {packets}, {missing}");
    call.change_link(Link::lossy(0.1).seed(5));
    peer_films(&mut call, secs(3));
    let (_, missing) = call.peer.said().arrivals;
    assert!(
        (5..40).contains(&missing),
        "{missing} of some 19 are told, as some of what tells it gets lost too"
    );
    assert!(call.peer.said().bitrates.is_empty());
    let mut call = with_peer(PeerVideo { measures: false, ..PeerVideo::default() }).connect();
    peer_films(&mut call, secs(3));
    assert!(call.peer.said().bitrates.iter().all(|bitrate| (2.4e6..2.6e6).contains(bitrate)));
    assert!((2..=4).contains(&call.peer.said().bitrates.len()));
    assert_eq!(call.peer.said().arrivals, (0, 0));
}

#[test]
fn the_peer_is_told_what_it_loses() {
    let mut call = scene().connect();
    peer_films(&mut call, secs(2));
    call.change_link(Link::lossy(0.25).seed(6));
    peer_films(&mut call, secs(8));
    let shares: Vec<u8> = call
        .peer
        .said()
        .lost
        .iter()
        .filter(|(source, _)| *source == 0xca3e7a)
        .map(|(_, share)| *share)
        .collect();
    assert!(shares.iter().any(|share| (30..110).contains(share)), "{shares:?}");
    assert!(call.session.stats().round_trip.is_some_and(|time| time.abs_diff(millis(20)) < millis(3)));
}

#[test]
fn pictures_are_on_the_clock_of_the_audio_they_were_filmed_with() {
    let mut call = scene().connect();
    call.run(millis(730));
    // The peer falls silent for a while, as with DTX, and its camera starts late.
    call.peer_speaks(440.0, secs(1));
    call.peer.film(call.now(), secs(20));
    call.peer_speaks(440.0, secs(6));
    // A flash in the sound: what is filmed now must have the time of the sound that is spoken now.
    let moment = call.now();
    call.peer_speaks(1_000.0, secs(1));
    call.peer_speaks(440.0, secs(1));
    let heard_at = call.handler_heard.first_of(1_000.0).expect("the flash is heard");
    let filmed = call.peer.filmed();
    let number = filmed.iter().position(|at| *at >= moment).expect("a picture of it");
    let late = filmed[number] - moment;
    let frame = call
        .handler_seen
        .iter()
        .find(|(_, frame)| read_picture(&frame.data).is_some_and(|(n, _)| n == number as u32));
    let seen_at = frame.expect("it came").1.timestamp.saturating_sub(late);
    assert!(seen_at.abs_diff(heard_at) <= millis(40), "seen at {seen_at:?}, heard at {heard_at:?}");
}

#[test]
fn peers_can_show_our_pictures_in_step_with_our_audio() {
    let mut call = scene().connect();
    call.run(millis(300));
    call.handle(Input::Audio(parley_netsim::tone(440.0, secs(6))));
    call.handler_films(secs(5));
    let moment = |source: u32| {
        let times = &call.peer.said().times;
        *times.iter().rev().find(|(told, ..)| *told == source).expect("it tells the time")
    };
    let seconds = |ntp: u64| ntp as f64 / 4_294_967_296.0;
    let (_, ntp, timestamp, _) = moment(0xcafe);
    // When, on the clock that the reports tell, the last sound and the last picture were made.
    let (_, _, sound) = *call.peer.packets.last().expect("audio");
    let sound = seconds(ntp) + f64::from(sound.wrapping_sub(timestamp).cast_signed()) / 48_000.0;
    let source = call.peer.said().times.iter().find(|(source, ..)| *source != 0xcafe).expect("video's").0;
    let (_, ntp, timestamp, _) = moment(source);
    let shown = call.peer.seen().0.last().expect("a picture");
    let shown_at = seconds(ntp) + f64::from(shown.timestamp.wrapping_sub(timestamp).cast_signed()) / 90_000.0;
    // Both left at most one frame before now.
    assert!((sound - shown_at).abs() <= 0.04, "{sound} {shown_at}");
}

#[test]
fn a_turned_camera_is_told() {
    let mut call = with_peer(PeerVideo { orientation: 1, ..PeerVideo::default() }).connect();
    peer_films(&mut call, secs(1));
    assert!(call.handler_seen.iter().all(|(_, frame)| frame.rotation == Rotation::By90));
}

#[test]
fn directions_are_kept() {
    let video = VideoOptions { send: false, ..VideoOptions::default() };
    let session = SessionOptions { video: Some(video), ..session_options() };
    let mut call = Scene { session, ..scene() }.connect();
    call.peer.film(call.now(), secs(1));
    call.handle(Input::VideoFrame(parley_session::EncodedFrame {
        codec: parley_session::Codec::Vp8,
        data: picture(1, true, 3_000).into(),
        is_key: true,
        timestamp: millis(1),
        rotation: Rotation::None,
    }));
    call.run(secs(1));
    assert!(call.handler_seen.len() >= 29 && call.peer.seen().0.is_empty());
    assert_eq!(stats(&call).frames_dropped_out, 1);
    assert!(
        !call.events.iter().any(|(_, event)| matches!(event, Event::VideoBitrate(_) | Event::KeyFrameWanted))
    );
    let video = VideoOptions { receive: false, ..VideoOptions::default() };
    let session = SessionOptions { video: Some(video), ..session_options() };
    let mut call = Scene { session, ..scene() }.connect();
    call.peer.film(call.now(), secs(1));
    call.handler_films(secs(1));
    call.run(millis(50));
    assert!(call.handler_seen.is_empty() && call.peer.seen().0.len() == 30);
    let mut call = with_peer(PeerVideo { way: AudioWay::Receive, ..PeerVideo::default() }).connect();
    call.handler_films(secs(1));
    call.run(millis(50));
    assert_eq!(call.peer.seen().0.len(), 30);
}

#[test]
fn another_source_takes_over_when_the_first_falls_silent() {
    let mut call = scene().connect();
    peer_films(&mut call, secs(1));
    call.peer.change_camera(77, Some(78));
    call.run(millis(400));
    peer_films(&mut call, secs(1));
    let seen = handler_saw(&call);
    assert!(seen.len() >= 59 && is_unbroken(seen.iter().map(|(_, number, is_key)| (*number, *is_key))));
    assert!(call.handler_seen.windows(2).all(|two| two[0].1.timestamp < two[1].1.timestamp));
}

#[test]
fn a_large_key_frame_is_spread_and_a_picture_is_not() {
    let mut call = scene().connect();
    call.handler_films(secs(1));
    let packets = call.peer.video_packets();
    let first = packets[0].0;
    let key: Vec<Instant> =
        packets.iter().map(|(at, ..)| *at).take_while(|at| *at < first + millis(33)).collect();
    assert!(key.len() > 12 && *key.last().expect("some") > first + millis(4), "{key:?}");
    let (_, rest) = packets.split_at(key.len());
    assert!(
        rest.chunk_by(|a, b| b.0 - a.0 < millis(20))
            .all(|picture| picture.last().expect("some").0 == picture[0].0)
    );
}

#[test]
fn a_peer_that_asks_for_everything_again_and_again_gets_little_of_it() {
    let mut call = scene().connect();
    call.handler_films(secs(1));
    let sent: Vec<u16> = call.peer.video_packets().iter().map(|(_, number, _)| *number).collect();
    let before = stats(&call);
    for _ in 0..200 {
        call.peer.say_missing(call.now(), &sent);
        call.run(millis(5));
    }
    let stats = stats(&call);
    assert!(stats.retransmitted_out - before.retransmitted_out < 300, "{stats:?}");
    assert!(stats.nacks_in > 10_000);
}

#[test]
fn a_session_closes_after_its_last_picture_left() {
    let mut call = scene().connect();
    call.handler_films(millis(500));
    let data = picture(15, true, 60_000).into();
    let timestamp = call.session.video_time(call.now());
    call.handle(Input::VideoFrame(parley_session::EncodedFrame {
        codec: parley_session::Codec::Vp8,
        data,
        is_key: true,
        timestamp,
        rotation: Rotation::None,
    }));
    call.handle(Input::Drain { close: true });
    call.run(secs(3));
    assert!(call.closed().is_some());
    assert_eq!(call.peer.seen().0.last().map(|seen| seen.number), Some(15));
}

#[test]
fn a_camera_that_stops_and_starts_again_by_negotiation_goes_on() {
    let mut call = scene().connect();
    call.handler_films(secs(1));
    call.peer.set_video_way(AudioWay::Neither);
    let answer = call.renegotiate();
    assert!(answer.contains("a=inactive"), "{answer}");
    assert_eq!(
        call.events
            .iter()
            .rev()
            .find(|(_, event)| matches!(event, Event::VideoBitrate(_)))
            .map(|(_, event)| event.clone()),
        Some(Event::VideoBitrate(0))
    );
    call.handler_films(secs(1));
    call.peer.set_video_way(AudioWay::Both);
    call.renegotiate();
    call.peer.film(call.now(), secs(1));
    call.handler_films(secs(1));
    call.run(millis(100));
    assert!(handler_saw(&call).len() >= 29);
    let (seen, broken) = call.peer.seen();
    assert!(broken == 0 && seen.len() >= 58, "{}", seen.len());
    assert!(is_unbroken(seen.iter().map(|seen| (seen.number, seen.is_key))));
}
