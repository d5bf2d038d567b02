//! What a handler gets of what a peer sends.

mod common;

use std::time::Duration;

use common::{
    FRAME, MS, Packet, Rig, options, packets_of, packets_of_length, rate, tone, tone_packets,
    tone_packets_with_copies,
};
use parley_media::{Layout, PipelineOptions, RtpStart, RtpView};

/// A connected pipeline whose peer speaks a tone of 440 Hz.
struct Call {
    rig: Rig,
    packets: Vec<Packet>,
}

impl Call {
    fn new(options: PipelineOptions, packets: Vec<Packet>) -> Self {
        let mut rig = Rig::new(options);
        rig.connect();
        Self { rig, packets }
    }

    fn tone(count: usize) -> Self {
        Self::new(options(), tone_packets(440.0, count, RtpStart { sequence_number: 100, timestamp: 5_000 }))
    }

    /// With a handler that waits for missing packets.
    fn patient(count: usize) -> Self {
        let options = PipelineOptions { jitter_min: 60 * MS, ..options() };
        Self::new(options, tone_packets(440.0, count, RtpStart { sequence_number: 100, timestamp: 5_000 }))
    }

    /// Packets arrive on time, but for those that `arrival` moves or drops.
    fn deliver(&mut self, arrival: impl Fn(usize) -> Option<Duration>) {
        let mut order: Vec<(Duration, usize)> =
            (0..self.packets.len()).filter_map(|n| arrival(n).map(|at| (at, n))).collect();
        order.sort();
        for (at, n) in order {
            self.rig.run_until(at);
            self.rig.receive(&self.packets[n]);
        }
    }
}

fn on_time(n: usize) -> Option<Duration> {
    Some(FRAME * n as u32)
}

/// How many frames are silence from end to end.
fn silent(frames: &[(Duration, Vec<i16>)]) -> usize {
    frames.iter().filter(|(_, samples)| samples.iter().all(|&sample| sample == 0)).count()
}

#[test]
fn each_packet_in_order_is_a_frame_at_once() {
    let mut call = Call::tone(50);
    call.deliver(on_time);
    let times: Vec<Duration> = call.rig.frames.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, (0..50).map(|n| FRAME * n).collect::<Vec<_>>());
    assert!(call.rig.frames.iter().all(|(_, samples)| samples.len() == 960));
    let stats = call.rig.pipeline.stats();
    assert_eq!(
        (stats.received, stats.frames, stats.lost, stats.concealed, stats.synthesised),
        (50, 50, 0, 0, 0)
    );
}

#[test]
fn the_tone_that_was_sent_is_heard() {
    let mut call = Call::tone(100);
    call.deliver(on_time);
    let fit = tone::fit(&call.rig.heard_f32()[24_000..72_000], 440.0, 48_000);
    assert!((fit.amplitude / 0.5 - 1.0).abs() < 0.05, "level {}", fit.amplitude);
    assert!(fit.snr_db > 20.0, "{} dB", fit.snr_db);
}

#[test]
fn every_input_rate_and_layout_gets_20_ms_frames_with_the_same_tone() {
    for hz in [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000] {
        for layout in [Layout::Mono, Layout::Stereo] {
            let options = PipelineOptions { input_rate: rate(hz), input_layout: layout, ..options() };
            let mut call = Call::new(options, tone_packets(440.0, 100, RtpStart::default()));
            call.deliver(on_time);
            let frames = &call.rig.frames;
            assert!(frames.len() >= 98, "{hz} Hz: {} frames", frames.len());
            let short = hz as usize / 50 * layout.channels();
            let fits = |(_, samples): &(Duration, Vec<i16>)| samples.len() - short <= layout.channels();
            assert!(frames.iter().all(fits), "{hz} Hz");
            let left: Vec<f32> = call.rig.heard_f32().into_iter().step_by(layout.channels()).collect();
            let fit = tone::fit(&left[hz as usize / 2..hz as usize * 3 / 2], 440.0, hz);
            assert!((fit.amplitude / 0.5 - 1.0).abs() < 0.05, "{hz} Hz: level {}", fit.amplitude);
            assert!(fit.snr_db > 20.0, "{hz} Hz: {} dB", fit.snr_db);
        }
    }
}

