//! From the weight of each frame to a verdict.

use super::echo::between;

/// How much of what was found still counts a frame later.
const MEMORY: f32 = 0.85;

/// What each frame must weigh at least to count for somebody else…
const BIAS: f32 = 0.1;
/// …and the most that it counts, so that it takes more than one.
const MOST: f32 = 2.0;

/// From this sum on somebody else speaks…
const LIMIT: f32 = 0.75;
/// …and where much gets lost.
const CAUTIOUS_LIMIT: f32 = 1.0;

/// The highest sum, lest a loud voice count for long.
const HIGHEST: f32 = 3.0;

/// How many frames a voice began before it was certain, and how many it goes on for after (128 ms): words have gaps.
const FRAMES: u32 = 4;

/// Sums what speaks for somebody else.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    sum: f32,
    /// For how many more frames somebody else speaks.
    left: u32,
}

impl Verdict {
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether somebody else seems to speak.
    pub(super) fn seems_voice(&self) -> bool {
        self.sum > 0.8 * LIMIT
    }

    /// How many of the last frames are somebody else's, after one of that weight. `caution` is 0 to 1.
    pub(super) fn judge(&mut self, weight: f32, is_speech: bool, caution: f32) -> u32 {
        let by = if is_speech { weight.min(MOST) - BIAS } else { 0.0 };
        self.sum = (self.sum * MEMORY + by).clamp(0.0, HIGHEST);
        if is_speech && self.sum > between(LIMIT, CAUTIOUS_LIMIT, caution) {
            self.left = FRAMES;
            return FRAMES;
        }
        self.left = self.left.saturating_sub(1);
        u32::from(is_speech && self.left > 0)
    }
}
