//! What waits on the way: how much later packets come than the fastest of the last seconds.

use crate::video::departures::Arrival;
use std::time::{Duration, Instant};

/// The fastest packet is looked for in the last one to two of these.
const FASTEST: Duration = Duration::from_secs(15);

/// What waits on the way.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// For how long, in microseconds.
    pub(super) length: i64,
    /// Delays are counted from here.
    began: Option<Instant>,
    /// The least delays before and lately, and until when that is.
    least: (Option<i64>, Option<i64>),
    until: Option<Instant>,
}

impl Queue {
    /// The fastest of some packets: one that was held up by something else is no queue.
    pub(super) fn measure(&mut self, now: Instant, arrivals: &[Arrival]) {
        let Some(began) = self.began.or(arrivals.first().map(|arrival| arrival.sent)) else { return };
        self.began = Some(began);
        let delay = |arrival: &Arrival| {
            let sent = arrival.sent.saturating_duration_since(began).as_micros() as i64;
            arrival.came.saturating_sub(sent)
        };
        let Some(least) = arrivals.iter().map(delay).min() else { return };
        if self.until.is_none_or(|until| now >= until) {
            // What was measured before a pause is too old: clocks drift apart.
            let is_recent = self.until.is_some_and(|until| now < until + FASTEST);
            self.least = (self.least.1.filter(|_| is_recent), None);
            self.until = Some(now + FASTEST);
        }
        self.least.1 = Some(self.least.1.map_or(least, |before| before.min(least)));
        let fastest = [self.least.0, self.least.1].into_iter().flatten().min();
        self.length = fastest.map_or(0, |fastest| least.saturating_sub(fastest));
    }
}