#[test]
fn frames_at_11025_hz_keep_time_although_20_ms_are_no_whole_number_of_samples() {
    let options = PipelineOptions { input_rate: rate(11_025), ..options() };
    let mut call = Call::new(options, tone_packets(440.0, 102, RtpStart::default()));
    call.deliver(on_time);
    let samples: usize = call.rig.frames[..100].iter().map(|(_, samples)| samples.len()).sum();
    assert_eq!(samples, 22_050);
}

#[test]
fn a_lost_packet_is_concealed_for_exactly_its_duration_and_counted() {
    let mut call = Call::tone(50);
    call.deliver(|n| on_time(n).filter(|_| n != 20));
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.lost, stats.concealed, stats.frames, stats.restarts), (1, 1, 50, 0));
    let gap = call.rig.frames[20].1.iter().map(|&sample| f32::from(sample) / 32_768.0).collect::<Vec<_>>();
    assert!(tone::rms(&gap) > 0.1, "the tone is drawn out: {}", tone::rms(&gap));
}

#[test]
fn the_wait_for_a_missing_packet_keeps_to_the_bounds_given() {
    for (min, max, expected) in [(0, 120, 3), (80, 120, 80), (0, 0, 0)] {
        let options = PipelineOptions { jitter_min: MS * min, jitter_max: MS * max, ..options() };
        let mut call = Call::new(options, tone_packets_with_copies(440.0, 30));
        call.deliver(|n| on_time(n).filter(|_| n != 20));
        assert_eq!(call.rig.frames[20].0, FRAME * 21 + MS * expected);
    }
}

#[test]
fn reordered_packets_are_heard_in_order_and_nothing_else_is_held_back() {
    let mut in_order = Call::tone(50);
    in_order.deliver(on_time);
    let mut call = Call::patient(50);
    call.deliver(|n| on_time(n).map(|at| if n % 10 == 5 { at + 45 * MS } else { at }));
    assert_eq!(call.rig.heard(), in_order.rig.heard(), "sample for sample");
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.lost, stats.late, stats.concealed), (0, 0, 0));
    assert_eq!(call.rig.frames[4].0, FRAME * 4);
    assert_eq!(call.rig.frames[5].0, FRAME * 5 + 45 * MS);
    assert_eq!(call.rig.frames[9].0, FRAME * 9);
}

#[test]
fn a_long_loss_fades_to_silence_after_100_ms_and_keeps_time() {
    let mut call = Call::tone(60);
    call.deliver(|n| on_time(n).filter(|_| !(20..35).contains(&n)));
    let rms = |n: usize| {
        let frame: Vec<f32> =
            call.rig.frames[n].1.iter().map(|&sample| f32::from(sample) / 32_768.0).collect();
        tone::rms(&frame)
    };
    assert!(rms(20) > 0.1, "{}", rms(20));
    assert!((26..34).all(|n| rms(n) == 0.0), "silence from 120 ms on");
    assert!(rms(36) > 0.1, "the tone is back in its place: {}", rms(36));
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.lost, stats.frames), (15, 60));
    assert_eq!(stats.concealed + stats.synthesised, 15);
}

#[test]
fn sequence_numbers_and_timestamps_may_wrap() {
    let start = RtpStart { sequence_number: 65_530, timestamp: u32::MAX - 4_000 };
    let mut call =
        Call::new(PipelineOptions { jitter_min: 60 * MS, ..options() }, tone_packets(440.0, 30, start));
    call.deliver(|n| on_time(n).map(|at| if n == 5 || n == 6 { at + 30 * MS } else { at }));
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.frames, stats.lost, stats.late, stats.restarts, stats.concealed), (30, 0, 0, 0, 0));
}

#[test]
fn a_packet_that_comes_twice_is_heard_once() {
    let mut call = Call::tone(10);
    for n in 0..10 {
        call.rig.run_until(FRAME * n as u32);
        call.rig.receive(&call.packets[n]);
        call.rig.receive(&call.packets[n]);
        call.rig.receive(&call.packets[n / 2]);
    }
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.frames, stats.received, stats.duplicate, stats.late), (10, 30, 20, 0));
}

