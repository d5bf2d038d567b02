use crate::FRAME_SAMPLES;

/// Samples of the frame before that the model sees again.
pub(crate) const CONTEXT: usize = 64;
/// Width of the LSTM.
pub(crate) const HIDDEN: usize = 128;

/// What one stream of audio has taught the model so far: the end of the last frame, and the LSTM's memory.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) context: [f32; CONTEXT],
    pub(crate) hidden: [f32; HIDDEN],
    pub(crate) cell: [f32; HIDDEN],
}

impl State {
    /// Forgets the stream, as at its start.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// The context and the frame in one piece; the frame's end is the next one's context.
    pub(crate) fn follow(&mut self, frame: &[f32; FRAME_SAMPLES]) -> [f32; CONTEXT + FRAME_SAMPLES] {
        let mut all = [0.0; CONTEXT + FRAME_SAMPLES];
        all[..CONTEXT].copy_from_slice(&self.context);
        for (sample, new) in all[CONTEXT..].iter_mut().zip(frame) {
            *sample = finite(*new);
        }
        self.context.copy_from_slice(&all[FRAME_SAMPLES..]);
        all
    }
}

impl Default for State {
    fn default() -> Self {
        Self { context: [0.0; CONTEXT], hidden: [0.0; HIDDEN], cell: [0.0; HIDDEN] }
    }
}

/// One sample that isn't a number would stay in the LSTM's memory for good.
fn finite(sample: f32) -> f32 {
    if sample.is_nan() { 0.0 } else { sample.clamp(-1.0, 1.0) }
}
