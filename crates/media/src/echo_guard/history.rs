//! What was sent lately.

use super::bands::{BANDS, FLOOR, Levels};

/// Steps that are kept: 1 s. What is heard may lag behind the clock by the difference to the longest delay.
const STEPS: usize = 64;

/// What is below this in all bands is not heard anywhere, in dB of full scale.
const SILENT: f32 = -65.0;

/// What was sent below this, in dB of full scale, teaches nothing.
pub(super) const AUDIBLE: f32 = -60.0;

/// Over how many steps a band's usual level is taken: about 1 s.
const USUAL: f32 = 60.0;

/// Lower levels count as this one, in dB of full scale, lest the depth of silence outweigh speech.
const LOWEST: f32 = -75.0;

/// How far from its usual level a band counts at most, in dB.
const MOST: f32 = 12.0;

/// One step of what was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    number: u64,
    /// Whether it is loud enough to learn from what comes back of it.
    pub(super) audible: bool,
    pub(super) levels: Levels,
    /// How far each band is from its usual level, in dB…
    pub(super) moves: Levels,
    /// …and the sum of their squares.
    pub(super) power: f32,
}

/// The last second of what was sent.
#[derive(Debug)]
pub(super) struct History {
    steps: Box<[Step; STEPS]>,
    usual: Usual,
    /// The last step that wasn't silent.
    loud: Option<u64>,
}

impl History {
    pub(super) fn new() -> Self {
        let empty = Step {
            number: u64::MAX,
            audible: false,
            levels: [FLOOR; BANDS],
            moves: [0.0; BANDS],
            power: 0.0,
        };
        Self { steps: Box::new([empty; STEPS]), usual: Usual::new(), loud: None }
    }

    pub(super) fn push(&mut self, number: u64, levels: &Levels) {
        if levels.iter().any(|&level| level > SILENT) {
            self.loud = Some(number);
        }
        let audible = levels.iter().any(|&level| level > AUDIBLE);
        let moves = self.usual.moves(levels);
        let power = moves.iter().map(|by| by * by).sum();
        self.steps[(number % STEPS as u64) as usize] =
            Step { number, audible, levels: *levels, moves, power };
    }

    /// What was sent `lag` steps before step `number`, if anything.
    pub(super) fn before(&self, number: u64, lag: usize) -> Option<&Step> {
        let number = number.checked_sub(lag as u64)?;
        Some(&self.steps[(number % STEPS as u64) as usize]).filter(|step| step.number == number)
    }

    /// Whether anything was to be heard in the last `count` steps before step `number`.
    pub(super) fn was_loud(&self, number: u64, count: usize) -> bool {
        self.loud.is_some_and(|loud| loud + count as u64 > number)
    }
}

/// How loud each band usually is.
#[derive(Debug)]
pub(super) struct Usual {
    levels: Levels,
    steps: f32,
}

impl Usual {
    pub(super) fn new() -> Self {
        Self { levels: [LOWEST; BANDS], steps: 0.0 }
    }

    /// How far each band is from its usual level, in dB, and takes note of it.
    pub(super) fn moves(&mut self, levels: &Levels) -> Levels {
        self.steps = (self.steps + 1.0).min(USUAL);
        let share = 1.0 / self.steps;
        let mut moves = [0.0; BANDS];
        for ((by, usual), level) in moves.iter_mut().zip(&mut self.levels).zip(levels) {
            let level = level.max(LOWEST);
            *usual += (level - *usual) * share;
            *by = (level - *usual).clamp(-MOST, MOST);
        }
        moves
    }
}
