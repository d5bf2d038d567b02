//! How long a packet may still come after one behind it: the reorder allowance.
//!
//! On most paths packets never overtake one another by more than a moment, and a packet is lost when the next one is
//! here. Where they do, the wait for a missing one is as long as was needed lately.

use std::time::{Duration, Instant};

use crate::peak::Peak;

/// How long an overtaken packet is remembered: twice this at most.
const SPAN: Duration = Duration::from_secs(10);

/// So much longer than was needed lately.
const MARGIN: Duration = Duration::from_millis(3);

/// Gaps that are remembered, for what was missing in them may still come.
const GAPS: usize = 8;

/// Packets that were given up.
#[derive(Debug, Clone, Copy)]
struct Gap {
    from: u64,
    to: u64,
    /// When the first packet behind them came.
    noticed: Instant,
}

/// Adapts the reorder allowance.
#[derive(Debug)]
pub(crate) struct Reordering {
    min: Duration,
    max: Duration,
    /// In nanoseconds.
    needed: Peak,
    gaps: [Option<Gap>; GAPS],
    count: usize,
}

impl Reordering {
    /// An allowance within `min` and `max`.
    pub(crate) fn new(min: Duration, max: Duration) -> Self {
        Self { min, max, needed: Peak::new(SPAN), gaps: [None; GAPS], count: 0 }
    }

    /// How long a missing packet is waited for after one behind it came.
    pub(crate) fn allowance(&self) -> Duration {
        let needed = Duration::from_nanos(self.needed.highest().unwrap_or(0).unsigned_abs());
        (needed + MARGIN).clamp(self.min, self.max)
    }

    /// A packet came that nothing overtook.
    pub(crate) fn in_order(&mut self, now: Instant) {
        self.needed.note(now, 0);
    }

    /// A packet came that was overtaken by one that came at `since`.
    pub(crate) fn overtaken(&mut self, now: Instant, since: Instant) {
        let wait = now.saturating_duration_since(since);
        // What nobody would have waited for says nothing.
        if wait <= self.max {
            self.needed.note(now, i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX));
        }
    }

    /// The packets from `from` up to `to` are given up; the first packet behind them came at `noticed`.
    pub(crate) fn given_up(&mut self, from: u64, to: u64, noticed: Instant) {
        self.gaps[self.count % GAPS] = Some(Gap { from, to, noticed });
        self.count += 1;
    }

    /// A packet came after it had been given up: the wait was too short.
    pub(crate) fn came_after_all(&mut self, now: Instant, sequence: u64) {
        let gap = self.gaps.iter().flatten().find(|gap| (gap.from..gap.to).contains(&sequence));
        if let Some(since) = gap.map(|gap| gap.noticed) {
            self.overtaken(now, since);
        }
    }

    /// The numbering begins anew; the path is the same.
    pub(crate) fn restart(&mut self) {
        self.gaps = [None; GAPS];
    }
}
