//! After how long what is heard moves like what was sent.

use super::bands::{BANDS, Levels};
use super::history::{History, Usual};
use super::path::LAGS;

/// How much of the past still counts after a step: a half after 1.1 s.
const MEMORY: f32 = 0.99;

/// The power of so little speech (10 steps of 160 ms, moved by 5 dB) that it proves nothing yet.
const LITTLE: f32 = 10.0 * BANDS as f32 * 30.0;

/// From this likeness on, the delay is known.
const CERTAIN: f32 = 0.4;

/// Correlates how the bands move, for each delay.
#[derive(Debug)]
pub(super) struct Likeness {
    usual: Usual,
    products: [f32; LAGS],
    sent: [f32; LAGS],
    heard: [f32; LAGS],
    /// The likeliest delay, and how much is alike there.
    best: (usize, f32),
}

impl Likeness {
    pub(super) fn new() -> Self {
        let none = [0.0; LAGS];
        Self { usual: Usual::new(), products: none, sent: none, heard: none, best: (0, 0.0) }
    }

    /// Compares what was heard in a step.
    pub(super) fn compare(&mut self, history: &History, number: u64, levels: &Levels) {
        let moves = self.usual.moves(levels);
        let power: f32 = moves.iter().map(|by| by * by).sum();
        self.best = (0, 0.0);
        for lag in 0..LAGS {
            if let Some(step) = history.before(number, lag) {
                self.products[lag] = self.products[lag] * MEMORY + dot(&step.moves, &moves);
                self.sent[lag] = self.sent[lag] * MEMORY + step.power;
                self.heard[lag] = self.heard[lag] * MEMORY + power;
            }
            let alike = self.products[lag] / ((self.sent[lag] * self.heard[lag]).sqrt() + LITTLE);
            if alike > self.best.1 {
                self.best = (lag, alike);
            }
        }
    }

    /// How much is alike at the likeliest delay: 0 to 1.
    pub(super) fn degree(&self) -> f32 {
        self.best.1
    }

    /// The delay in steps, once it is known.
    pub(super) fn delay(&self) -> Option<usize> {
        (self.best.1 > CERTAIN).then_some(self.best.0)
    }
}

/// The sum of products, in eight sums side by side, which the compiler turns into vector instructions.
fn dot(a: &Levels, b: &Levels) -> f32 {
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}
