//! The forward pass beside the original model, run by onnxruntime: `reference/make.py` wrote what it says.

mod common;

use parley_vad::{FRAME_SAMPLES, Silero, State};

/// The largest difference measured is a quarter of this.
const TOLERANCE: f32 = 1e-4;

struct Reference {
    name: &'static str,
    noise: i32,
    probabilities: Vec<f32>,
}

fn references() -> Vec<Reference> {
    let line = |line: &'static str| {
        let mut fields = line.split(' ');
        let mut next = || fields.next().expect("a name, the noise, then probabilities");
        let (name, noise) = (next(), next().parse().expect("a number"));
        Reference {
            name,
            noise,
            probabilities: fields.map(|field| field.parse().expect("a number")).collect(),
        }
    };
    include_str!("reference/probabilities.txt").lines().map(line).collect()
}

/// Whole frames from −1 to 1, the last filled up with silence.
fn frames_of(samples: &[i16]) -> Vec<[f32; FRAME_SAMPLES]> {
    let frame = |samples: &[i16]| {
        let mut frame = [0.0; FRAME_SAMPLES];
        for (to, from) in frame.iter_mut().zip(samples) {
            *to = f32::from(*from) / 32_768.0;
        }
        frame
    };
    samples.chunks(FRAME_SAMPLES).map(frame).collect()
}

/// The noise of `reference/make.py`.
fn with_noise(samples: &[i16], amplitude: i32) -> Vec<i16> {
    let mut seed = 1_u32;
    let noisy = |sample: &i16| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (((seed >> 16).cast_signed() - 32_768) * amplitude) >> 15;
        (i32::from(*sample) + noise).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
    };
    samples.iter().map(noisy).collect()
}

fn probabilities(model: &Silero, frames: &[[f32; FRAME_SAMPLES]]) -> Vec<f32> {
    let mut state = State::default();
    frames.iter().map(|frame| model.probability(&mut state, frame)).collect()
}

fn assert_like_the_original(model: &Silero) {
    let mut furthest = 0.0_f32;
    for Reference { name, noise, probabilities: expected } in references() {
        let frames = frames_of(&with_noise(&common::speech(name), noise));
        let ours = probabilities(model, &frames);
        assert_eq!(ours.len(), expected.len(), "{name}: frames");
        for (frame, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
            let apart = (ours - expected).abs();
            assert!(apart < TOLERANCE, "{name} in noise of {noise}, frame {frame}: {ours} for {expected}");
            furthest = furthest.max(apart);
        }
    }
    println!("furthest from the original: {furthest:e}");
}

#[test]
fn probabilities_are_those_of_the_original_model() {
    assert_like_the_original(Silero::shared());
}

#[test]
fn probabilities_without_fused_instructions_are_those_of_the_original_model() {
    assert_like_the_original(&Silero::portable());
}

#[test]
fn the_references_hold_both_speech_and_none_in_clear_and_in_noise() {
    for noise in [0, 700, 11_000] {
        let all: Vec<f32> = references()
            .into_iter()
            .filter(|each| each.noise == noise)
            .flat_map(|each| each.probabilities)
            .collect();
        assert!(all.iter().any(|&each| each > 0.9), "speech in noise of {noise}");
        assert!(all.iter().any(|&each| each < 0.1), "none in noise of {noise}");
    }
}

#[test]
fn a_stream_begun_anew_is_heard_as_the_first_time() {
    let frames = frames_of(&common::speech("greeting"));
    let mut state = State::default();
    let first: Vec<f32> =
        frames.iter().map(|frame| Silero::shared().probability(&mut state, frame)).collect();
    state.reset();
    let second: Vec<f32> =
        frames.iter().map(|frame| Silero::shared().probability(&mut state, frame)).collect();
    assert_eq!(first, second);
}

#[test]
fn a_copied_state_goes_on_where_the_original_was() {
    let frames = frames_of(&common::speech("greeting"));
    let (before, after) = frames.split_at(30);
    let mut state = State::default();
    for frame in before {
        Silero::shared().probability(&mut state, frame);
    }
    let mut copy = state.clone();
    for frame in after {
        let expected = Silero::shared().probability(&mut state, frame);
        assert_eq!(Silero::shared().probability(&mut copy, frame), expected);
    }
}

#[test]
fn numbers_that_are_no_samples_do_no_lasting_harm() {
    for poison in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE] {
        let mut state = State::default();
        for _ in 0..10 {
            let probability = Silero::shared().probability(&mut state, &[poison; FRAME_SAMPLES]);
            assert!((0.0..=1.0).contains(&probability), "{poison}: {probability}");
        }
        let frames = frames_of(&common::speech("greeting"));
        let heard = frames.iter().map(|frame| Silero::shared().probability(&mut state, frame));
        assert!(heard.fold(0.0, f32::max) > 0.99, "speech after {poison}");
    }
}
