//! What becomes of the delay that a live source leaves behind when it comes late.

mod common;

use std::time::Duration;

use common::{FRAME, MS, Rig, mono, options, tone};
use parley_media::{PipelineOptions, RtpStart};

fn frame() -> Vec<f32> {
    tone::sine(400.0, 48_000, 960)
}

/// Emits a frame each 20 ms for so long, as an echo of a steady peer does.
fn speak(rig: &mut Rig, duration: Duration) {
    let end = rig.now + duration;
    while rig.now < end {
        rig.emit(mono(frame(), 48_000));
        rig.run_for(FRAME);
    }
}

/// Nothing for so long, and then all of it at once.
fn hiccup(rig: &mut Rig, frames: u32) {
    rig.run_for(FRAME * frames);
    for _ in 0..frames {
        rig.emit(mono(frame(), 48_000));
    }
}

/// How long the frame emitted last waits before it is sent.
fn delay_of_next(rig: &mut Rig) -> Duration {
    let before = rig.packets.len();
    let queued = rig.pipeline.queued();
    let at = rig.now;
    rig.emit(mono(frame(), 48_000));
    let ahead = usize::try_from(queued.as_millis() / 20).expect("small");
    rig.run_for(Duration::from_millis(300));
    rig.packets[before + ahead].at - at
}

#[test]
fn the_delay_of_a_burst_is_taken_back_and_nothing_is_lost() {
    let mut rig = Rig::new(options());
    speak(&mut rig, Duration::from_secs(1));
    hiccup(&mut rig, 3);
    speak(&mut rig, Duration::from_secs(3));
    let emitted = 50 + 3 + 150;
    let delay = delay_of_next(&mut rig);
    assert!(delay <= 4 * MS, "{delay:?}");
    assert_eq!(rig.packets.len(), emitted + 1, "each frame was sent, and nothing else");
    let numbers =
        rig.packets.windows(2).map(|pair| pair[1].sequence_number.wrapping_sub(pair[0].sequence_number));
    assert!(numbers.into_iter().all(|step| step == 1));
    assert!(rig.packets.windows(2).all(|pair| pair[1].timestamp.wrapping_sub(pair[0].timestamp) >= 960));
}

#[test]
fn the_delay_of_a_blocked_event_loop_is_taken_back_and_nothing_is_lost() {
    for blocked in [10, 15, 25] {
        let mut rig = Rig::new(options());
        speak(&mut rig, Duration::from_secs(2));
        hiccup(&mut rig, blocked);
        let seconds = 15;
        speak(&mut rig, Duration::from_secs(seconds));
        let delay = delay_of_next(&mut rig);
        assert!(delay <= 4 * MS, "{delay:?} after {blocked} frames at once");
        let emitted = 100 + blocked as usize + 50 * seconds as usize;
        assert_eq!(rig.packets.len(), emitted + 1, "each frame was sent, and nothing else");
    }
}

/// By how much each packet comes later than the times that packets bear say, against the earliest of all.
fn lateness(rig: &Rig) -> Vec<Duration> {
    let late =
        |packet: &common::Packet| packet.at.as_micros() as i64 - i64::from(packet.timestamp) * 1_000 / 48;
    let earliest = rig.packets.iter().map(late).min().unwrap_or(0);
    rig.packets.iter().map(|packet| Duration::from_micros((late(packet) - earliest) as u64)).collect()
}

#[test]
fn a_thread_that_stood_still_sends_what_a_live_source_said_meanwhile_at_once() {
    let mut rig = Rig::new(options());
    speak(&mut rig, Duration::from_secs(2));
    // Nobody woke it for 300 ms.
    rig.now += 300 * MS;
    for _ in 0..15 {
        rig.emit(mono(frame(), 48_000));
    }
    let delay = delay_of_next(&mut rig);
    assert!(delay <= 20 * MS, "{delay:?}");
}

