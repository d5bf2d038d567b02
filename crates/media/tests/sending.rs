//! What a peer gets of what a handler emits.

mod common;

use std::time::Duration;

use common::{FRAME, MS, Packet, Rig, mono, options, rate, tone};
use parley_media::{
    Chunk, Layout, Mark, MediaError, OpusOptions, PeerWishes, Pipeline, PipelineOptions, Played, RtpStart,
    Samples,
};

/// What a peer hears of packets, at 48 kHz: played at their timestamps.
fn heard(packets: &[Packet], layout: Layout) -> Vec<f32> {
    let mut peer = Rig::new(PipelineOptions { input_layout: layout, ..options() });
    for packet in packets {
        peer.run_until(packet.at);
        peer.receive(packet);
    }
    peer.heard_f32()
}

fn steps<T>(packets: &[Packet], of: impl Fn(&Packet) -> T) -> Vec<T> {
    packets.iter().map(of).collect()
}

#[test]
fn the_first_frame_goes_at_once_and_then_one_each_20_ms() {
    let mut rig = Rig::new(options());
    rig.now = 7 * MS;
    rig.emit(mono(tone::sine(440.0, 48_000, 48_000), 48_000));
    assert_eq!(rig.packets.len(), 1, "before any time has passed");
    rig.run_for(Duration::from_secs(2));
    let times = steps(&rig.packets[..50], |packet| packet.at);
    assert_eq!(times, (0..50).map(|n| 7 * MS + FRAME * n).collect::<Vec<_>>());
}

#[test]
fn numbers_and_times_follow_each_other_from_where_they_were_told_to_begin() {
    let rtp_start = RtpStart { sequence_number: 65_534, timestamp: u32::MAX - 959 };
    let mut rig = Rig::new(PipelineOptions { rtp_start, ..options() });
    rig.emit(mono(vec![0.1; 5 * 960], 48_000));
    rig.run_until(FRAME * 4);
    assert_eq!(steps(&rig.packets, |packet| packet.sequence_number), [65_534, 65_535, 0, 1, 2]);
    assert_eq!(steps(&rig.packets, |packet| packet.timestamp), [u32::MAX - 959, 0, 960, 1_920, 2_880]);
    assert_eq!(steps(&rig.packets, |packet| packet.marker), [true, false, false, false, false]);
}

#[test]
fn a_pause_is_a_gap_in_time_and_not_a_delay() {
    let mut rig = Rig::new(options());
    rig.emit(mono(vec![0.1; 960], 48_000));
    rig.run_until(Duration::from_secs(3) + 9 * MS);
    rig.emit(mono(vec![0.1; 960], 48_000));
    let (first, last) = (&rig.packets[0], &rig.packets[3]);
    assert_eq!(last.at, Duration::from_secs(3) + 9 * MS, "at once");
    assert_eq!(last.timestamp - first.timestamp, 150 * 960);
    assert_eq!(last.sequence_number, first.sequence_number + 3, "the fade-out and silence are between them");
    assert!(last.marker);
}

#[test]
fn an_underrun_sends_one_fade_out_silence_and_then_nothing() {
    let mut rig = Rig::new(options());
    rig.emit(mono(vec![0.5; 3 * 960], 48_000));
    rig.run_until(Duration::from_secs(1));
    assert_eq!(
        steps(&rig.packets, |packet| packet.at),
        [0, 20, 40, 70, 86].map(|ms| MS * ms),
        "60 ms and 10 of grace"
    );
    assert_eq!(rig.pipeline.stats().underruns, 1);
    assert_eq!(rig.pipeline.wake_at(), None, "idle");
}

#[test]
fn a_tone_that_breaks_off_ends_without_a_click() {
    let mut rig = Rig::new(options());
    // It breaks off at its peak.
    rig.emit(mono(tone::sine(437.5, 48_000, 10 * 960), 48_000));
    rig.run_until(Duration::from_secs(1));
    let heard = heard(&rig.packets, Layout::Mono);
    let step = heard.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    assert!(step < 0.08, "a step of {step}; the tone's own largest is 0.029");
    assert!(tone::rms(&heard[10 * 960 + 700..]) < 0.01);
}

#[test]
fn audio_within_the_grace_goes_at_once_and_moves_the_clock_a_little() {
    let mut rig = Rig::new(options());
    rig.emit(mono(vec![0.1; 960], 48_000));
    rig.run_until(26 * MS);
    rig.emit(mono(vec![0.1; 3 * 960], 48_000));
    rig.run_until(80 * MS);
    assert_eq!(steps(&rig.packets, |packet| packet.at), [0, 26, 42, 62].map(|ms| ms * MS));
    assert_eq!(steps(&rig.packets, |packet| packet.timestamp), [0, 960, 1_920, 2_880], "no hole");
    assert_eq!(rig.pipeline.stats().underruns, 0);
}

#[test]
fn audio_that_is_always_a_little_late_still_keeps_real_time() {
    let mut rig = Rig::new(options());
    for n in 0..100 {
        rig.run_until(25 * MS * n);
        rig.emit(mono(vec![0.1; 960], 48_000));
    }
    assert_eq!(rig.pipeline.stats().underruns, 0);
    let last = rig.packets.last().unwrap();
    assert_eq!(last.at, 25 * MS * 99);
    let behind = last.at.as_millis() as i64 - i64::from(last.timestamp) / 48;
    assert!((0..20).contains(&behind), "{behind} ms behind real time");
}