#[test]
fn a_packet_that_waits_already_is_a_duplicate() {
    let mut call = Call::patient(3);
    for (at, n) in [(0, 0), (40, 2), (40, 2), (45, 1), (45, 2)] {
        call.rig.run_until(at * MS);
        call.rig.receive(&call.packets[n]);
    }
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.frames, stats.duplicate, stats.lost), (3, 2, 0));
}

#[test]
fn a_packet_that_comes_too_late_is_dropped_and_counted() {
    let mut call = Call::tone(50);
    call.deliver(|n| on_time(n).map(|at| if n == 20 { at + 200 * MS } else { at }));
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.frames, stats.lost, stats.late, stats.concealed), (50, 1, 1, 1));
}

#[test]
fn another_ssrc_begins_anew_and_is_counted() {
    let mut call = Call::tone(20);
    call.deliver(|n| on_time(n).filter(|_| n < 10));
    let other = tone_packets(440.0, 10, RtpStart { sequence_number: 40_000, timestamp: 9 });
    for (n, packet) in other.iter().enumerate() {
        call.rig.run_until(FRAME * (10 + n as u32));
        call.rig.receive_view(RtpView { ssrc: 2, ..packet.view() });
    }
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.restarts, stats.frames, stats.lost, stats.late), (1, 20, 0, 0));
}

#[test]
fn packets_held_when_the_ssrc_changes_are_not_forgotten() {
    let mut call = Call::tone(10);
    call.deliver(|n| on_time(n).filter(|_| n != 8));
    let other = tone_packets(440.0, 1, RtpStart { sequence_number: 40_000, timestamp: 9 });
    call.rig.run_until(FRAME * 10);
    call.rig.receive_view(RtpView { ssrc: 2, ..other[0].view() });
    assert_eq!(call.rig.frames.len(), 11);
}

#[test]
fn a_jump_of_the_sequence_begins_anew_after_the_second_packet() {
    let mut call = Call::tone(10);
    call.deliver(on_time);
    for (n, packet) in
        tone_packets(440.0, 10, RtpStart { sequence_number: 30_000, timestamp: 77 }).iter().enumerate()
    {
        call.rig.run_until(FRAME * (10 + n as u32));
        call.rig.receive(packet);
    }
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.restarts, stats.late), (1, 1));
    assert_eq!(call.rig.frames.len(), 20, "the time of the packet given up is filled");
}

#[test]
fn one_stray_packet_changes_nothing() {
    let mut call = Call::tone(20);
    call.deliver(|n| on_time(n).filter(|_| n < 10));
    let stray = Packet { sequence_number: 30_000, ..call.packets[0].clone() };
    call.rig.receive(&stray);
    call.deliver(|n| on_time(n).filter(|_| n >= 10));
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.restarts, stats.late, stats.frames, stats.lost), (0, 1, 20, 0));
}

#[test]
fn a_jump_of_the_clock_begins_anew_and_adds_no_silence() {
    for jump in [48_000 * 60, 1 << 31, 0_u32.wrapping_sub(48_000)] {
        let mut call = Call::tone(20);
        for packet in &mut call.packets[10..] {
            packet.timestamp = packet.timestamp.wrapping_add(jump);
        }
        call.deliver(on_time);
        let stats = call.rig.pipeline.stats();
        assert_eq!((stats.restarts, stats.frames, stats.synthesised), (1, 20, 0), "jump of {jump}");
    }
}

#[test]
fn a_peer_that_has_not_sent_anything_yet_is_not_heard_and_costs_no_wake_ups() {
    let mut rig = Rig::new(options());
    rig.connect();
    rig.run_until(Duration::from_secs(60));
    assert!(rig.frames.is_empty() && rig.pipeline.wake_at().is_none() && rig.pipeline.is_waiting());
    assert_eq!(rig.pipeline.stats().synthesised, 0);
}

