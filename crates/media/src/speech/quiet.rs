//! Tells what is too quiet to be speech, so that nobody needs to listen to it.

use crate::pcm;

/// So many frames of 20 ms must have been quiet: what the model remembers of speech has faded by then.
const PATIENCE: u32 = 16;

/// Follows how long a stream has been quiet.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    frames: u32,
}

impl Quiet {
    /// Hears a frame. What comes before doesn't count unless nobody was speaking: `idle`.
    pub(super) fn hear(&mut self, frame: &[i16], idle: bool) {
        self.frames = if idle && pcm::is_faint(frame) { self.frames.saturating_add(1) } else { 0 };
    }

    /// Whether the last frame needs no judging.
    pub(super) fn skips(&self) -> bool {
        self.frames > PATIENCE
    }
}