#[test]
fn a_wake_up_that_comes_late_is_made_up_for() {
    let mut rig = Rig::new(options());
    rig.emit(mono(vec![0.1; 20 * 960], 48_000));
    rig.now = 65 * MS;
    rig.pipeline.wake(rig.instant());
    rig.collect();
    assert_eq!(rig.packets.len(), 4);
    rig.run_until(100 * MS);
    assert_eq!(steps(&rig.packets[4..], |packet| packet.at), [80 * MS, 100 * MS], "the clock did not move");
}

#[test]
fn after_a_long_stop_the_clock_starts_again_without_a_burst() {
    let mut rig = Rig::new(options());
    rig.emit(mono(vec![0.1; 50 * 960], 48_000));
    rig.now = Duration::from_secs(10);
    rig.pipeline.wake(rig.instant());
    rig.collect();
    assert_eq!(rig.packets.len(), 2);
    assert_eq!(rig.packets[1].timestamp, 500 * 960);
}

#[test]
fn a_last_frame_that_is_not_full_is_padded_with_silence() {
    let mut rig = Rig::new(options());
    rig.emit(mono(vec![0.25; 1_200], 48_000));
    assert_eq!(rig.pipeline.queued(), 5 * MS);
    rig.run_until(Duration::from_secs(1));
    assert_eq!(steps(&rig.packets, |packet| packet.at), [Duration::ZERO, 30 * MS, 46 * MS]);
    assert_eq!(rig.pipeline.queued(), Duration::ZERO);
    assert_eq!(rig.packets[1].timestamp, 960);
}

#[test]
fn an_echo_is_sent_the_moment_its_frame_arrives() {
    let mut rig = Rig::new(options());
    for packet in common::tone_packets(440.0, 100, RtpStart::default()) {
        rig.run_until(packet.at);
        rig.receive(&packet);
        for (_, samples) in std::mem::take(&mut rig.frames) {
            rig.emit(Chunk { samples: Samples::I16(samples), rate: rate(48_000), layout: Layout::Mono });
        }
    }
    assert_eq!(steps(&rig.packets, |packet| packet.at), (0..100).map(|n| FRAME * n).collect::<Vec<_>>());
    let fit = tone::fit(&heard(&rig.packets, Layout::Mono)[24_000..72_000], 440.0, 48_000);
    assert!(
        (fit.amplitude / 0.5 - 1.0).abs() < 0.06 && fit.snr_db > 18.0,
        "{} {}",
        fit.amplitude,
        fit.snr_db
    );
}

#[test]
fn draining_sends_what_is_left_without_waiting_for_more() {
    let mut rig = Rig::new(options());
    rig.emit(mono(vec![0.25; 1_200], 48_000));
    rig.pipeline.drain();
    assert!(rig.pipeline.is_sending());
    rig.run_until(Duration::from_secs(1));
    assert!(!rig.pipeline.is_sending(), "all of it was sent");
    assert_eq!(steps(&rig.packets, |packet| packet.at), [0, 20, 40].map(|ms| MS * ms));
}

#[test]
fn less_than_a_frame_is_sent_soon_even_if_nothing_follows() {
    let mut rig = Rig::new(options());
    rig.emit(mono(vec![0.25; 1], 48_000));
    assert!(rig.packets.is_empty());
    rig.run_until(Duration::from_secs(1));
    assert_eq!(steps(&rig.packets, |packet| packet.at), [30 * MS, 50 * MS]);
}

#[test]
fn chunks_of_10_ms_make_whole_frames() {
    let mut rig = Rig::new(options());
    for n in 0..20 {
        rig.run_until(10 * MS * n);
        rig.emit(mono(vec![0.25; 480], 48_000));
    }
    assert_eq!(
        steps(&rig.packets, |packet| packet.at),
        (0..10).map(|n| 10 * MS + FRAME * n).collect::<Vec<_>>()
    );
    assert_eq!(rig.pipeline.stats().underruns, 0);
}

#[test]
fn chunks_of_one_sample_sound_like_one_chunk() {
    let samples = tone::sine(440.0, 24_000, 12_000);
    let mut whole = Rig::new(options());
    whole.emit(mono(samples.clone(), 24_000));
    whole.run_until(Duration::from_secs(1));
    let mut pieces = Rig::new(options());
    for sample in samples {
        pieces.pipeline.emit(pieces.instant(), mono(vec![sample], 24_000));
    }
    pieces.collect();
    pieces.run_until(Duration::from_secs(1));
    assert_eq!(pieces.packets, whole.packets);
}

#[test]
fn ten_minutes_at_once_are_sent_in_ten_minutes() {
    let mut rig = Rig::new(PipelineOptions { output_rate: rate(8_000), ..options() });
    let chunk =
        Chunk { samples: Samples::I16(vec![1_000; 600 * 8_000]), rate: rate(8_000), layout: Layout::Mono };
    rig.emit(chunk);
    assert_eq!(rig.packets.len(), 1, "nothing else is converted yet");
    assert_eq!(rig.pipeline.queued(), Duration::from_secs(600) - FRAME);
    rig.run_until(Duration::from_secs(700));
    assert_eq!(rig.packets.len(), 30_002);
    assert_eq!(rig.packets[29_999].at, Duration::from_secs(600) - FRAME);
}

