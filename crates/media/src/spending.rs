//! Whether bits are spent instead of time.
//!
//! Speech at 96 kbit/s needs no model of a voice, and so takes half of the CPU that it takes at 48. PESQ (wide-band), encoder alone
//! at 24 kHz, of recorded and of generated speech: 4.41 and 4.35 at 96 kbit/s and complexity 1 (1.7 ms of CPU a second), 4.41
//! and 3.37 at 48 and complexity 0 (2.9 ms), 4.46 and 4.17 at 32 and complexity 9 (8.7 ms). But only that model has FEC, and
//! the bits have to be paid for, so they are spent while time is short and nothing gets lost. How libopus changes from one to
//! the other isn't heard.

use std::time::{Duration, Instant};

use crate::rate_control::SOME_LOSS;

/// Beyond this load of the worker time is short…
const SHORT_OF_TIME: f32 = 0.20;
/// …until it is below this. The saving itself is a quarter of the load.
const TIME_ENOUGH: f32 = 0.08;
/// One or the other has to last for so long: calls that all begin at once don't count.
const SUSTAINED: Duration = Duration::from_secs(3);
/// After a loss, so little has to be lost.
const NO_LOSS: f32 = 0.002;
/// What gets lost while bits are spent may do so because of them: they aren't spent for so long, twice as long the next time…
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// …and so on, up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Decides when bits are spent.
#[derive(Debug)]
pub(crate) struct Spending {
    is_short_of_time: bool,
    /// Since when the load says otherwise.
    otherwise_since: Option<Instant>,
    is_lossy: bool,
    /// Not before then again.
    again_at: Option<Instant>,
    /// How long it pauses the next time.
    pause: Duration,
}

impl Spending {
    pub(crate) fn new() -> Self {
        Self {
            is_short_of_time: false,
            otherwise_since: None,
            is_lossy: false,
            again_at: None,
            pause: FIRST_PAUSE,
        }
    }

    /// Whether bits are spent.
    pub(crate) fn is_on(&self) -> bool {
        self.is_short_of_time && !self.is_lossy
    }

    /// So busy is the worker, 0 to 1.
    pub(crate) fn set_load(&mut self, now: Instant, load: f32) {
        let is_short = load > if self.is_short_of_time { TIME_ENOUGH } else { SHORT_OF_TIME };
        if is_short == self.is_short_of_time {
            self.otherwise_since = None;
        } else if now.saturating_duration_since(*self.otherwise_since.get_or_insert(now)) >= SUSTAINED {
            (self.is_short_of_time, self.otherwise_since) = (is_short, None);
        }
    }

    /// Such a share of our packets is expected to be lost.
    pub(crate) fn expect_loss(&mut self, now: Instant, loss: f32) {
        if loss >= SOME_LOSS {
            if self.is_on() {
                self.again_at = Some(now + self.pause);
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            }
            self.is_lossy = true;
        } else if loss < NO_LOSS && self.again_at.is_none_or(|at| at <= now) {
            self.is_lossy = false;
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "virtual time starts at some moment")]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn busy_since(start: Instant) -> Spending {
        let mut spending = Spending::new();
        spending.set_load(start, 0.9);
        spending.set_load(start + SUSTAINED, 0.9);
        assert!(spending.is_on());
        spending
    }

    #[test]
    fn a_load_counts_when_it_lasts() {
        let start = Instant::now();
        let mut spending = Spending::new();
        let mut after = |seconds: u32, load: f32| {
            spending.set_load(start + SECOND * seconds, load);
            spending.is_on()
        };
        assert_eq!([after(0, 0.9), after(2, 0.9), after(3, 0.1), after(4, 0.9), after(6, 0.9)], [false; 5]);
        assert_eq!([after(7, 0.9), after(20, 0.1), after(21, 0.05), after(23, 0.05)], [true; 4]);
        assert_eq!([after(24, 0.05), after(60, 0.15)], [false; 2]);
    }

    #[test]
    fn losses_stop_it_and_again_for_twice_as_long() {
        let start = Instant::now();
        let mut spending = busy_since(start);
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
