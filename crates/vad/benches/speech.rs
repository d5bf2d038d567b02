//! What listening for speech costs: each figure is the CPU time for 32 frames, 1.024 s of one stream.
//!
//! `cargo bench -p parley-vad`

use divan::Bencher;
use parley_vad::{FRAME_SAMPLES, SAMPLE_RATE, Silero, State};

fn main() {
    divan::main();
}

/// 32 frames of something like speech.
fn frames() -> Vec<[f32; FRAME_SAMPLES]> {
    let sample = |n: usize| {
        let at = n as f32 / SAMPLE_RATE as f32;
        let voice: f32 =
            (1..20).map(|k| (at * 130.0 * k as f32 * std::f32::consts::TAU).sin() / k as f32).sum();
        0.2 * voice * (at * 2.5 * std::f32::consts::TAU).sin().max(0.0)
    };
    (0..32).map(|frame| std::array::from_fn(|n| sample(frame * FRAME_SAMPLES + n))).collect()
}

fn listen(bencher: Bencher<'_, '_>, model: &Silero) {
    let frames = frames();
    let mut state = State::default();
    bencher.bench_local(|| {
        for frame in &frames {
            divan::black_box(model.probability(&mut state, frame));
        }
    });
}

#[divan::bench]
fn probability(bencher: Bencher<'_, '_>) {
    listen(bencher, Silero::shared());
}

#[divan::bench]
fn probability_portable(bencher: Bencher<'_, '_>) {
    listen(bencher, &Silero::portable());
}
