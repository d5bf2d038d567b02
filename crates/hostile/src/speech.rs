//! What the search for speech takes.

use crate::audio::{layout, rate};
use crate::input::Input;
use parley_media::{Chunk, Samples, SpeechOptions, find_speech};
use parley_vad::{FRAME_SAMPLES, SAMPLE_RATE, Silero, State};
use std::time::Duration;

/// Audio in which speech is looked for: any bits as samples, any options.
pub fn speech(data: &[u8]) {
    let mut input = Input::new(data);
    let (rate, layout) = (rate(&mut input), layout(&mut input));
    let options = options(&mut input);
    let is_float = input.byte().is_multiple_of(2);
    let bytes = input.piece();
    let floats: Vec<f32> = bytes.as_chunks().0.iter().map(|bits| f32::from_le_bytes(*bits)).collect();
    probabilities_are_probable(&floats);
    let samples = if is_float {
        Samples::F32(floats)
    } else {
        Samples::I16(bytes.as_chunks().0.iter().map(|bits| i16::from_le_bytes(*bits)).collect())
    };
    stretches_are_in_order(&Chunk { samples, rate, layout }, &options);
}

fn options(input: &mut Input<'_>) -> SpeechOptions {
    let threshold = f64::from(input.byte()) / 255.0;
    let mut ms = || Duration::from_millis(input.short().into());
    let (min_speech, min_silence, pad, longest) = (ms(), ms(), ms(), ms());
    let max_speech = (!longest.is_zero()).then_some(longest);
    SpeechOptions { threshold, min_speech, min_silence, pad, max_speech }
}

/// Whatever came before, the model goes on telling speech from silence.
fn probabilities_are_probable(samples: &[f32]) {
    let mut state = State::default();
    for frame in samples.as_chunks::<FRAME_SAMPLES>().0 {
        let probability = Silero::shared().probability(&mut state, frame);
        assert!((0.0..=1.0).contains(&probability), "a probability of {probability}");
    }
    for _ in 0..SAMPLE_RATE as usize / FRAME_SAMPLES {
        Silero::shared().probability(&mut state, &[0.0; FRAME_SAMPLES]);
    }
    let silence = Silero::shared().probability(&mut state, &[0.0; FRAME_SAMPLES]);
    assert!(silence < 0.5, "{silence} after a second of silence");
}

fn stretches_are_in_order(chunk: &Chunk, options: &SpeechOptions) {
    let found = find_speech(chunk, options).expect("every rate has a resampler");
    let seconds = chunk.duration().as_secs_f64();
    // The resampler may round up.
    let most = (seconds * f64::from(SAMPLE_RATE)) as usize + 4;
    let mut end = 0;
    for segment in &found {
        assert!(segment.start >= end && segment.start <= segment.end, "{found:?}");
        end = segment.end;
    }
    assert!(end <= most, "{found:?} in {seconds} s");
}