#[test]
fn a_machine_that_stood_still_leaves_no_delay() {
    let mut rig = Rig::new(options());
    speak(&mut rig, Duration::from_secs(2));
    for _ in 0..3 {
        // The thread finds that nothing came before it hears what did.
        rig.now += 240 * MS;
        rig.pipeline.wake(rig.instant());
        rig.collect();
        rig.run_for(MS);
        for _ in 0..12 {
            rig.emit(mono(frame(), 48_000));
        }
        speak(&mut rig, Duration::from_secs(3));
        let delay = delay_of_next(&mut rig);
        assert!(delay <= 20 * MS, "{delay:?}");
        speak(&mut rig, Duration::from_secs(2));
    }
}

#[test]
fn the_delays_of_long_stops_are_taken_back_however_they_fall() {
    let mut rig = Rig::new(options());
    speak(&mut rig, Duration::from_secs(2));
    for (stop, pause) in
        [(35, 1_000), (10, 1_000), (8, 200), (7, 100), (9, 60), (8, 300), (30, 1_000), (12, 20)]
    {
        rig.now += FRAME * stop;
        rig.pipeline.wake(rig.instant());
        rig.collect();
        for _ in 0..stop {
            rig.emit(mono(frame(), 48_000));
        }
        speak(&mut rig, Duration::from_millis(pause));
    }
    speak(&mut rig, Duration::from_secs(40));
    let delay = delay_of_next(&mut rig);
    assert!(delay <= 20 * MS, "{delay:?}");
}

#[test]
fn what_a_blocked_event_loop_held_up_is_late_and_nothing_behind_it_is() {
    let mut rig = Rig::new(options());
    speak(&mut rig, Duration::from_secs(2));
    for _ in 0..5 {
        hiccup(&mut rig, 10);
        speak(&mut rig, Duration::from_secs(3));
    }
    let late = lateness(&rig);
    let share = late.iter().filter(|late| **late > 60 * MS).count() as f64 / late.len() as f64;
    assert!(share < 0.05, "{share}");
    assert!(late.iter().all(|late| *late <= 220 * MS), "{:?}", late.iter().max());
}

/// Keeps the queue filled for so long, as a handler does that emits whenever there is room.
fn fill(rig: &mut Rig, target: Duration, duration: Duration) {
    let end = rig.now + duration;
    while rig.now < end {
        while rig.pipeline.queued() <= target {
            rig.emit(mono(frame(), 48_000));
        }
        rig.run_for(MS);
    }
}

#[test]
fn a_source_that_fills_its_queue_is_sent_in_real_time_whatever_the_target() {
    for target in [40, 80, 100, 200, 400, 1_000] {
        let target = target * MS;
        let mut rig = Rig::new(PipelineOptions { output_target: target, ..options() });
        fill(&mut rig, target, Duration::from_secs(60));
        let sent = rig.packets.len();
        assert!((2_998..=3_002).contains(&sent), "{target:?}: {sent} packets in a minute");
        assert!(rig.packets[1..].windows(2).all(|pair| pair[1].at - pair[0].at == FRAME), "{target:?}");
    }
}

/// A source of live audio behind a queue of its own: it gives 20 ms whenever the sender's queue is not full.
struct Backlog {
    frames: u32,
}

impl Backlog {
    fn give(&mut self, rig: &mut Rig) {
        while self.frames > 0 && rig.pipeline.queued() <= 400 * MS {
            rig.emit(mono(frame(), 48_000));
            self.frames -= 1;
        }
    }

    /// A frame comes each 20 ms for so long, and is given on.
    fn flow(&mut self, rig: &mut Rig, duration: Duration) {
        for _ in 0..duration.as_millis() / 20 {
            self.frames += 1;
            self.give(rig);
            rig.run_for(FRAME);
        }
    }
}