#[test]
fn frames_begin_with_the_first_packet() {
    let mut call = Call::tone(50);
    call.rig.connect();
    call.rig.run_until(Duration::from_secs(10));
    assert_eq!(call.rig.pipeline.stream_time(call.rig.instant()), None);
    call.deliver(|n| on_time(n).map(|at| at + Duration::from_secs(10)));
    assert_eq!((call.rig.frames.len(), call.rig.frames[0].0), (50, Duration::from_secs(10)));
    assert_eq!(silent(&call.rig.frames[1..]), 0);
    assert_eq!(
        call.rig.pipeline.stream_time(call.rig.instant()),
        Some(49 * FRAME),
        "as it is before the last one ends"
    );
}

#[test]
fn a_stream_that_something_is_timed_by_begins_with_the_connection() {
    let mut call = Call::tone(50);
    call.rig.pipeline.begin(call.rig.instant());
    call.rig.run_until(Duration::from_millis(9_990));
    assert!((490..=500).contains(&call.rig.frames.len()), "{}", call.rig.frames.len());
    call.deliver(|n| on_time(n).map(|at| at + Duration::from_secs(10)));
    assert_eq!((call.rig.frames.len(), silent(&call.rig.frames)), (550, 500));
    assert_eq!(call.rig.frames[500].0, Duration::from_secs(10), "the first is not delayed");
}

#[test]
fn nothing_is_made_up_before_the_peer_is_connected() {
    let mut rig = Rig::new(options());
    rig.run_until(Duration::from_secs(2));
    assert!(rig.frames.is_empty() && rig.pipeline.wake_at().is_none());
}

#[test]
fn a_peer_that_mutes_is_heard_as_silence_in_real_time_and_heard_again_at_once() {
    let mut call = Call::tone(50);
    // Muted for 3 s; its clock goes on.
    for packet in &mut call.packets[25..] {
        packet.timestamp += 48_000 * 3;
    }
    call.deliver(|n| on_time(n).map(|at| if n < 25 { at } else { at + Duration::from_secs(3) }));
    assert_eq!(call.rig.frames.len(), 25 + 150 + 25);
    assert_eq!(call.rig.frames[175].0, FRAME * 175, "the first packet after the pause is not delayed");
    assert!(silent(&call.rig.frames[32..175]) >= 142);
    assert_eq!(silent(&call.rig.frames[176..]), 0);
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.restarts, stats.lost, stats.concealed), (0, 0, 0));
}

#[test]
fn a_peer_whose_clock_stands_still_while_it_is_muted_is_heard_as_silence_too() {
    let mut call = Call::tone(50);
    call.deliver(|n| on_time(n).map(|at| if n < 25 { at } else { at + Duration::from_secs(3) }));
    assert_eq!(call.rig.frames.len(), 25 + 150 + 25);
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.restarts, stats.lost, stats.trimmed), (0, 0, 0));
}

#[test]
fn silence_that_goes_on_comes_in_longer_steps_but_none_of_it_late_for_what_ends_it() {
    for clock_stands_still in [false, true] {
        let mut call = Call::tone(50);
        let muted = Duration::from_millis(60_110);
        for packet in call.packets[25..].iter_mut().filter(|_| !clock_stands_still) {
            packet.timestamp += 48 * 60_110;
        }
        call.deliver(|n| on_time(n).map(|at| if n < 25 { at } else { at + muted }));
        let frames = &call.rig.frames;
        assert!(frames.len().abs_diff(50 + 3_005) <= 1, "{} frames", frames.len());
        let gap = |from: usize, to: usize| {
            let frames = &frames[from..to];
            frames.windows(2).map(|pair| pair[1].0 - pair[0].0).max().unwrap_or_default()
        };
        assert!(gap(0, 120) <= 60 * MS, "a pause is found in time");
        assert!((190 * MS..=210 * MS).contains(&gap(200, 3_000)), "{:?}", gap(200, 3_000));
        assert_eq!(frames[frames.len() - 25].0, FRAME * 25 + muted, "what ends it comes at once");
    }
}

#[test]
fn pauses_of_discontinuous_transmission_keep_real_time() {
    // A packet each 400 ms, as libopus sends them in a pause.
    let mut call = Call::tone(20);
    for (n, packet) in call.packets.iter_mut().enumerate() {
        packet.timestamp = 5_000 + n as u32 * 19_200;
    }
    call.deliver(|n| Some(400 * MS * n as u32));
    let expected = 19 * 20 + 1;
    assert!(call.rig.frames.len().abs_diff(expected) <= 1, "{} frames", call.rig.frames.len());
    assert_eq!(call.rig.pipeline.stats().restarts, 0);
}

