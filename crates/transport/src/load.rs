//! How busy a media thread is.

use std::time::{Duration, Instant};

/// The load is measured over so long.
const SPAN: Duration = Duration::from_secs(1);

/// The share of time that a thread works, as it was in the last second.
pub(crate) struct Load {
    since: Instant,
    busy: Duration,
    share: f32,
}

impl Load {
    /// Counts as busy until the first second is over.
    pub(crate) fn new(now: Instant) -> Self {
        Self { since: now, busy: Duration::ZERO, share: 1.0 }
    }

    /// The thread worked from then to then.
    pub(crate) fn worked(&mut self, from: Instant, to: Instant) {
        self.busy += to.saturating_duration_since(from);
        let span = to.saturating_duration_since(self.since);
        if span >= SPAN {
            let share = self.busy.as_secs_f32() / span.as_secs_f32();
            // A rise counts at once, a fall by half each second.
            self.share = share.max((share + self.share) / 2.0).min(1.0);
            (self.since, self.busy) = (to, Duration::ZERO);
        }
    }

    /// 0 to 1.
    pub(crate) fn share(&self) -> f32 {
        self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rise_counts_at_once_and_a_fall_by_halves() {
        let start = Instant::now();
        let mut load = Load::new(start);
        let mut second = |n: u32, busy: f32| {
            let from = start + SPAN * n;
            load.worked(from + SPAN - SPAN.mul_f32(busy), from + SPAN);
            (load.share() * 100.0).round() as u32
        };
        assert_eq!([second(0, 0.2), second(1, 0.2), second(2, 0.9), second(3, 0.1)], [60, 40, 90, 50]);
    }
}