#[test]
fn a_tone_emitted_at_any_rate_is_heard_with_its_pitch_and_level() {
    for hz in [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 44_101, 48_000, 96_000, 192_000] {
        for output_rate in [rate(24_000), rate(44_100), rate(48_000)] {
            let mut rig = Rig::new(PipelineOptions { output_rate, ..options() });
            rig.emit(mono(tone::sine(440.0, hz, 2 * hz as usize), hz));
            rig.run_until(Duration::from_secs(3));
            assert!(rig.packets.len().abs_diff(101) <= 1, "{hz} Hz: {} packets", rig.packets.len());
            let fit = tone::fit(&heard(&rig.packets, Layout::Mono)[24_000..72_000], 440.0, 48_000);
            assert!((fit.amplitude / 0.5 - 1.0).abs() < 0.06, "{hz} Hz: level {}", fit.amplitude);
            assert!(fit.snr_db > 20.0, "{hz} Hz: {} dB", fit.snr_db);
        }
    }
}

#[test]
fn the_end_of_resampled_audio_is_not_cut_off() {
    let mut rig = Rig::new(options());
    // Silence but for the last 5 ms, which is what the resampler's filter holds back.
    let mut samples = vec![0.0; 44_100];
    samples.extend(tone::sine(1_000.0, 44_100, 221));
    rig.emit(mono(samples, 44_100));
    rig.run_until(Duration::from_secs(2));
    let heard = heard(&rig.packets, Layout::Mono);
    assert!(tone::rms(&heard[47_900..]) > 0.05, "{}", tone::rms(&heard[47_900..]));
}

#[test]
fn chunks_of_changing_rates_join_without_a_hole() {
    let mut rig = Rig::new(options());
    for (n, hz) in [48_000, 16_000, 44_100, 22_050, 48_000, 8_000].into_iter().enumerate() {
        let offset = (n as f64 * 0.2 * f64::from(hz)) as usize;
        let tone = tone::sine(440.0, hz, offset + hz as usize / 5);
        rig.emit(mono(tone[offset..].to_vec(), hz));
    }
    rig.run_until(Duration::from_secs(3));
    assert!(rig.packets.len().abs_diff(61) <= 1, "1.2 s and the end: {}", rig.packets.len());
    let heard = heard(&rig.packets, Layout::Mono);
    let fit = tone::fit(&heard[4_800..52_800], 440.0, 48_000);
    assert!(fit.snr_db > 18.0, "one tone throughout: {} dB", fit.snr_db);
    assert!(heard[4_800..52_800].chunks(240).all(|piece| tone::rms(piece) > 0.2), "no 5 ms of it are silent");
}

#[test]
fn a_mono_chunk_is_heard_on_both_sides_of_a_stereo_stream() {
    let mut rig = Rig::new(PipelineOptions { output_layout: Layout::Stereo, ..options() });
    rig.emit(mono(tone::sine(440.0, 48_000, 48_000), 48_000));
    rig.run_until(Duration::from_secs(2));
    let heard = heard(&rig.packets, Layout::Stereo);
    for side in 0..2 {
        let samples: Vec<f32> = heard[48_000..].iter().skip(side).step_by(2).take(19_200).copied().collect();
        let fit = tone::fit(&samples, 440.0, 48_000);
        assert!(
            (fit.amplitude / 0.5 - 1.0).abs() < 0.06 && fit.snr_db > 20.0,
            "{} {}",
            fit.amplitude,
            fit.snr_db
        );
    }
}

#[test]
fn a_stereo_chunk_is_averaged_into_a_mono_stream() {
    let left = tone::sine(440.0, 24_000, 24_000);
    let stereo: Vec<f32> = left.iter().flat_map(|&sample| [sample, 0.0]).collect();
    let mut rig = Rig::new(PipelineOptions { output_rate: rate(24_000), ..options() });
    rig.emit(Chunk { samples: Samples::F32(stereo), rate: rate(24_000), layout: Layout::Stereo });
    rig.run_until(Duration::from_secs(2));
    let fit = tone::fit(&heard(&rig.packets, Layout::Mono)[9_600..38_400], 440.0, 48_000);
    assert!((fit.amplitude / 0.25 - 1.0).abs() < 0.06, "half the level: {}", fit.amplitude);
}

#[test]
fn the_sides_of_a_stereo_stream_stay_apart() {
    let (left, right) = (tone::sine(440.0, 48_000, 48_000), tone::sine(1_000.0, 48_000, 48_000));
    let stereo = left.iter().zip(&right).flat_map(|(&left, &right)| [left, right]).collect();
    let opus = OpusOptions { bitrate: 128_000, ..OpusOptions::default() };
    let mut rig = Rig::new(PipelineOptions { output_layout: Layout::Stereo, opus, ..options() });
    rig.emit(Chunk { samples: Samples::F32(stereo), rate: rate(48_000), layout: Layout::Stereo });
    rig.run_until(Duration::from_secs(2));
    let heard = heard(&rig.packets, Layout::Stereo);
    for (side, hz) in [(0, 440.0), (1, 1_000.0)] {
        let samples: Vec<f32> = heard[48_000..].iter().skip(side).step_by(2).take(19_200).copied().collect();
        let fit = tone::fit(&samples, hz, 48_000);
        assert!(
            (fit.amplitude / 0.5 - 1.0).abs() < 0.06 && fit.snr_db > 15.0,
            "{} {}",
            fit.amplitude,
            fit.snr_db
        );
    }
}

