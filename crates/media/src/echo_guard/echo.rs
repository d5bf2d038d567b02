//! How much of what is heard can't be an echo.

use super::bands::{BANDS, FLOOR, Levels};
use super::history::History;
use super::likeness::Likeness;
use super::noise::Noise;
use super::path::{EchoPath, LAGS};

/// By how much an echo fades at least in a step, in dB: rooms and concealed losses draw it out…
const FADE: f32 = 5.0;
/// …and where much gets lost.
const SLOW_FADE: f32 = 2.0;

/// A band is heard when it is so much above the noise, in dB.
const ABOVE_NOISE: f32 = 9.0;

/// What an echo's level allows for the noise under it, in dB.
const NOISE_MARGIN: f32 = 2.0;

/// What a codec may add to any band, in dB below the loudest one: it fills what loud bands mask…
const CODED: f32 = 38.0;
/// …and more so where much gets lost.
const CODED_LOSSY: f32 = 32.0;

/// A level so far above the expected echo, in dB, tells neither for nor against an echo. Each dB more is
/// `WEIGHT` for somebody else, as the logarithm of how many times more often it is seen then (fitted to generated
/// speech over echoes of -10 and -20 dB).
const NEUTRAL: f32 = 2.7;
const WEIGHT: f32 = 0.2;
const LEAST: f32 = -0.58;
const MOST: f32 = 4.0;

/// The sum is divided by the bands that are heard, and by this at least: a few bands prove little.
const FEWEST_BANDS: f32 = 10.0;

/// What is known of the echo.
#[derive(Debug)]
pub(super) struct Echo {
    pub(super) history: History,
    likeness: Likeness,
    path: EchoPath,
    noise: Noise,
    /// What was expected in the step before.
    expected: Levels,
}

impl Echo {
    pub(super) fn new() -> Self {
        Self {
            history: History::new(),
            likeness: Likeness::new(),
            path: EchoPath::new(),
            noise: Noise::default(),
            expected: [FLOOR; BANDS],
        }
    }

    /// Whether an echo may be heard in step `number`.
    pub(super) fn is_possible(&self, number: u64) -> bool {
        self.history.was_loud(number, LAGS)
    }

    /// Weighs what was heard in a step: above 0 when somebody else is likelier than an echo alone. `caution` is 0 to 1.
    pub(super) fn weigh(&mut self, number: u64, heard: &Levels, is_speech: bool, caution: f32) -> f32 {
        let fade = between(FADE, SLOW_FADE, caution);
        let echo = self.path.predict(&self.history, number, self.likeness.delay());
        for (expected, echo) in self.expected.iter_mut().zip(&echo) {
            *expected = echo.max(*expected - fade);
        }
        let noise = self.noise.follow(heard, is_speech);
        let coded = heard.iter().copied().fold(FLOOR, f32::max) - between(CODED, CODED_LOSSY, caution);
        let (mut sum, mut bands) = (0.0, 0.0);
        for band in 0..BANDS {
            if heard[band] > noise[band] + ABOVE_NOISE {
                let excess = heard[band] - self.expected[band].max(noise[band] + NOISE_MARGIN).max(coded);
                sum += (WEIGHT * (excess - NEUTRAL)).clamp(LEAST, MOST);
                bands += 1.0;
            }
        }
        sum / f32::max(bands, FEWEST_BANDS)
    }

    /// Learns from what was heard in a step. While somebody else seems to speak, only if it is very much like an echo: when
    /// the loudspeaker was turned up, say.
    pub(super) fn learn(&mut self, number: u64, heard: &Levels, seems_voice: bool) {
        let trust = if seems_voice { (2.0 * (self.likeness.degree() - 0.5)).clamp(0.1, 1.0) } else { 1.0 };
        self.path.learn(&self.history, number, heard, trust);
        self.likeness.compare(&self.history, number, heard);
    }
}

/// From `at_0` to `at_1` as `share` goes from 0 to 1.
pub(super) fn between(at_0: f32, at_1: f32, share: f32) -> f32 {
    at_0 + (at_1 - at_0) * share
}
