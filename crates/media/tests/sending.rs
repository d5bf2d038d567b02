//! What a peer gets of what a handler emits.

mod common;

use std::time::Duration;

use common::{FRAME, MS, Packet, Rig, mono, options, rate, tone};
use parley_media::{Chunk, Layout, MediaError, OpusOptions, Pipeline, PipelineOptions, RtpStart, Samples};

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
    let (first, last) = (&rig.packets[0], &rig.packets[2]);
    assert_eq!(last.at, Duration::from_secs(3) + 9 * MS, "at once");
    assert_eq!(last.timestamp - first.timestamp, 150 * 960);
    assert_eq!(last.sequence_number, first.sequence_number + 2, "the fade-out is between them");
    assert!(last.marker);
}

#[test]
fn an_underrun_sends_one_fade_out_and_then_nothing() {
    let mut rig = Rig::new(options());
    rig.emit(mono(vec![0.5; 3 * 960], 48_000));
    rig.run_until(Duration::from_secs(1));
    assert_eq!(
        steps(&rig.packets, |packet| packet.at),
        [0, 20, 40, 70].map(|ms| MS * ms),
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
fn audio_within_the_grace_goes_at_once_and_moves_the_clock() {
    let mut rig = Rig::new(options());
    rig.emit(mono(vec![0.1; 960], 48_000));
    rig.run_until(26 * MS);
    rig.emit(mono(vec![0.1; 3 * 960], 48_000));
    rig.run_until(80 * MS);
    assert_eq!(steps(&rig.packets, |packet| packet.at), [0, 26, 46, 66].map(|ms| ms * MS));
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
    assert_eq!(steps(&rig.packets, |packet| packet.at), [Duration::ZERO, 30 * MS]);
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
    assert_eq!(steps(&rig.packets, |packet| packet.at), [Duration::ZERO, 20 * MS]);
}

#[test]
fn less_than_a_frame_is_sent_soon_even_if_nothing_follows() {
    let mut rig = Rig::new(options());
    rig.emit(mono(vec![0.25; 1], 48_000));
    assert!(rig.packets.is_empty());
    rig.run_until(Duration::from_secs(1));
    assert_eq!(steps(&rig.packets, |packet| packet.at), [30 * MS]);
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
    assert_eq!(rig.packets.len(), 30_001);
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
    assert_eq!(times, (0..7).map(|n| FRAME * n).collect::<Vec<_>>(), "the fade-out is the one at 120 ms");
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