#[test]
fn sixteen_bit_and_floating_point_chunks_sound_the_same() {
    let floats = tone::sine(440.0, 48_000, 9_600);
    let words: Vec<i16> = floats.iter().map(|&sample| (sample * 32_768.0) as i16).collect();
    let exact: Vec<f32> = words.iter().map(|&word| f32::from(word) / 32_768.0).collect();
    let send = |samples| {
        let mut rig = Rig::new(options());
        rig.emit(Chunk { samples, rate: rate(48_000), layout: Layout::Mono });
        rig.run_until(Duration::from_secs(1));
        rig.packets
    };
    assert_eq!(send(Samples::I16(words)), send(Samples::F32(exact)));
}

#[test]
fn nonsense_in_floating_point_is_made_harmless() {
    for hz in [48_000, 44_100] {
        let nonsense = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, f32::MIN_POSITIVE / 2.0];
        let mut rig = Rig::new(options());
        rig.emit(mono(nonsense.iter().cycle().take(hz as usize / 10).copied().collect(), hz));
        rig.emit(mono(tone::sine(440.0, hz, hz as usize), hz));
        rig.run_until(Duration::from_secs(2));
        let fit = tone::fit(&heard(&rig.packets, Layout::Mono)[14_400..43_200], 440.0, 48_000);
        assert!(fit.snr_db > 20.0, "what follows is heard as ever: {} dB", fit.snr_db);
    }
}

#[test]
fn empty_chunks_are_nothing() {
    let mut rig = Rig::new(options());
    rig.emit(mono(vec![], 48_000));
    rig.emit(Chunk { samples: Samples::I16(vec![1]), rate: rate(48_000), layout: Layout::Stereo });
    assert_eq!((rig.pipeline.wake_at(), rig.pipeline.queued()), (None, Duration::ZERO));
}

#[test]
fn clearing_the_queue_silences_the_peer_within_a_frame() {
    let mut rig = Rig::new(options());
    rig.emit(mono(tone::sine(440.0, 48_000, 480_000), 48_000));
    rig.run_until(105 * MS);
    rig.pipeline.clear_queue(rig.instant());
    rig.collect();
    assert_eq!(rig.pipeline.queued(), Duration::ZERO);
    rig.run_until(Duration::from_secs(1));
    let times = steps(&rig.packets, |packet| packet.at);
    assert_eq!(times, (0..8).map(|n| FRAME * n).collect::<Vec<_>>(), "the fade-out is the one at 120 ms");
    let heard = heard(&rig.packets, Layout::Mono);
    // What is left is libopus ringing out: a steady tone is the worst it can be told to stop.
    assert!(tone::rms(&heard[120 * 48 + 700..]) < 0.05, "{}", tone::rms(&heard[120 * 48 + 700..]));
    assert_eq!(rig.pipeline.stats().underruns, 0);
}

#[test]
fn audio_emitted_after_clearing_goes_on_at_the_next_tick() {
    let mut rig = Rig::new(options());
    rig.emit(mono(tone::sine(440.0, 48_000, 480_000), 48_000));
    rig.run_until(105 * MS);
    rig.pipeline.clear_queue(rig.instant());
    rig.collect();
    rig.emit(mono(vec![0.0; 4_800], 48_000));
    rig.run_until(200 * MS);
    assert_eq!(rig.packets[6].at, 120 * MS);
    assert_eq!(rig.packets[6].timestamp, 6 * 960);
    assert!(!rig.packets[6].marker);
    let heard = heard(&rig.packets, Layout::Mono);
    assert!(
        tone::rms(&heard[140 * 48..]) < 0.01,
        "nothing of what was cleared: {}",
        tone::rms(&heard[140 * 48..])
    );
}

#[test]
fn clearing_while_less_than_a_frame_waits_sends_nothing() {
    let mut rig = Rig::new(options());
    rig.emit(mono(vec![0.25; 100], 44_100));
    rig.pipeline.clear_queue(rig.instant());
    rig.run_until(Duration::from_secs(1));
    assert!(rig.packets.is_empty());
}

#[test]
fn silence_is_hardly_sent_with_discontinuous_transmission() {
    let opus = OpusOptions { dtx: true, ..OpusOptions::default() };
    let mut rig = Rig::new(PipelineOptions { opus, ..options() });
    rig.emit(mono(vec![0.0; 48_000 * 4], 48_000));
    rig.run_until(Duration::from_secs(5));
    assert!(rig.packets.len() < 60, "{} of 200", rig.packets.len());
    let numbers = steps(&rig.packets, |packet| packet.sequence_number);
    assert_eq!(numbers, (0..rig.packets.len() as u16).collect::<Vec<_>>(), "no number is missing");
    assert!(
        rig.packets
            .iter()
            .all(|packet| u128::from(packet.timestamp) == packet.at.as_millis() * 48 / 960 * 960)
    );
}

