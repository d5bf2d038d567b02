//! What silence costs that goes on: a peer that says nothing, and what an echo makes of that.

mod common;

use std::time::Duration;

use common::{FRAME, MS, Rig, mono, options, packets_of, rate, tone, tone_packets};
use parley_media::{PeerWishes, PipelineOptions, RtpStart};

/// As a session has it, whose peer needs no packets of silence.
fn sparing() -> Rig {
    Rig::new(PipelineOptions { sends_silence: false, output_rate: rate(48_000), ..options() })
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Emits frames of silence one by one, as an echo does, in batches of so many.
fn emit_silence(rig: &mut Rig, duration: Duration, batch: u32) {
    let end = rig.now + duration;
    while rig.now < end {
        for _ in 0..batch {
            rig.emit(mono(vec![0.0; 960], 48_000));
        }
        rig.run_for(FRAME * batch);
    }
}

fn speak(rig: &mut Rig, duration: Duration) {
    let end = rig.now + duration;
    while rig.now < end {
        rig.emit(mono(tone::sine(400.0, 48_000, 960), 48_000));
        rig.run_for(FRAME);
    }
}

#[test]
fn two_seconds_of_an_echos_silence_are_sent_and_the_rest_passes_without_packets_and_wake_ups() {
    let mut rig = sparing();
    speak(&mut rig, secs(2));
    emit_silence(&mut rig, secs(4), 1);
    assert!((199..=201).contains(&rig.packets.len()), "{}", rig.packets.len());
    let played = rig.pipeline.played();
    emit_silence(&mut rig, secs(60), 10);
    assert!((199..=201).contains(&rig.packets.len()), "{}", rig.packets.len());
    assert_eq!(rig.pipeline.wake_at(), None);
    assert!(!rig.pipeline.is_sending() && rig.pipeline.queued().is_zero());
    assert_eq!(rig.pipeline.played() - played, secs(60), "it was heard all the same");
    assert_eq!(rig.pipeline.stats().underruns, 0);
}

#[test]
fn a_sound_after_long_silence_is_sent_at_once_in_its_time() {
    for batch in [1, 10] {
        let mut rig = sparing();
        speak(&mut rig, secs(2));
        emit_silence(&mut rig, secs(10), batch);
        let (before, at) = (rig.packets.len(), rig.now);
        // What waited to be worth a wake-up comes together with the sound.
        for _ in 1..batch {
            rig.emit(mono(vec![0.0; 960], 48_000));
        }
        speak(&mut rig, secs(2));
        let packets = &rig.packets[before - 1..];
        assert_eq!(packets.len(), 101, "each frame of the sound was sent");
        let [last, first] = [&packets[0], &packets[1]];
        assert!(first.marker && first.at == at, "{:?} at {at:?}", first.at);
        assert_eq!(first.sequence_number, last.sequence_number.wrapping_add(1), "no number is missing");
        let passed = u64::from(first.timestamp.wrapping_sub(last.timestamp)) * 1_000 / 48;
        assert!(Duration::from_micros(passed).abs_diff(first.at - last.at) <= FRAME, "{passed} µs");
        let late = packets[1..].windows(2).map(|pair| pair[1].at - pair[0].at).max();
        assert!(late.is_some_and(|late| late <= 21 * MS), "{late:?}");
    }
}

#[test]
fn silence_emitted_ahead_takes_its_time() {
    let mut rig = sparing();
    rig.emit(mono(vec![0.0; 48_000 * 10], 48_000));
    rig.emit(mono(tone::sine(400.0, 48_000, 48_000), 48_000));
    rig.run_until(secs(20));
    let sounds: Vec<_> = rig.packets.iter().filter(|packet| packet.at >= secs(10)).collect();
    assert_eq!((sounds[0].at, sounds[0].timestamp), (secs(10), 480_000));
    assert_eq!(rig.packets.len() - sounds.len(), 100, "two seconds of the silence");
}

#[test]
fn who_wants_packets_of_one_length_gets_them_in_silence_too() {
    let mut rig = sparing();
    rig.pipeline.set_wishes(PeerWishes { cbr: true, ..PeerWishes::default() });
    rig.emit(mono(vec![0.0; 48_000 * 10], 48_000));
    rig.run_until(secs(10));
    assert!(rig.packets.len() >= 500, "{}", rig.packets.len());
}

#[test]
fn a_peer_that_goes_silent_is_soon_looked_after_five_times_a_second_and_waits_for_nobody() {
    let mut rig = sparing();
    rig.connect();
    for (n, packet) in tone_packets(440.0, 50, RtpStart::default()).iter().enumerate() {
        rig.run_until(FRAME * n as u32);
        rig.receive(packet);
        assert!(!rig.pipeline.is_waiting());
    }
    rig.run_until(secs(5));
    assert!(rig.pipeline.is_waiting());
    let (mut wakes, from) = (0, rig.frames.len());
    while let Some(at) = rig.pipeline.wake_at().filter(|at| *at <= rig.start + secs(15)) {
        rig.run_until(at - rig.start);
        wakes += 1;
    }
    assert!((48..=52).contains(&wakes), "{wakes} in 10 s");
    assert!((490..=510).contains(&(rig.frames.len() - from)), "{}", rig.frames.len() - from);
}

#[test]
fn a_peer_that_sends_silence_waits_for_nobody_until_it_is_heard() {
    let mut rig = sparing();
    rig.connect();
    let mut samples = vec![0.0; 48_000 * 4];
    samples.extend(tone::sine(440.0, 48_000, 4_800));
    for (n, packet) in packets_of(samples, RtpStart::default()).iter().enumerate() {
        rig.run_until(FRAME * n as u32);
        rig.receive(packet);
        assert_eq!(rig.pipeline.is_waiting(), (99..200).contains(&n), "packet {n}");
    }
}