#[test]
fn a_short_gap_in_the_peers_time_is_filled() {
    let mut call = Call::tone(20);
    for packet in &mut call.packets[10..] {
        packet.timestamp += 2_880;
    }
    call.deliver(|n| on_time(n).map(|at| if n < 10 { at } else { at + 60 * MS }));
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.frames, stats.synthesised, stats.concealed, stats.restarts), (23, 3, 0, 0));
}

#[test]
fn speech_that_comes_late_in_one_burst_is_heard_in_full() {
    let mut call = Call::tone(100);
    // Nothing arrives for 500 ms, then all of it at once.
    call.deliver(|n| on_time(n).map(|at| if (25..50).contains(&n) { FRAME * 50 } else { at }));
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.lost, stats.late, stats.restarts), (0, 0, 0));
    let spoken = call.rig.frames.len() - (stats.synthesised + stats.concealed) as usize;
    assert!((99..=100).contains(&spoken), "each packet's frame, after what was made up: {spoken}");
}

#[test]
fn the_delay_of_a_late_burst_is_taken_back_in_the_next_pause() {
    let mut samples = tone::sine(440.0, 48_000, 75 * 960);
    samples.extend(vec![0.0; 75 * 960]);
    let mut call = Call::new(options(), packets_of(samples, RtpStart::default()));
    call.deliver(|n| on_time(n).map(|at| if (25..50).contains(&n) { FRAME * 50 } else { at }));
    let stats = call.rig.pipeline.stats();
    let made_up = stats.synthesised + stats.concealed;
    assert!(made_up >= 20, "{made_up}");
    assert!(made_up - stats.trimmed <= 2, "{made_up} made up, {} left out", stats.trimmed);
    assert!(call.rig.frames.len() <= 152, "{} frames in 3 s", call.rig.frames.len());
}

#[test]
fn a_peer_whose_clock_is_slow_or_fast_stays_in_step() {
    for ppm in [-300.0, 300.0_f64] {
        let mut call = Call::tone(50);
        let packet = call.packets[30].clone();
        let interval = Duration::from_secs_f64(0.02 * (1.0 - ppm / 1e6));
        for n in 0..90_000_u32 {
            call.rig.run_until(interval * n);
            let sequence_number = n as u16;
            call.rig.receive(&Packet { sequence_number, timestamp: n * 960, ..packet.clone() });
            call.rig.frames.clear();
        }
        // The frames of half an hour, and not a burst of silence in the first pause after it.
        call.rig.run_for(Duration::from_secs(1));
        assert!(call.rig.frames.len().abs_diff(49) <= 2, "{ppm} ppm: {} frames", call.rig.frames.len());
        let stats = call.rig.pipeline.stats();
        assert_eq!((stats.late, stats.trimmed, stats.restarts), (0, 0, 0), "{ppm} ppm");
    }
}

#[test]
fn a_peer_that_sends_faster_than_time_passes_is_cut_short() {
    let mut call = Call::tone(1);
    let packet = call.packets[0].clone();
    for n in 0..10_000_u32 {
        call.rig.run_until(MS * n);
        call.rig.receive(&Packet { sequence_number: n as u16, timestamp: n * 960, ..packet.clone() });
    }
    let frames = call.rig.frames.len();
    assert!((500..=570).contains(&frames), "{frames} frames in 10 s");
}