#[test]
fn expected_loss_is_paid_for_in_the_packets() {
    let bytes = |loss| {
        let opus = OpusOptions { bitrate: 24_000, ..OpusOptions::default() };
        let mut rig = Rig::new(PipelineOptions { opus, output_rate: rate(16_000), ..options() });
        rig.pipeline.set_expected_loss(loss);
        rig.emit(mono(tone::sine(440.0, 16_000, 16_000), 16_000));
        rig.run_until(Duration::from_secs(1));
        rig.packets.into_iter().map(|packet| packet.payload).collect::<Vec<_>>()
    };
    assert_ne!(bytes(0), bytes(20));
    assert_eq!(bytes(0), bytes(0), "equal inputs give equal outputs");
}

#[test]
fn options_out_of_range_are_refused_by_name() {
    let jitter_min = Duration::from_millis(121);
    let error = Pipeline::new(PipelineOptions { jitter_min, ..options() }).unwrap_err();
    assert_eq!(error, MediaError::JitterBounds);
    let opus = OpusOptions { bitrate: 510_001, ..OpusOptions::default() };
    let error = Pipeline::new(PipelineOptions { opus, ..options() }).unwrap_err();
    assert_eq!(error.to_string(), "Opus option bitrate can't be 510001");
    assert!(parley_media::SampleRate::new(7_999).is_err() && parley_media::SampleRate::new(192_001).is_err());
}

#[test]
fn a_pipeline_can_move_to_another_thread() {
    fn movable<T: Send>() {}
    movable::<Pipeline>();
}

#[test]
fn what_is_played_follows_what_is_sent_by_the_way_to_the_peer() {
    let mut rig = Rig::new(options());
    rig.pipeline.set_path(30 * MS);
    rig.emit(mono(tone::sine(440.0, 48_000, 48_000), 48_000));
    rig.run_until(540 * MS);
    // The frame of 480 ms was played to its end 20 ms and 30 ms after it was sent, the one of 500 ms is being played.
    assert_eq!(rig.pipeline.played(), 500 * MS);
    rig.run_until(Duration::from_secs(3));
    assert_eq!(rig.pipeline.played(), Duration::from_secs(1), "all of it, and no more than was emitted");
}

#[test]
fn what_is_played_never_falls_and_never_counts_what_was_cleared() {
    for hz in [8_000, 11_025, 24_000, 44_101, 48_000, 192_000] {
        let mut rig = Rig::new(options());
        let (mut last, mut emitted) = (Duration::ZERO, Duration::ZERO);
        for n in 0..200_u32 {
            let length = (hz / 50 * (n % 5)) as usize;
            rig.emit(mono(vec![0.1; length], hz));
            emitted += Duration::from_secs_f64(length as f64 / f64::from(hz));
            if n % 37 == 36 {
                emitted -= rig.pipeline.queued();
                rig.pipeline.clear_queue(rig.instant());
            }
            rig.pipeline.set_path(MS * (n % 7 * 10));
            rig.run_for(17 * MS);
            let played = rig.pipeline.played();
            assert!(played >= last && played <= emitted + MS, "{hz} Hz: {last:?} {played:?} {emitted:?}");
            last = played;
        }
        rig.run_for(Duration::from_secs(20));
        let behind = emitted.abs_diff(rig.pipeline.played());
        assert!(behind < MS, "{hz} Hz: {emitted:?}, heard {:?}", rig.pipeline.played());
    }
}

/// What became of all marks so far.
fn played(rig: &mut Rig) -> Vec<Played> {
    std::iter::from_fn(|| rig.pipeline.take_played()).collect()
}

#[test]
fn a_mark_is_passed_when_the_audio_before_it_was_heard() {
    let mut rig = Rig::new(options());
    rig.pipeline.set_path(25 * MS);
    for (mark, ms) in [(1, 50), (2, 500)] {
        rig.emit(mono(vec![0.1; 48 * ms], 48_000));
        rig.pipeline.mark(rig.instant(), Mark { id: mark, over: None });
    }
    let mut passed = Vec::new();
    while passed.len() < 2 {
        let at = rig.pipeline.wake_at().expect("a mark waits").saturating_duration_since(rig.start);
        rig.run_until(at);
        passed.extend(played(&mut rig).into_iter().map(|played| (rig.now, played)));
    }
    let whole = |mark, length| Played { mark, played: length, length };
    // The frames that hold 50 and 550 ms are sent at 40 ms, and at 550 ms for it is not full; 20 ms of playing and 25 ms
    // of the way follow.
    assert_eq!(passed, [(85 * MS, whole(1, 50 * MS)), (595 * MS, whole(2, 500 * MS))]);
}

