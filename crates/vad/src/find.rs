use crate::{FRAME_SAMPLES, Segment, Silero, SpeechOptions, State, speech_segments};

/// The stretches of speech in a whole piece of audio: mono at 16 kHz, −1 to 1. The last frame is filled up with silence.
pub fn find_speech(samples: &[f32], options: &SpeechOptions) -> Vec<Segment> {
    let mut state = State::default();
    let probabilities = samples.chunks(FRAME_SAMPLES).map(|samples| {
        let mut frame = [0.0; FRAME_SAMPLES];
        frame[..samples.len()].copy_from_slice(samples);
        Silero::shared().probability(&mut state, &frame)
    });
    speech_segments(probabilities, samples.len(), options)
}
