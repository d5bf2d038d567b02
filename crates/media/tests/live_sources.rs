//! What becomes of the delay that a live source leaves behind when it comes late.

mod common;

use std::time::Duration;

use common::{FRAME, MS, Rig, mono, options, tone};

/// Emits a frame each 20 ms for so long; each of `amplitude`.
fn speak(rig: &mut Rig, duration: Duration, amplitude: f32) {
    let end = rig.now + duration;
    while rig.now < end {
        let frame = tone::sine(440.0, 48_000, 960).iter().map(|sample| sample * amplitude).collect();
        rig.emit(mono(frame, 48_000));
        rig.run_for(FRAME);
    }
}

/// Nothing for 60 ms, and then all of it at once.
fn hiccup(rig: &mut Rig, amplitude: f32) {
    rig.run_for(60 * MS);
    for _ in 0..3 {
        let frame = tone::sine(440.0, 48_000, 960).iter().map(|sample| sample * amplitude).collect();
        rig.emit(mono(frame, 48_000));
    }
}

#[test]
fn the_delay_of_a_burst_is_taken_back_in_a_quiet_moment() {
    let mut rig = Rig::new(options());
    speak(&mut rig, Duration::from_secs(1), 0.5);
    hiccup(&mut rig, 0.5);
    speak(&mut rig, Duration::from_secs(2), 0.5);
    assert!(rig.pipeline.queued() >= FRAME, "{:?} waits", rig.pipeline.queued());
    assert_eq!(rig.pipeline.stats().left_out, 0, "nothing of what is heard is left out");
    speak(&mut rig, Duration::from_secs(3), 0.0001);
    assert!(rig.pipeline.queued() < FRAME, "{:?} still waits", rig.pipeline.queued());
    assert!((1..=3).contains(&rig.pipeline.stats().left_out));
}

#[test]
fn a_source_that_was_never_late_loses_nothing() {
    let mut rig = Rig::new(options());
    speak(&mut rig, Duration::from_secs(5), 0.0001);
    assert_eq!(rig.pipeline.stats().left_out, 0);
    assert_eq!(rig.packets.len(), 250);
}

#[test]
fn pauses_of_a_sentence_that_was_handed_over_at_once_stay_as_they_are() {
    let mut rig = Rig::new(options());
    let mut sentence = tone::sine(440.0, 48_000, 48_000);
    sentence.extend(vec![0.0; 48_000]);
    sentence.extend(tone::sine(440.0, 48_000, 48_000));
    sentence.extend(vec![0.0; 12_000]);
    rig.emit(mono(sentence, 48_000));
    rig.run_for(Duration::from_secs(4));
    assert_eq!(rig.pipeline.stats().left_out, 0);
}

#[test]
fn a_paced_source_that_keeps_its_queue_full_loses_nothing() {
    let mut rig = Rig::new(options());
    for _ in 0..20 {
        rig.emit(mono(vec![0.0; 960], 48_000));
    }
    speak(&mut rig, Duration::from_secs(5), 0.0);
    assert_eq!(rig.pipeline.stats().left_out, 0, "400 ms ahead is what back-pressure aims at");
}