#[test]
fn marks_behind_cleared_audio_tell_what_was_heard_of_it_in_their_order() {
    let mut rig = Rig::new(options());
    rig.pipeline.set_path(40 * MS);
    for mark in 1..=3 {
        rig.emit(mono(vec![0.1; 9_600], 48_000));
        rig.pipeline.mark(rig.instant(), Mark { id: mark, over: None });
    }
    rig.run_until(250 * MS);
    rig.pipeline.clear_queue(rig.instant());
    rig.collect();
    rig.emit(mono(vec![0.1; 4_800], 48_000));
    rig.pipeline.mark(rig.instant(), Mark { id: 4, over: None });
    rig.run_until(Duration::from_secs(2));
    let ms = |played: &Played| (played.mark, played.played.as_millis(), played.length.as_millis());
    // 13 frames had left at 250 ms: all of the first 200 ms, and 60 of the second.
    let expected = [(1, 200, 200), (2, 60, 200), (3, 0, 200), (4, 100, 100)];
    assert_eq!(played(&mut rig).iter().map(ms).collect::<Vec<_>>(), expected);
}

#[test]
fn a_mark_without_audio_is_passed_after_the_audio_before_it_and_at_once_if_there_is_none() {
    let mut rig = Rig::new(options());
    rig.pipeline.mark(rig.instant(), Mark { id: 7, over: None });
    assert_eq!(played(&mut rig), [Played { mark: 7, played: Duration::ZERO, length: Duration::ZERO }]);
    rig.emit(mono(vec![0.1; 960], 48_000));
    rig.pipeline.mark(rig.instant(), Mark { id: 8, over: None });
    rig.pipeline.mark(rig.instant(), Mark { id: 9, over: None });
    assert_eq!(played(&mut rig), []);
    rig.run_until(Duration::from_secs(1));
    assert_eq!(played(&mut rig).iter().map(|played| played.mark).collect::<Vec<_>>(), [8, 9]);
}

#[test]
fn a_mark_may_be_about_the_last_chunk_alone() {
    let mut rig = Rig::new(options());
    for over in [None, Some(200 * MS)] {
        rig.emit(mono(vec![0.1; 24_000], 48_000));
        rig.emit(mono(vec![0.1; 9_600], 48_000));
        rig.pipeline.mark(rig.instant(), Mark { id: 1, over });
    }
    rig.run_until(1_250 * MS);
    rig.pipeline.clear_queue(rig.instant());
    rig.run_until(Duration::from_secs(2));
    let ms = |played: &Played| (played.played.as_millis(), played.length.as_millis());
    // 63 frames had left at 1,250 ms: 60 ms of the last chunk.
    assert_eq!(self::played(&mut rig).iter().map(ms).collect::<Vec<_>>(), [(700, 700), (60, 200)]);
}

#[test]
fn the_end_passes_all_marks_with_what_was_heard_until_then() {
    let mut rig = Rig::new(options());
    rig.emit(mono(vec![0.1; 48_000], 48_000));
    rig.pipeline.mark(rig.instant(), Mark { id: 1, over: None });
    rig.run_until(110 * MS);
    rig.pipeline.end(rig.instant());
    assert_eq!(played(&mut rig), [Played { mark: 1, played: 100 * MS, length: Duration::from_secs(1) }]);
}

#[test]
fn clearing_while_draining_ends_with_a_fade_out_and_silence() {
    let mut rig = Rig::new(options());
    rig.emit(mono(tone::sine(440.0, 48_000, 480_000), 48_000));
    rig.pipeline.drain();
    rig.run_until(105 * MS);
    rig.pipeline.clear_queue(rig.instant());
    rig.run_until(Duration::from_secs(1));
    assert!(!rig.pipeline.is_sending() && rig.pipeline.queued().is_zero());
    assert_eq!(rig.packets.last().map(|packet| packet.at), Some(140 * MS));
    assert_eq!(rig.pipeline.stats().underruns, 0);
}

#[test]
fn ten_minutes_emitted_at_once_at_any_rate_are_paced_and_can_be_cleared() {
    for hz in [8_000, 44_100, 192_000] {
        let mut rig = Rig::new(options());
        let samples = Samples::I16(vec![1_000; 600 * hz as usize]);
        rig.emit(Chunk { samples, rate: rate(hz), layout: Layout::Mono });
        rig.run_until(Duration::from_secs(2));
        assert_eq!(rig.packets.len(), 101, "{hz} Hz");
        let left = Duration::from_secs(600) - FRAME * 101;
        assert!(rig.pipeline.queued().abs_diff(left) < FRAME, "{hz} Hz: {:?}", rig.pipeline.queued());
        rig.pipeline.clear_queue(rig.instant());
        rig.run_until(Duration::from_secs(3));
        assert_eq!((rig.packets.len(), rig.pipeline.queued()), (103, Duration::ZERO), "{hz} Hz");
    }
}

/// Whether a packet is coded without the model of a voice (RFC 6716, section 3.1: configurations from 16 up).
fn is_celt(packet: &Packet) -> bool {
    packet.payload[0] >> 3 >= 16
}