#[test]
fn no_delay_is_left_of_stops_of_any_length_by_a_live_source_that_has_been_known_for_one() {
    for stops in [&[35][..], &[60], &[10, 10, 10, 10, 10, 10], &[25, 90, 5, 30], &[95, 95]] {
        let (mut rig, mut source) = (Rig::new(options()), Backlog { frames: 0 });
        source.flow(&mut rig, Duration::from_secs(4));
        for stop in stops {
            // Nothing comes, and then all that should have.
            rig.run_for(FRAME * *stop);
            source.frames += stop;
            source.flow(&mut rig, Duration::from_millis(100));
        }
        source.flow(&mut rig, Duration::from_secs(90));
        assert!(
            source.frames == 0 && rig.pipeline.queued() <= 40 * MS,
            "{stops:?}: {:?}",
            rig.pipeline.queued()
        );
    }
}

#[test]
fn a_live_source_that_begins_to_read_from_a_store_is_sent_in_real_time() {
    let mut rig = Rig::new(options());
    speak(&mut rig, Duration::from_secs(5));
    let (before, at) = (rig.packets.len(), rig.now);
    fill(&mut rig, 400 * MS, Duration::from_secs(60));
    let ahead = (rig.packets.len() - before) as i64 - ((rig.now - at).as_millis() / 20) as i64;
    assert!((-1..=8).contains(&ahead), "{ahead} frames more than real time");
}

#[test]
fn the_delay_that_many_stops_have_added_up_to_is_taken_back() {
    for behind in [7, 10, 15, 18] {
        let mut rig = Rig::new(options());
        speak(&mut rig, Duration::from_secs(2));
        // Nobody knows any more what it waits for.
        for _ in 0..behind {
            rig.emit(mono(frame(), 48_000));
        }
        speak(&mut rig, Duration::from_secs(15));
        let delay = delay_of_next(&mut rig);
        assert!(delay <= 20 * MS, "{delay:?} after {behind} frames");
        assert_eq!(rig.packets.len(), 100 + behind + 750 + 1, "each frame was sent, and nothing else");
    }
}

#[test]
fn a_sentence_after_a_silence_keeps_its_pace() {
    let mut rig = Rig::new(options());
    speak(&mut rig, Duration::from_secs(2));
    rig.run_for(Duration::from_millis(600));
    let before = rig.packets.len();
    rig.emit(mono(tone::sine(440.0, 48_000, 3 * 48_000), 48_000));
    rig.run_for(Duration::from_secs(4));
    assert!(rig.packets[before..before + 150].windows(2).all(|pair| pair[1].at - pair[0].at == FRAME));
}

#[test]
fn a_source_whose_frames_come_between_ticks_waits_for_none_of_them() {
    let mut rig = Rig::new(options());
    rig.emit(mono(frame(), 48_000));
    rig.run_for(7 * MS);
    speak(&mut rig, Duration::from_secs(2));
    let delay = delay_of_next(&mut rig);
    assert!(delay <= 4 * MS, "{delay:?} instead of up to 13 ms");
}

#[test]
fn a_source_that_is_sometimes_late_keeps_the_time_it_needs() {
    let mut rig = Rig::new(options());
    for n in 0..500_u32 {
        // Up to 8 ms late, again and again.
        let late = (n * 7 % 9) * MS;
        rig.run_until(FRAME * n + late);
        rig.emit(mono(frame(), 48_000));
    }
    rig.run_for(Duration::from_secs(1));
    let stats = rig.pipeline.stats();
    assert_eq!(stats.underruns, 1, "only at the end");
    assert_eq!(stats.sent, 500, "the peer conceals the end");
}

#[test]
fn a_frame_that_is_late_by_chance_makes_none_behind_it_wait() {
    let mut rig = Rig::new(options());
    for n in 0..200_u32 {
        let late = if n % 9 == 4 { 9 * MS } else { Duration::ZERO };
        rig.run_until(FRAME * n + late);
        rig.emit(mono(frame(), 48_000));
        let sent = rig.packets.last().map(|packet| packet.at);
        assert_eq!(sent, Some(rig.now), "frame {n} goes when it comes");
    }
}

