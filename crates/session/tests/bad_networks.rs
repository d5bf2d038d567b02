//! What a handler hears over bad networks: loss, jitter, reordering and repetition in all combinations.

use parley_media::{Chunk, Layout, OpusOptions, SampleRate, Samples};
use parley_netsim::{Call, Heard, Link, PeerOptions, Scene, millis, secs};
use parley_session::{Input, SessionStats};
use std::f64::consts::TAU;
use std::time::Duration;

const HZ: f64 = 440.0;

/// A call with a peer that repeats its frames, as browsers do once they know of loss.
fn call() -> Call {
    let opus = OpusOptions { bitrate: 32_000, ..OpusOptions::default() };
    let peer = PeerOptions { opus, expected_loss: 20, ..PeerOptions::default() };
    let mut call = Scene { peer, ..Scene::default() }.connect();
    speak(&mut call, secs(1));
    call
}

/// The peer speaks a tone for so long, at half of full scale: a quieter one is taken for noise, and not repeated.
fn speak(call: &mut Call, duration: Duration) {
    call.peer.speak(call.now(), loud_tone(duration));
    call.run(duration);
}

fn loud_tone(duration: Duration) -> Chunk {
    let count = (duration.as_secs_f64() * 48_000.0) as usize;
    let tone = (0..count).map(|n| (0.5 * (TAU * HZ * n as f64 / 48_000.0).sin()) as f32).collect();
    Chunk { samples: Samples::F32(tone), rate: SampleRate::HZ_48000, layout: Layout::Mono }
}

/// What both ends heard in twenty seconds of a tone over such a network, after ten in which it gets known.
struct Both {
    handler: Heard,
    peer: Heard,
    before: SessionStats,
    after: SessionStats,
}

fn heard(loss: f64, jitter: u64, seed: u64) -> Both {
    let mut call = call();
    call.handle(Input::Audio(loud_tone(secs(31))));
    let link = Link::lossy(loss).jitter(millis(jitter)).reordering(0.05).duplicating(0.02).seed(seed);
    call.change_link(link);
    speak(&mut call, secs(10));
    let (start, before) = (call.now(), call.session.stats());
    speak(&mut call, secs(20));
    let (handler, peer) = (call.handler_heard.since(start), call.peer.heard.since(start));
    Both { handler, peer, before, after: call.session.stats() }
}

/// What somebody heard has the tone and no stall.
fn goes_on(heard: &Heard, loss: f64, case: &str) {
    let (share, hole) = (heard.tone_share(HZ), heard.longest_without(HZ));
    assert!(share >= if loss <= 0.1 { 0.98 } else { 0.95 }, "{share} {case}");
    assert!(hole <= millis(60), "{hole:?} without the tone; {case}");
    assert!(heard.longest_wait() <= millis(200), "{:?} without a frame; {case}", heard.longest_wait());
    let frames = heard.count().abs_diff(1_000);
    assert!(frames <= 8, "{frames} frames too many or too few; {case}");
}

#[test]
fn the_tone_goes_on_both_ways_whatever_the_network_does() {
    for (n, loss) in [0.0, 0.05, 0.1, 0.2].into_iter().enumerate() {
        for (m, jitter) in [0, 20, 40, 80].into_iter().enumerate() {
            let seed = 100 + 10 * n as u64 + m as u64;
            let Both { handler, peer, before, after } = heard(loss, jitter, seed);
            let case = format!("{loss} lost, {jitter} ms of jitter: {:?}", after.media);
            goes_on(&handler, loss, &format!("in the handler, {case}"));
            goes_on(&peer, loss, &format!("in the peer, {case}"));
            assert_eq!(
                (after.media.restarts, after.media.synthesised),
                (0, before.media.synthesised),
                "{case}"
            );
        }
    }
}

#[test]
fn half_of_what_is_lost_and_more_is_restored_rather_than_guessed() {
    let mut call = call();
    call.change_link(Link::lossy(0.1).seed(3));
    let start = call.now();
    speak(&mut call, secs(20));
    let media = call.session.stats().media;
    assert!(media.fec_recovered > 5 * media.concealed, "{media:?}");
    let heard = call.handler_heard.since(start);
    assert!(heard.longest_wait() <= millis(66), "{:?}", heard.longest_wait());
    assert!(heard.tone_share(HZ) > 0.99, "{}", heard.tone_share(HZ));
}

#[test]
fn statistics_name_what_the_network_did() {
    let after = heard(0.05, 20, 9).after;
    let media = after.media;
    assert!(media.lost > 0 && media.fec_recovered > 0 && media.duplicate > 10, "{media:?}");
    assert!(media.reorder_allowance >= millis(10), "{:?}", media.reorder_allowance);
    assert!(media.jitter > millis(2), "{:?}", media.jitter);
    assert!(media.drift_ppm.abs() < 400, "{}", media.drift_ppm);
}