#[test]
fn packets_of_2_5_to_120_ms_make_frames_of_20_ms() {
    // CELT of 2.5 ms (RFC 6716, section 3.1), and packets of six frames of 20 ms.
    let short = vec![16 << 3, 0, 0, 0];
    let mut rig = Rig::new(options());
    for n in 0..80 {
        rig.run_until(Duration::from_micros(2_500) * u32::from(n));
        let view = RtpView {
            ssrc: 1,
            sequence_number: n,
            timestamp: u32::from(n) * 120,
            marker: false,
            payload: &short,
        };
        rig.receive_view(view);
    }
    assert_eq!(rig.frames.len(), 10);
    let long = vec![(1 << 3) | 3, 6, 0, 0, 0, 0, 0, 0];
    for n in 0..5 {
        rig.run_until(200 * MS + 120 * MS * u32::from(n));
        let timestamp = 9_600 + u32::from(n) * 5_760;
        rig.receive_view(RtpView {
            ssrc: 1,
            sequence_number: 80 + n,
            timestamp,
            marker: false,
            payload: &long,
        });
    }
    assert_eq!(rig.frames.len(), 10 + 30);
    assert!(rig.frames.iter().all(|(_, samples)| samples.len() == 960));
    assert_eq!(rig.pipeline.stats().undecodable, 0);
}

#[test]
fn a_lost_packet_of_any_length_is_concealed_for_its_length() {
    for milliseconds in [10, 20, 40, 60, 120] {
        let packets = packets_of_length(&tone::sine(440.0, 48_000, 144_000), Layout::Mono, milliseconds);
        let mut call = Call::new(options(), packets);
        let times: Vec<Duration> = call.packets.iter().map(|packet| packet.at).collect();
        call.deliver(|n| Some(times[n]).filter(|_| n != 10));
        let stats = call.rig.pipeline.stats();
        // A gap of more than 100 ms is filled before it is known to be a loss.
        let made_up = stats.concealed + stats.synthesised;
        assert_eq!((stats.lost, stats.frames), (1, 150), "{milliseconds} ms");
        assert_eq!(made_up, u64::from(milliseconds) / 20, "{milliseconds} ms");
    }
}

#[test]
fn a_stereo_peer_is_mixed_down_for_a_mono_handler() {
    let left = tone::sine(440.0, 48_000, 96_000);
    let stereo: Vec<f32> = left.iter().flat_map(|&sample| [sample, 0.0]).collect();
    let mut call = Call::new(options(), packets_of_length(&stereo, Layout::Stereo, 20));
    call.deliver(on_time);
    let fit = tone::fit(&call.rig.heard_f32()[24_000..72_000], 440.0, 48_000);
    assert!((fit.amplitude / 0.25 - 1.0).abs() < 0.05, "half the level: {}", fit.amplitude);
}

#[test]
fn a_stereo_handler_hears_the_sides_of_a_stereo_peer_apart() {
    let left = tone::sine(440.0, 48_000, 96_000);
    let stereo: Vec<f32> = left.iter().flat_map(|&sample| [sample, 0.0]).collect();
    let handler = PipelineOptions { input_layout: Layout::Stereo, input_rate: rate(44_100), ..options() };
    let mut call = Call::new(handler, packets_of_length(&stereo, Layout::Stereo, 20));
    call.deliver(on_time);
    let heard = call.rig.heard_f32();
    let side = |side| heard[44_100..132_300].iter().skip(side).step_by(2).copied().collect::<Vec<_>>();
    let fit = tone::fit(&side(0), 440.0, 44_100);
    assert!((fit.amplitude / 0.5 - 1.0).abs() < 0.05, "{}", fit.amplitude);
    assert!(tone::rms(&side(1)) < 0.02, "{}", tone::rms(&side(1)));
}

#[test]
fn a_peer_whose_time_runs_away_is_kept_in_step() {
    let mut call = Call::tone(1);
    let packet = call.packets[0].clone();
    for n in 0..500_u32 {
        call.rig.run_until(FRAME * n);
        // 240 ms later with each packet of 20 ms.
        let packet = Packet { sequence_number: n as u16, timestamp: n * 12_480, ..packet.clone() };
        call.rig.receive(&packet);
    }
    let frames = call.rig.frames.len();
    assert!((500..=560).contains(&frames), "{frames} frames in 10 s");
}

#[test]
fn a_packet_that_is_no_opus_is_counted_and_its_time_concealed() {
    let mut call = Call::tone(20);
    call.packets[10].payload = vec![3, 0];
    call.deliver(on_time);
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.undecodable, stats.concealed, stats.frames, stats.lost), (1, 1, 20, 0));
    assert_eq!(call.rig.frames[11].0, FRAME * 11, "nothing is waited for");
}