#[test]
fn bits_are_spent_instead_of_time_until_packets_get_lost() {
    // Once packets get lost, all comes 4 ms later: a whole period.
    const TONE: f64 = 250.0;
    let mut rig = Rig::new(PipelineOptions { output_rate: rate(24_000), ..options() });
    rig.emit(mono(tone::sine(TONE, 24_000, 24_000 * 10), 24_000));
    rig.run_until(Duration::from_secs(3));
    assert_eq!(rig.pipeline.stats().bitrate, 96_000);
    rig.pipeline.report(rig.instant(), 0.05, 50);
    rig.run_until(Duration::from_secs(5));
    assert_eq!(rig.pipeline.stats().bitrate, 48_000);
    for second in 6..=70 {
        rig.pipeline.report(rig.instant(), 0.0, 50);
        if second == 10 {
            rig.emit(mono(tone::sine(TONE, 24_000, 24_000 * 70), 24_000));
        }
        rig.run_until(Duration::from_secs(second));
    }
    let coded = |packets: &[Packet]| packets.iter().filter(|packet| is_celt(packet)).count();
    assert_eq!([coded(&rig.packets[..150]), coded(&rig.packets[160..240])], [150, 0], "lost: with copies");
    assert_eq!(coded(&rig.packets[3_400..3_480]), 80, "nothing is lost any more");
    let heard = heard(&rig.packets, Layout::Mono);
    for (n, piece) in heard[24_000..8 * 48_000].chunks_exact(960).enumerate() {
        let fit = tone::fit(piece, TONE, 48_000);
        assert!((fit.amplitude / 0.5 - 1.0).abs() < 0.1 && fit.snr_db > 15.0, "{n}: {} dB", fit.snr_db);
    }
}

/// What a peer makes of packets that nothing follows for 100 ms: what it was sent, and what it makes up.
fn heard_to_the_end(packets: &[Packet]) -> (Vec<f32>, Vec<f32>) {
    let mut decoder =
        opusic_c::Decoder::new(opusic_c::Channels::Mono, opusic_c::SampleRate::Hz48000).expect("valid");
    let mut decode = |payload: &[u8]| {
        let mut frame = vec![0.0; 960];
        let length = decoder.decode_float_to_slice(payload, &mut frame, false).expect("a packet");
        assert_eq!(length, 960);
        frame
    };
    let sent = packets.iter().flat_map(|packet| decode(&packet.payload)).collect();
    (sent, (0..5).flat_map(|_| decode(&[])).collect())
}

#[test]
fn the_end_of_a_reply_is_heard_whole_and_followed_by_silence() {
    /// What the encoder is behind, in samples.
    const BEHIND: usize = 312;
    for (bitrate, rest) in
        [48_000, 96_000].into_iter().flat_map(|rate| [0, 4, 9, 14, 18].map(|rest| (rate, rest)))
    {
        for drains in [true, false] {
            let opus = OpusOptions { bitrate, ..OpusOptions::default() };
            let mut rig = Rig::new(PipelineOptions { opus, ..options() });
            let length = 48 * (400 + rest);
            rig.emit(mono(tone::sine(1_000.0, 48_000, length), 48_000));
            if drains {
                rig.pipeline.drain();
            }
            rig.run_until(Duration::from_secs(1));
            assert!(!rig.pipeline.is_sending());
            let times = steps(&rig.packets, |packet| packet.timestamp);
            assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 960), "without a gap: {times:?}");
            let (sent, made_up) = heard_to_the_end(&rig.packets);
            // The last 5 ms may be faded out.
            let end = BEHIND + length - 240;
            let level = tone::rms(&sent[end - 240..end]);
            let case = format!("{bitrate} bit/s, {rest} ms over, drained: {drains}");
            assert!((0.28..0.42).contains(&level), "{case}: the end has {level}");
            // Then libopus rings out: a steady tone is the worst it can be told to stop.
            let rest = [&sent[BEHIND + length + 480..], &made_up].map(tone::rms);
            assert!(rest[0] < 0.05 && rest[1] < 0.01, "{case}: goes on with {rest:?}");
        }
    }
}

#[test]
fn what_is_cleared_leaves_no_offset_behind_that_dies_away_slowly() {
    for hz in [440.0, 880.0] {
        let mut rig = Rig::new(PipelineOptions { output_rate: rate(24_000), ..options() });
        rig.emit(mono(tone::sine(hz, 24_000, 48_000), 24_000));
        rig.run_until(505 * MS);
        rig.pipeline.clear_queue(rig.instant());
        rig.run_until(Duration::from_secs(1));
        let (sent, made_up) = heard_to_the_end(&rig.packets);
        assert_eq!(sent.len(), 28 * 960, "26 frames, a fade-out and silence");
        let rest = [&sent[27 * 960 + 240..], &made_up].map(tone::rms);
        assert!(rest.iter().all(|level| *level < 0.001), "{hz} Hz: {rest:?}");
    }
}

#[test]
fn what_follows_an_end_at_once_takes_the_place_of_the_silence() {
    let mut rig = Rig::new(options());
    rig.emit(mono(vec![0.1; 2 * 960], 48_000));
    rig.run_until(55 * MS);
    rig.emit(mono(vec![0.1; 960], 48_000));
    rig.run_until(60 * MS);
    let times = steps(&rig.packets, |packet| (packet.at, packet.timestamp / 960));
    assert_eq!(times, [(Duration::ZERO, 0), (20 * MS, 1), (50 * MS, 2), (55 * MS, 3)]);
}

/// How many channels a packet has (RFC 6716, section 3.1: the bit "s").
fn is_stereo(packet: &Packet) -> bool {
    packet.payload[0] & 4 != 0
}

