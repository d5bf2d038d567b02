//! How loud what was sent comes back: in which bands, after how long.

use super::bands::{BANDS, FLOOR, Levels};
use super::history::{AUDIBLE, History};

/// Delays that are told apart, in steps of 16 ms: up to 624 ms, so that the tail of an echo at 500 ms is among them.
pub(super) const LAGS: usize = 40;

/// The gain of a delay and band that nothing is known of, in dB: an echo as loud as what was sent.
const UNKNOWN: f32 = 0.0;

/// The highest gain, in dB.
const LOUDEST: f32 = 12.0;

/// By how much a gain falls at most in a step, in dB, and at first.
const FALL: f32 = 0.5;
const FIRST_FALL: f32 = 3.0;

/// After so many steps the first fall has come down by a half.
const FIRST: f32 = 30.0;

/// By how much of its fall a gain rises, so that it settles where a third of all that comes back lies below…
const RISE: f32 = 0.5;
/// …and one of a room's tail, where a tenth does: at other delays than its own an echo is explained better by those.
const TAIL_RISE: f32 = 0.1;

/// Where an echo's tail ends, in steps after its delay: 144 ms.
const TAIL: usize = 9;

/// The gain of each band at each delay.
#[derive(Debug)]
pub(super) struct EchoPath {
    lags: Box<[Lag; LAGS]>,
}

/// What is known of one delay.
#[derive(Debug, Clone, Copy)]
struct Lag {
    gains: Levels,
    /// The gains if it is not the echo's own delay.
    tail: Levels,
    /// In how many steps it was learned.
    steps: f32,
}

impl EchoPath {
    pub(super) fn new() -> Self {
        let unknown = Lag { gains: [UNKNOWN; BANDS], tail: [UNKNOWN; BANDS], steps: 0.0 };
        Self { lags: Box::new([unknown; LAGS]) }
    }

    /// How loud what was sent before step `number` is heard in it at most. Without a `delay` it may be any.
    pub(super) fn predict(&self, history: &History, number: u64, delay: Option<usize>) -> Levels {
        let lags = delay.map_or(0..LAGS, |delay| delay.saturating_sub(2)..(delay + TAIL + 1).min(LAGS));
        let mut echo = [FLOOR; BANDS];
        for lag in lags {
            let Some(step) = history.before(number, lag) else { continue };
            let is_tail = delay.is_some_and(|delay| delay.abs_diff(lag) > 1);
            let gains = if is_tail { &self.lags[lag].tail } else { &self.lags[lag].gains };
            for ((echo, sent), gain) in echo.iter_mut().zip(&step.levels).zip(gains) {
                *echo = echo.max(sent + gain);
            }
        }
        echo
    }

    /// Learns from what was heard in step `number`. Gains rise by `trust` (0 to 1) of their usual pace: less while
    /// somebody else speaks.
    pub(super) fn learn(&mut self, history: &History, number: u64, heard: &Levels, trust: f32) {
        for (lag, known) in self.lags.iter_mut().enumerate() {
            let Some(step) = history.before(number, lag) else { continue };
            if !step.audible {
                continue;
            }
            known.steps += 1.0;
            let fall = FALL.max(FIRST_FALL * FIRST / (FIRST + known.steps));
            follow(&mut known.gains, &step.levels, heard, fall, fall * RISE * trust);
            follow(&mut known.tail, &step.levels, heard, fall, fall * TAIL_RISE * trust);
        }
    }
}

/// Moves each gain towards what would explain what was heard.
fn follow(gains: &mut Levels, sent: &Levels, heard: &Levels, fall: f32, rise: f32) {
    for ((gain, sent), heard) in gains.iter_mut().zip(sent).zip(heard) {
        let by = (heard - sent - *gain).max(-fall).min(rise);
        *gain = if *sent > AUDIBLE { (*gain + by).min(LOUDEST) } else { *gain };
    }
}
