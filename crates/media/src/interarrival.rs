//! How unevenly packets arrive (RFC 3550, section 6.4.1).

use std::time::{Duration, Instant};

use crate::units::{TICKS_PER_SECOND, ticks_of};

/// Estimates the interarrival jitter.
#[derive(Debug, Default)]
pub(crate) struct Interarrival {
    last: Option<(Instant, u64)>,
    /// In ticks of the RTP clock.
    jitter: f64,
}

impl Interarrival {
    /// Takes a packet's arrival and its extended timestamp.
    pub(crate) fn arrived(&mut self, now: Instant, timestamp: u64) {
        if let Some((then, before)) = self.last.replace((now, timestamp)) {
            let passed = ticks_of(now.saturating_duration_since(then)) as f64;
            let sent = timestamp.wrapping_sub(before).cast_signed() as f64;
            let difference = (passed - sent).abs();
            // A second and more is a clock that stopped or jumped, not a path's jitter.
            if difference < f64::from(TICKS_PER_SECOND) {
                self.jitter += (difference - self.jitter) / 16.0;
            }
        }
    }

    /// Begins anew, with another clock, but keeps the estimate: the path is the same.
    pub(crate) fn restart(&mut self) {
        self.last = None;
    }

    pub(crate) fn jitter(&self) -> Duration {
        Duration::from_secs_f64(self.jitter / f64::from(TICKS_PER_SECOND))
    }
}