#[test]
fn a_peer_that_plays_one_channel_gets_one() {
    let stereo: Vec<f32> =
        tone::sine(440.0, 48_000, 48_000).into_iter().flat_map(|left| [left, 0.0]).collect();
    let opus = OpusOptions { bitrate: 96_000, ..OpusOptions::default() };
    let mut rig = Rig::new(PipelineOptions { output_layout: Layout::Stereo, opus, ..options() });
    rig.pipeline.set_wishes(PeerWishes { stereo: false, ..PeerWishes::default() });
    rig.emit(Chunk { samples: Samples::F32(stereo.clone()), rate: rate(48_000), layout: Layout::Stereo });
    rig.run_until(Duration::from_secs(2));
    assert!(!rig.packets.iter().any(is_stereo));
    let fit = tone::fit(&heard(&rig.packets, Layout::Mono)[24_000..45_000], 440.0, 48_000);
    assert!((fit.amplitude / 0.25 - 1.0).abs() < 0.1, "the mean of both sides: {}", fit.amplitude);
    rig.packets.clear();
    rig.pipeline.set_wishes(PeerWishes::default());
    rig.emit(Chunk { samples: Samples::F32(stereo), rate: rate(48_000), layout: Layout::Stereo });
    rig.run_until(Duration::from_secs(4));
    assert!(rig.packets[10..40].iter().all(is_stereo), "one that plays two gets two");
}

#[test]
fn the_peers_limits_of_bitrate_and_bandwidth_are_kept() {
    let bytes = |wishes: PeerWishes| {
        let mut rig = Rig::new(options());
        rig.pipeline.set_wishes(wishes);
        rig.emit(mono(common::tone::sine(440.0, 48_000, 96_000), 48_000));
        rig.run_until(FRAME * 99);
        let bits: usize = rig.packets[10..].iter().map(|packet| packet.payload.len() * 8).sum();
        (bits / (rig.packets.len() - 10) * 50, rig.packets)
    };
    let (free, _) = bytes(PeerWishes::default());
    let (limited, _) = bytes(PeerWishes { max_bitrate: Some(16_000), ..PeerWishes::default() });
    assert!(limited < 18_000 && limited < free, "{limited} of {free} bit/s");
    let (_, narrow) = bytes(PeerWishes { max_playback_rate: 8_000, ..PeerWishes::default() });
    // RFC 6716, section 3.1: configurations 0 to 3 are SILK, 16 to 19 are CELT, narrow-band.
    assert!(narrow.iter().all(|packet| packet.payload[0] >> 3 & 0b0_1100 == 0));
    let (_, constant) = bytes(PeerWishes { cbr: true, ..PeerWishes::default() });
    assert!(constant.windows(2).all(|pair| pair[0].payload.len() == pair[1].payload.len()));
}

#[test]
fn a_peer_that_asks_for_it_is_spared_silence() {
    let mut rig = Rig::new(options());
    rig.pipeline.set_wishes(PeerWishes { dtx: true, ..PeerWishes::default() });
    rig.emit(mono(vec![0.0; 4 * 48_000], 48_000));
    rig.run_until(Duration::from_secs(5));
    assert!(rig.packets.len() < 60, "{} of 200", rig.packets.len());
}

/// The bitrate and the expected loss after a report of that share.
fn reported(lost: f32) -> (u32, u8) {
    let mut rig = Rig::new(options());
    rig.pipeline.report(rig.instant(), lost, 50);
    let stats = rig.pipeline.stats();
    (stats.bitrate, stats.expected_loss)
}

#[test]
fn reports_of_loss_turn_on_fec_and_heavy_loss_lowers_the_bitrate() {
    assert_eq!(reported(0.0), (96_000, 0));
    assert_eq!(reported(0.05), (48_000, 5));
    assert_eq!(reported(0.2), (32_000, 20));
    let repeats = |lost: Option<f32>, wishes: PeerWishes| {
        let mut rig = Rig::new(PipelineOptions { output_rate: rate(24_000), ..options() });
        rig.pipeline.set_wishes(wishes);
        if let Some(lost) = lost {
            rig.pipeline.report(rig.instant(), lost, 50);
        }
        rig.emit(mono(common::tone::sine(440.0, 24_000, 24_000), 24_000));
        rig.run_until(FRAME * 49);
        rig.packets[5..].iter().filter(|packet| has_fec(&packet.payload)).count()
    };
    assert_eq!(repeats(None, PeerWishes::default()), 0);
    for lost in [0.03, 0.2, 0.4] {
        assert_eq!(repeats(Some(lost), PeerWishes::default()), 45, "at {lost}, after the lower bitrate too");
    }
    assert_eq!(repeats(Some(0.2), PeerWishes { fec: false, ..PeerWishes::default() }), 0, "who can't use it");
}

/// Whether a mono packet of one SILK frame repeats the frame before: after the table of contents come the voice activity
/// flag and the LBRR flag (RFC 6716, section 4.2.3), each as likely as not, as the first two bits of the range coder.
fn has_fec(payload: &[u8]) -> bool {
    payload[0] >> 3 < 16 && payload[1] & 0x40 != 0
}
