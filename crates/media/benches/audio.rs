//! What a second of audio costs: each figure is milliseconds of CPU for a second of one session.
//!
//! `cargo bench -p parley-media`

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Duration;

use common::{FRAME, Packet, Rig, mono, options, rate, tone};
use divan::Bencher;
use parley_media::{
    Layout, OpusOptions, PipelineOptions, PipelineOutput, RtpStart, SpeechRequest, SpeechSettings,
};

fn main() {
    divan::main();
}

/// A second of something like speech: harmonics of a voice that glides, syllables of 200 ms and pauses between them.
fn speech(hz: u32) -> Vec<f32> {
    let mut phase = 0.0_f64;
    let mut noise = 1_u32;
    (0..hz)
        .map(|n| {
            let at = f64::from(n) / f64::from(hz);
            phase += (120.0 + 30.0 * (at * 7.0).sin()) / f64::from(hz);
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let hiss = f64::from(noise >> 16) / 65_536.0 - 0.5;
            let voice: f64 =
                (1..20).map(|k| (std::f64::consts::TAU * phase * f64::from(k)).sin() / f64::from(k)).sum();
            let loud = (std::f64::consts::TAU * at * 2.5).sin().max(0.0);
            (loud * (0.2 * voice + 0.05 * hiss)) as f32
        })
        .collect()
}

fn packets() -> Vec<Packet> {
    common::packets_of(speech(48_000), RtpStart::default())
}

/// Takes all outputs.
fn drain(rig: &mut Rig) {
    while let Some(output) = rig.pipeline.poll() {
        match output {
            PipelineOutput::Frame(samples) => drop(divan::black_box(samples.len())),
            PipelineOutput::Packet(packet) => drop(divan::black_box(packet.payload.len())),
            PipelineOutput::ClearSent => {}
            PipelineOutput::Dtmf(dtmf) => drop(divan::black_box(dtmf)),
            PipelineOutput::Speech(event) => drop(divan::black_box(event)),
        }
    }
}

/// A second from the peer, again and again in one stream.
fn receive(bencher: Bencher<'_, '_>, options: PipelineOptions, lost: impl Fn(u32) -> bool + Sync) {
    let mut rig = Rig::new(options);
    rig.connect();
    hear(bencher, rig, &packets(), lost);
}

fn hear(bencher: Bencher<'_, '_>, mut rig: Rig, packets: &[Packet], lost: impl Fn(u32) -> bool + Sync) {
    let mut n = 0_u32;
    bencher.bench_local(|| {
        for packet in packets {
            rig.now += FRAME;
            rig.pipeline.wake(rig.instant());
            if !lost(n) {
                let packet =
                    Packet { sequence_number: n as u16, timestamp: n.wrapping_mul(960), ..packet.clone() };
                rig.pipeline.receive(rig.instant(), packet.view());
            }
            drain(&mut rig);
            n += 1;
        }
    });
}

/// A second to the peer, again and again.
fn emit(bencher: Bencher<'_, '_>, options: PipelineOptions, expected_loss: u8) {
    let hz = options.output_rate.hz();
    let chunk = mono(speech(hz), hz);
    let mut rig = Rig::new(options);
    rig.pipeline.set_expected_loss(expected_loss);
    bencher.with_inputs(|| chunk.clone()).bench_local_values(|chunk| {
        rig.pipeline.emit(rig.instant(), chunk);
        for _ in 0..50 {
            rig.pipeline.wake(rig.instant());
            drain(&mut rig);
            rig.now += FRAME;
        }
    });
}

#[divan::bench(args = [8_000, 16_000, 24_000, 48_000])]
fn decode_mono(bencher: Bencher<'_, '_>, hz: u32) {
    receive(bencher, PipelineOptions { input_rate: rate(hz), ..options() }, |_| false);
}

#[divan::bench(args = [48_000])]
fn decode_to_stereo(bencher: Bencher<'_, '_>, hz: u32) {
    receive(
        bencher,
        PipelineOptions { input_rate: rate(hz), input_layout: Layout::Stereo, ..options() },
        |_| false,
    );
}

#[divan::bench]
fn decode_with_a_tenth_lost(bencher: Bencher<'_, '_>) {
    receive(bencher, options(), |n| n % 10 == 7);
}

#[divan::bench(args = [22_050, 32_000, 44_100, 96_000])]
fn decode_and_resample(bencher: Bencher<'_, '_>, hz: u32) {
    receive(bencher, PipelineOptions { input_rate: rate(hz), ..options() }, |_| false);
}