#[test]
fn padding_packets_use_up_a_number_and_nothing_else() {
    let mut call = Call::tone(20);
    for (n, packet) in call.packets[10..].iter_mut().enumerate() {
        packet.sequence_number += 1 + n as u16 / 100;
    }
    call.deliver(|n| on_time(n).filter(|_| n < 10));
    let padding = Packet { payload: vec![], sequence_number: 110, ..call.packets[9].clone() };
    call.rig.receive(&padding);
    call.deliver(|n| on_time(n).filter(|_| n >= 10));
    let stats = call.rig.pipeline.stats();
    assert_eq!((stats.frames, stats.lost, stats.undecodable, stats.concealed), (20, 0, 0, 0));
}

#[test]
fn jitter_is_measured_as_rfc_3550_says() {
    let mut call = Call::tone(200);
    call.deliver(|n| on_time(n).map(|at| at + 5 * MS * (n as u32 % 2)));
    let jitter = call.rig.pipeline.stats().jitter;
    assert!(jitter > MS * 49 / 10 && jitter <= 5 * MS, "every difference is 5 ms: {jitter:?}");
}

#[test]
fn an_owner_that_was_stopped_for_a_minute_gets_no_minute_of_silence() {
    let mut call = Call::tone(10);
    call.deliver(on_time);
    let mut rig = call.rig;
    let before = rig.frames.len();
    rig.now = Duration::from_secs(60);
    rig.pipeline.wake(rig.instant());
    rig.collect();
    assert_eq!(rig.frames.len() - before, 250, "5 s");
}

#[test]
fn frames_that_nobody_takes_are_dropped_oldest_first_and_counted() {
    let mut call = Call::tone(1);
    let packet = call.packets[0].clone();
    for n in 0..1_000_u32 {
        call.rig.now = FRAME * n;
        let packet = Packet { sequence_number: n as u16, timestamp: n * 960, ..packet.clone() };
        call.rig.pipeline.receive(call.rig.instant(), packet.view());
    }
    call.rig.collect();
    assert_eq!(call.rig.frames.len(), 250, "5 s");
    assert_eq!(call.rig.pipeline.stats().input_dropped, 750);
}

/// xorshift64*: the same numbers on every machine.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % bound
    }
}

#[test]
fn garbage_of_all_kinds_is_survived() {
    let packets = tone_packets(440.0, 50, RtpStart { sequence_number: 65_500, timestamp: u32::MAX - 9_000 });
    for (hz, layout) in [(48_000, Layout::Mono), (16_000, Layout::Stereo), (44_100, Layout::Stereo)] {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let mut rig = Rig::new(PipelineOptions { input_rate: rate(hz), input_layout: layout, ..options() });
        rig.connect();
        for n in 0..4_000_u32 {
            let mut packet = packets[numbers.below(50) as usize].clone();
            (packet.sequence_number, packet.timestamp) = (n as u16, n * 960);
            mutate(&mut packet, &mut numbers);
            rig.receive_view(RtpView { ssrc: numbers.below(40) as u32 / 39, ..packet.view() });
            rig.run_for(MS * numbers.below(41) as u32);
        }
        let stats = rig.pipeline.stats();
        assert_eq!(stats.received, 4_000);
        assert!(stats.undecodable > 200 && stats.late > 100 && stats.restarts > 100, "{stats:?}");
        assert!(stats.frames.abs_diff(rig.now.as_millis() as u64 / 20) < 60, "in step with time: {stats:?}");
    }
}

fn mutate(packet: &mut Packet, numbers: &mut Numbers) {
    match numbers.below(6) {
        0 => packet.payload.truncate(numbers.below(packet.payload.len() as u64 + 1) as usize),
        1 => {
            for _ in 0..=numbers.below(8) {
                let at = numbers.below(packet.payload.len() as u64) as usize;
                packet.payload[at] ^= 1 << numbers.below(8);
            }
        }
        2 => packet.payload = (0..numbers.below(2_000)).map(|_| numbers.below(256) as u8).collect(),
        3 => packet.sequence_number = numbers.below(65_536) as u16,
        4 => packet.timestamp = numbers.below(1 << 32) as u32,
        _ => {}
    }
}
