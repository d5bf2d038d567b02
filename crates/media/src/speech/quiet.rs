//! Tells what is too quiet to be speech, so that nobody needs to listen to it.

/// (32,768 · 10^(-60/20))², the power of noise at 60 dB below full scale.
const QUIET_POWER: i64 = 1_074;

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
        self.frames = if idle && is_quiet(frame) { self.frames.saturating_add(1) } else { 0 };
    }

    /// Whether the last frame needs no judging.
    pub(super) fn skips(&self) -> bool {
        self.frames > PATIENCE
    }
}

fn is_quiet(frame: &[i16]) -> bool {
    // Four billion samples would have to be at full scale for this to overflow.
    let power: i64 = frame.iter().map(|&sample| i64::from(i32::from(sample) * i32::from(sample))).sum();
    power <= QUIET_POWER * frame.len() as i64
}
