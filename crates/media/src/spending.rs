//! Whether all bits that there are may be spent.
//!
//! Speech at 96 kbit/s needs no model of a voice, and so takes half of the CPU that it takes at 48. PESQ (wide-band), encoder alone
//! at 24 kHz, of recorded and of generated speech: 4.43 and 4.36 at 96 kbit/s and complexity 1 (1.6 ms of CPU a second), 4.28
//! and 2.84 at 48 and complexity 0 (3.3 ms), 4.46 and 4.08 at 32 and complexity 9 (9 ms; `bench/quality.py`). But only that model has FEC, and
//! what gets lost may be lost because of the bits, so they are spent while nothing is. How libopus changes from one to the
//! other isn't heard.

use std::time::{Duration, Instant};

/// Less than this is no loss to prepare for.
pub(crate) const SOME_LOSS: f32 = 0.01;
/// After a loss, so little has to be lost.
const NO_LOSS: f32 = 0.002;
/// What gets lost while bits are spent may do so because of them: they aren't spent for so long, twice as long the next time…
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// …and so on, up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Decides when bits are spent.
#[derive(Debug)]
pub(crate) struct Spending {
    is_on: bool,
    /// Not before then again.
    again_at: Option<Instant>,
    /// How long it pauses the next time.
    pause: Duration,
}

impl Spending {
    pub(crate) fn new() -> Self {
        Self { is_on: true, again_at: None, pause: FIRST_PAUSE }
    }

    /// Whether bits are spent.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Such a share of our packets is expected to be lost.
    pub(crate) fn expect_loss(&mut self, now: Instant, loss: f32) {
        if loss >= SOME_LOSS {
            if std::mem::take(&mut self.is_on) {
                self.again_at = Some(now + self.pause);
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            }
        } else if loss < NO_LOSS && self.again_at.is_none_or(|at| at <= now) {
            self.is_on = true;
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "virtual time starts at some moment")]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn losses_stop_it_and_again_for_twice_as_long() {
        let start = Instant::now();
        let mut spending = Spending::new();
        assert!(spending.is_on());
        let mut after = |seconds: u32, loss: f32| {
            spending.expect_loss(start + SECOND * seconds, loss);
            spending.is_on()
        };
        assert_eq!(
            [after(10, 0.02), after(39, 0.0), after(40, 0.005), after(41, 0.0)],
            [false, false, false, true]
        );
        assert_eq!(
            [after(50, 0.009), after(60, 0.01), after(119, 0.0), after(120, 0.0)],
            [true, false, false, true]
        );
    }
}
