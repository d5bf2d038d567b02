//! Once warm, a frame costs no memory: counted by the allocator itself.

mod common;
mod counting;

use std::time::Duration;

use common::{FRAME, MS, Packet, Rig, mono, options, packets_of, rate, tone, tone_packets};
use counting::allocations_of;
use parley_media::{Chunk, Layout, PipelineOptions, PipelineOutput, RtpStart, SpeechRequest, SpeechSettings};

/// Takes all outputs without keeping them.
fn drain(rig: &mut Rig) -> usize {
    let mut outputs = 0;
    while let Some(output) = rig.pipeline.poll() {
        outputs += match output {
            PipelineOutput::Frame(samples) => samples.len().min(1),
            PipelineOutput::Packet(packet) => packet.payload.len().min(1),
            PipelineOutput::ClearSent | PipelineOutput::Dtmf(_) | PipelineOutput::Speech(_) => 0,
        };
    }
    outputs
}

/// One second of a call with loss and reordering, and of an echo.
fn second(rig: &mut Rig, packets: &[Packet], chunks: Vec<Chunk>) -> usize {
    let mut outputs = 0;
    for (n, chunk) in chunks.into_iter().enumerate() {
        rig.now += FRAME;
        let order = match n % 10 {
            3 => None,
            6 => Some(n + 1),
            7 => Some(n - 1),
            _ => Some(n),
        };
        if let Some(packet) = order.map(|n| &packets[n]) {
            rig.pipeline.receive(rig.instant(), packet.view());
        }
        rig.pipeline.emit(rig.instant(), chunk);
        rig.pipeline.wake(rig.instant());
        outputs += drain(rig);
    }
    outputs
}

fn call_allocates(options: PipelineOptions, emitted: u32) -> u64 {
    let packets = tone_packets(440.0, 150, RtpStart::default());
    let chunks = || vec![mono(tone::sine(440.0, emitted, emitted as usize / 50), emitted); 50];
    let mut rig = Rig::new(options);
    rig.connect();
    for warm_up in [0, 50] {
        let given = chunks();
        second(&mut rig, &packets[warm_up..], given);
    }
    let given = chunks();
    let mut outputs = 0;
    let allocations = allocations_of(|| outputs = second(&mut rig, &packets[100..], given));
    assert!((95..=102).contains(&outputs), "{outputs} outputs");
    allocations
}

#[test]
fn a_call_at_the_codecs_rates_allocates_nothing() {
    assert_eq!(call_allocates(PipelineOptions { output_rate: rate(24_000), ..options() }, 24_000), 0);
}

#[test]
fn a_call_in_stereo_that_is_resampled_both_ways_allocates_nothing() {
    let stereo = PipelineOptions {
        input_rate: rate(44_100),
        input_layout: Layout::Stereo,
        output_layout: Layout::Stereo,
        ..options()
    };
    assert_eq!(call_allocates(stereo, 44_100), 0);
    assert_eq!(call_allocates(PipelineOptions { input_rate: rate(22_050), ..stereo }, 44_101), 0);
}

#[test]
fn silence_of_a_peer_that_sends_no_more_allocates_nothing() {
    let mut rig = Rig::new(options());
    rig.connect();
    for packet in &packets_of(noise(0.02, 4_800), RtpStart::default()) {
        rig.now += FRAME;
        rig.pipeline.receive(rig.instant(), packet.view());
    }
    let mut seconds = |count: u32| {
        let mut frames = 0;
        for _ in 0..count * 50 {
            rig.now += FRAME;
            rig.pipeline.wake(rig.instant());
            frames += drain(&mut rig);
        }
        frames
    };
    seconds(4);
    let mut frames = 0;
    assert_eq!(allocations_of(|| frames = seconds(1)), 0);
    assert_eq!(frames, 50);
    assert!(rig.pipeline.wake_at().is_some_and(|at| at <= rig.instant() + 300 * MS));
}

/// Noise of so many samples, at that share of full scale.
fn noise(level: f32, samples: usize) -> Vec<f32> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..samples).map(|_| level * next()).collect()
}

#[test]
fn listening_for_speech_allocates_nothing_while_nobody_speaks() {
    for (level, hz) in [(0.0005, 48_000), (0.02, 48_000), (0.02, 16_000), (0.02, 24_000)] {
        let packets = packets_of(noise(level, 5 * 48_000), RtpStart::default());
        let mut rig = Rig::new(PipelineOptions { input_rate: rate(hz), ..options() });
        rig.pipeline.speech(rig.instant(), SpeechRequest::Listen(SpeechSettings::default()));
        rig.connect();
        let mut hear = |packets: &[Packet]| {
            for packet in packets {
                rig.now += FRAME;
                rig.pipeline.receive(rig.instant(), packet.view());
                assert_eq!(drain(&mut rig), 0);
            }
        };
        hear(&packets[..150]);
        assert_eq!(allocations_of(|| hear(&packets[150..])), 0, "{level} at {hz} Hz");
    }
}

#[test]
fn ten_minutes_emitted_at_once_cost_nothing_at_once() {
    let mut rig = Rig::new(options());
    rig.pipeline.emit(rig.instant(), mono(vec![0.1; 960], 48_000));
    drain(&mut rig);
    let chunk = mono(vec![0.1; 600 * 48_000], 48_000);
    assert_eq!(allocations_of(|| rig.pipeline.emit(rig.instant(), chunk)), 0, "moved, not copied");
    assert_eq!(rig.pipeline.queued(), Duration::from_secs(600));
}