#[test]
fn a_steady_source_asks_for_no_wake_ups_between_its_frames() {
    let mut rig = Rig::new(options());
    for n in 0..50 {
        rig.run_until(FRAME * n);
        rig.emit(mono(frame(), 48_000));
        let next = rig.pipeline.wake_at().expect("it flows");
        assert!(next > rig.instant() + FRAME, "{:?} after frame {n}", next - rig.instant());
    }
}

#[test]
fn a_sentence_that_was_handed_over_at_once_keeps_its_pace() {
    let mut rig = Rig::new(options());
    rig.emit(mono(tone::sine(440.0, 48_000, 3 * 48_000), 48_000));
    rig.run_for(Duration::from_secs(4));
    let times: Vec<Duration> = rig.packets[..150].iter().map(|packet| packet.at).collect();
    assert_eq!(times, (0..150).map(|n| FRAME * n).collect::<Vec<_>>());
}

#[test]
fn a_paced_source_that_keeps_its_queue_full_keeps_its_pace() {
    let mut rig = Rig::new(options());
    for _ in 0..20 {
        rig.emit(mono(frame(), 48_000));
    }
    speak(&mut rig, Duration::from_secs(5));
    assert!(
        rig.packets.windows(2).all(|pair| pair[1].at - pair[0].at == FRAME),
        "400 ms ahead is what back-pressure aims at"
    );
}

/// Emits so many frames, each as late as said in milliseconds, as a source does that makes up for it at once.
fn hiccups(rig: &mut Rig, frames: u32, late: impl Fn(u32) -> u32) {
    let start = rig.now;
    for n in 0..frames {
        let at = start + FRAME * n + MS * late(n);
        rig.run_until(at.max(rig.now));
        rig.emit(mono(frame(), 48_000));
    }
    rig.run_until(start + FRAME * frames);
}

#[test]
fn a_source_that_hiccups_again_and_again_is_heard_without_a_hole_after_the_second_time() {
    let mut rig = Rig::new(options());
    let late = |n: u32| if n % 33 == 20 { 35 } else { 0 };
    hiccups(&mut rig, 100, late);
    let stats = rig.pipeline.stats();
    assert!(stats.underruns <= 2, "it takes two to learn: {}", stats.underruns);
    assert!((35 * MS..=60 * MS).contains(&stats.cushion), "{:?}", stats.cushion);
    let learnt = rig.packets.len();
    hiccups(&mut rig, 1_500, late);
    assert_eq!(rig.pipeline.stats().underruns, stats.underruns, "thirty seconds and no further hole");
    let gaps = rig.packets[learnt..].windows(2).map(|pair| pair[1].at - pair[0].at);
    assert!(gaps.max().is_some_and(|gap| gap <= 31 * MS), "{:?}", rig.packets[learnt..].len());
    assert!(delay_of_next(&mut rig) <= 60 * MS);
}

#[test]
fn the_cushion_is_given_back_once_the_source_is_steady() {
    let mut rig = Rig::new(options());
    hiccups(&mut rig, 200, |n| if n % 33 == 20 { 35 } else { 0 });
    assert!(rig.pipeline.stats().cushion >= 35 * MS);
    speak(&mut rig, Duration::from_secs(15));
    assert_eq!(rig.pipeline.stats().cushion, Duration::ZERO);
    let delay = delay_of_next(&mut rig);
    assert!(delay <= 4 * MS, "{delay:?}");
}

#[test]
fn what_comes_late_together_while_a_call_begins_leaves_no_delay_for_long() {
    let mut rig = Rig::new(options());
    hiccups(&mut rig, 50, |n| if n % 12 == 8 { 35 } else { 0 });
    assert!(rig.pipeline.stats().cushion >= 35 * MS);
    speak(&mut rig, Duration::from_secs(4));
    assert_eq!(rig.pipeline.stats().cushion, Duration::ZERO);
    let delay = delay_of_next(&mut rig);
    assert!(delay <= 4 * MS, "{delay:?}");
}

