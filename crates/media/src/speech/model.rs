//! What judges whether a frame is speech.

use parley_vad::{Silero, State};

/// Judges one stream of frames of 512 samples at 16 kHz, −1 to 1.
pub(crate) trait SpeechModel: std::fmt::Debug + Send {
    /// The probability that the next frame is speech, 0 to 1.
    fn probability(&mut self, frame: &[f32; 512]) -> f32;

    /// The next frame is another stream's.
    fn reset(&mut self);
}

/// Silero's network. Its weights are the process's, its memory is the stream's.
impl SpeechModel for State {
    fn probability(&mut self, frame: &[f32; 512]) -> f32 {
        Silero::shared().probability(self, frame)
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}