/// Decoding, and listening for speech in it.
fn listen(bencher: Bencher<'_, '_>, hz: u32, samples: Vec<f32>) {
    let mut rig = Rig::new(PipelineOptions { input_rate: rate(hz), ..options() });
    rig.pipeline.speech(rig.instant(), SpeechRequest::Listen(SpeechSettings::default()));
    rig.connect();
    hear(bencher, rig, &common::packets_of(samples, RtpStart::default()), |_| false);
}

/// A second of noise at that share of full scale.
fn noise(level: f32) -> Vec<f32> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..48_000).map(|_| level * next()).collect()
}

#[divan::bench(args = [8_000, 16_000, 24_000, 44_100, 48_000])]
fn listen_to_speech(bencher: Bencher<'_, '_>, hz: u32) {
    listen(bencher, hz, speech(48_000));
}

/// A second of speech heard while a reply of ours plays, with the guard against its echo and without: encoding included.
#[divan::bench(args = [true, false])]
fn listen_over_a_reply_with_the_echo_guard(bencher: Bencher<'_, '_>, echo_guard: bool) {
    let mut rig = Rig::new(PipelineOptions { output_rate: rate(24_000), ..options() });
    let settings = SpeechSettings { echo_guard, ..SpeechSettings::default() };
    rig.pipeline.speech(rig.instant(), SpeechRequest::Listen(settings));
    rig.connect();
    let long = mono(speech(24_000).repeat(600), 24_000);
    rig.pipeline.emit(rig.instant(), long);
    hear(bencher, rig, &packets(), |_| false);
}

#[divan::bench(args = [16_000, 48_000])]
fn listen_to_noise(bencher: Bencher<'_, '_>, hz: u32) {
    listen(bencher, hz, noise(0.01));
}

/// Noise that nobody hears, 71 dB below full scale.
#[divan::bench(args = [16_000, 48_000])]
fn listen_to_a_quiet_microphone(bencher: Bencher<'_, '_>, hz: u32) {
    listen(bencher, hz, noise(0.0005));
}

#[divan::bench(args = [16_000, 48_000])]
fn decode_a_quiet_microphone(bencher: Bencher<'_, '_>, hz: u32) {
    let mut rig = Rig::new(PipelineOptions { input_rate: rate(hz), ..options() });
    rig.connect();
    hear(bencher, rig, &common::packets_of(noise(0.0005), RtpStart::default()), |_| false);
}

#[divan::bench]
fn silence_of_a_muted_peer(bencher: Bencher<'_, '_>) {
    let mut rig = Rig::new(options());
    rig.connect();
    bencher.bench_local(|| {
        for _ in 0..50 {
            rig.now += FRAME;
            rig.pipeline.wake(rig.instant());
            drain(&mut rig);
        }
    });
}

#[divan::bench(args = [16_000, 24_000, 48_000])]
fn encode_mono(bencher: Bencher<'_, '_>, hz: u32) {
    emit(bencher, PipelineOptions { output_rate: rate(hz), ..options() }, 0);
}

#[divan::bench(args = [5, 20])]
fn encode_mono_24000_expecting_loss_of(bencher: Bencher<'_, '_>, percent: u8) {
    emit(bencher, PipelineOptions { output_rate: rate(24_000), ..options() }, percent);
}

#[divan::bench(args = [5, 9])]
fn encode_mono_24000_at_complexity(bencher: Bencher<'_, '_>, complexity: u8) {
    let opus = OpusOptions { complexity, ..OpusOptions::default() };
    emit(bencher, PipelineOptions { output_rate: rate(24_000), opus, ..options() }, 0);
}

#[divan::bench(args = [22_050, 44_100, 44_101, 96_000])]
fn resample_and_encode(bencher: Bencher<'_, '_>, hz: u32) {
    emit(bencher, PipelineOptions { output_rate: rate(hz), ..options() }, 0);
}

/// Until the first packet: the rest is converted when it is due.
#[divan::bench(args = [44_100, 48_000])]
fn ten_seconds_queued_at_once(bencher: Bencher<'_, '_>, hz: u32) {
    let chunk = mono(tone::sine(440.0, hz, 10 * hz as usize), hz);
    bencher.with_inputs(|| (Rig::new(options()), chunk.clone())).bench_local_values(|(mut rig, chunk)| {
        rig.pipeline.emit(rig.instant(), chunk);
        drain(&mut rig);
        assert!(rig.pipeline.queued() >= Duration::from_secs(9));
        rig
    });
}
