//! What is heard when nobody speaks.

use super::bands::{BANDS, Levels};

/// By how much it follows downwards in a step, in dB…
const FALL: f32 = 2.0;
/// …upwards…
const RISE: f32 = 0.5;
/// …and upwards while somebody speaks.
const SLOW_RISE: f32 = 0.03;

/// The level of the noise in each band.
#[derive(Debug, Default)]
pub(super) struct Noise {
    levels: Option<Levels>,
}

impl Noise {
    /// Follows what was heard in a step.
    pub(super) fn follow(&mut self, heard: &Levels, is_speech: bool) -> &Levels {
        let levels = self.levels.get_or_insert(*heard);
        let rise = if is_speech { SLOW_RISE } else { RISE };
        for band in 0..BANDS {
            levels[band] += (heard[band] - levels[band]).clamp(-FALL, rise);
        }
        levels
    }
}
