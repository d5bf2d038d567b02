//! How busy a media thread is.

use std::time::{Duration, Instant};

/// The load is measured over so long.
const SPAN: Duration = Duration::from_secs(1);

/// The share of time that a thread works, as it was in the last second.
pub(crate) struct Load {
    since: Instant,
    busy: Duration,
    /// None before the first such time is over.
    share: Option<f32>,
}

impl Load {
    pub(crate) fn new(now: Instant) -> Self {
        Self { since: now, busy: Duration::ZERO, share: None }
    }

    /// The thread worked from then to then.
    pub(crate) fn worked(&mut self, from: Instant, to: Instant) {
        self.busy += to.saturating_duration_since(from);
        let span = to.saturating_duration_since(self.since);
        if span >= SPAN {
            let share = self.busy.as_secs_f32() / span.as_secs_f32();
            // A rise counts at once, a fall by half each second.
            self.share = Some(share.max((share + self.share.unwrap_or(share)) / 2.0).min(1.0));
            (self.since, self.busy) = (to, Duration::ZERO);
        }
    }

    /// 0 to 1; none before it was measured.
    pub(crate) fn share(&self) -> Option<f32> {
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
        assert_eq!(load.share(), None);
        let mut second = |n: u32, busy: f32| {
            let from = start + SPAN * n;
            load.worked(from + SPAN - SPAN.mul_f32(busy), from + SPAN);
            load.share().map(|share| (share * 100.0).round() as u32)
        };
        let shares = [second(0, 0.2), second(1, 0.6), second(2, 0.2), second(3, 0.1)];
        assert_eq!(shares, [Some(20), Some(60), Some(40), Some(25)]);
    }
}