#[test]
fn a_steady_source_gets_no_cushion_and_no_delay() {
    let mut rig = Rig::new(options());
    hiccups(&mut rig, 1_000, |n| n * 5 % 8);
    assert_eq!(rig.pipeline.stats().cushion, Duration::ZERO);
    assert_eq!(rig.pipeline.stats().underruns, 0);
    let delay = delay_of_next(&mut rig);
    assert!(delay <= 16 * MS, "{delay:?}");
}

#[test]
fn a_source_that_is_late_by_less_than_a_frame_again_and_again_is_not_held_back() {
    let mut rig = Rig::new(options());
    hiccups(&mut rig, 1_000, |n| if n % 33 == 20 { 18 } else { 0 });
    let stats = rig.pipeline.stats();
    assert_eq!((stats.sent, stats.cushion), (1_000, Duration::ZERO));
    let most = rig.packets.windows(2).map(|pair| pair[1].at - pair[0].at).max();
    assert!(most.is_some_and(|gap| gap <= 42 * MS), "{most:?}");
    assert!(delay_of_next(&mut rig) <= 4 * MS);
}

#[test]
fn one_hiccup_in_a_long_time_leaves_no_delay() {
    let mut rig = Rig::new(options());
    for _ in 0..3 {
        hiccups(&mut rig, 50, |n| if n == 20 { 35 } else { 0 });
        speak(&mut rig, Duration::from_secs(12));
        assert_eq!(rig.pipeline.stats().cushion, Duration::ZERO);
    }
    assert!(delay_of_next(&mut rig) <= 16 * MS);
}

#[test]
fn no_frame_of_a_source_that_hiccups_is_lost() {
    let mut rig = Rig::new(options());
    hiccups(&mut rig, 1_000, |n| if n * 7 % 20 == 3 { 20 + n % 40 } else { 0 });
    rig.run_for(Duration::from_secs(1));
    let stats = rig.pipeline.stats();
    assert!((1_000..=1_000 + stats.underruns).contains(&stats.sent), "each frame: {}", stats.sent);
    assert!(stats.underruns <= 6, "{}", stats.underruns);
}

/// An echo of a steady tone of which that share of packets is lost on the way in; nothing is lost on the way out. Says
/// which share of 10 ms pieces a listener without concealment hears, and how often the sender ran dry.
fn echo_of_a_lossy_stream(loss: u32) -> (f64, u64) {
    const SECONDS: u32 = 20;
    let mut rig = Rig::new(options());
    rig.connect();
    let mut random = 12_345_u64;
    for packet in common::tone_packets(440.0, 50 * SECONDS as usize, RtpStart::default()) {
        rig.run_until_echoing(packet.at);
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if (random >> 33) % 100 >= u64::from(loss) {
            rig.receive(&packet);
            rig.echo();
        }
    }
    let mut decoder =
        opusic_c::Decoder::new(opusic_c::Channels::Mono, opusic_c::SampleRate::Hz48000).expect("a decoder");
    let mut heard = 0;
    for packet in &rig.packets {
        let mut pcm = [0.0_f32; 960];
        decoder.decode_float_to_slice(&packet.payload, &mut pcm, false).expect("an Opus packet");
        heard += pcm.chunks(480).filter(|piece| tone::rms(piece) > 0.08).count();
    }
    (heard as f64 / f64::from(100 * SECONDS), rig.pipeline.stats().underruns)
}

#[test]
fn an_echo_of_a_lossy_stream_has_hardly_a_hole() {
    for (loss, least) in [(5, 0.998), (20, 0.99)] {
        let (heard, underruns) = echo_of_a_lossy_stream(loss);
        assert!(heard >= least, "{loss} % lost: {heard} heard, {underruns} underruns");
    }
}
