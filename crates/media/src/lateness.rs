//! When a packet is due, and how much later it may still come.
//!
//! Packets take a path's least time and something more. The earliest packets of the last seconds tell the first, which
//! is what "due" means here; the latest ones tell how much more a packet is given before it counts as missing.

use std::time::{Duration, Instant};

use crate::peak::Peak;
use crate::units::{duration_of, signed_nanos};

/// How long the earliest packet is remembered: twice this at most. Two clocks drift apart by less than 1 ms in it.
const EARLIEST: Duration = Duration::from_millis(2_500);

/// How long the latest packet is remembered: twice this at most.
const LATEST: Duration = Duration::from_secs(10);

/// What is taken for lateness before anything was measured.
const FIRST_GUESS: Duration = Duration::from_millis(10);

/// So much later than the latest packet of the last seconds another one may come.
const MARGIN: Duration = Duration::from_millis(5);

/// Later than that a packet is no measure of the path: it stood still, or the peer's clock did.
const STANDSTILL: Duration = Duration::from_millis(250);

/// Packets that come so shortly after one another came in one burst: the first one tells how long the path stood still.
const BURST: Duration = Duration::from_millis(5);

/// Follows the packets of one stream.
#[derive(Debug)]
pub(crate) struct Lateness {
    min: Duration,
    max: Duration,
    /// An arrival and its extended timestamp, which the others are counted from.
    anchor: Option<(Instant, u64)>,
    /// How much less time than the anchor a packet took, in nanoseconds: its highest value is the earliest packet.
    earliness: Peak,
    /// In nanoseconds.
    lateness: Peak,
    /// When the last packet of a burst came that came too late to be waited for.
    burst: Option<Instant>,
}

impl Lateness {
    /// Waits within `min` and `max`.
    pub(crate) fn new(min: Duration, max: Duration) -> Self {
        Self {
            min,
            max,
            anchor: None,
            earliness: Peak::new(EARLIEST),
            lateness: Peak::new(LATEST),
            burst: None,
        }
    }

    /// Takes a packet's arrival and its extended timestamp. Returns the time that it took compared with the anchor, in
    /// nanoseconds.
    pub(crate) fn arrived(&mut self, now: Instant, timestamp: u64) -> i64 {
        if self.lateness.highest().is_none() {
            self.lateness.note(now, nanos(FIRST_GUESS));
        }
        let (then, first) = *self.anchor.get_or_insert((now, timestamp));
        let transit = signed_nanos(then, now) - media_nanos(first, timestamp);
        if self.lateness_of(transit) > nanos(STANDSTILL) {
            // Should the path have stood still, the rest of the burst says so.
            self.earliness.restart();
        }
        let lateness = self.lateness_of(transit).max(0);
        self.earliness.note(now, -transit);
        self.note_lateness(now, lateness);
        transit
    }

    /// When a packet with that timestamp comes at the earliest; none before the first packet.
    pub(crate) fn due(&self, timestamp: u64) -> Option<Instant> {
        let ((then, first), earliness) = (self.anchor?, self.earliness.highest()?);
        let after = media_nanos(first, timestamp) - earliness;
        let distance = Duration::from_nanos(after.unsigned_abs());
        if after < 0 { then.checked_sub(distance) } else { then.checked_add(distance) }
    }

    /// How long after it is due a packet is waited for.
    pub(crate) fn patience(&self) -> Duration {
        let latest = self.lateness.highest().unwrap_or(nanos(FIRST_GUESS));
        (Duration::from_nanos(latest.unsigned_abs()) + MARGIN).clamp(self.min, self.max.max(MARGIN))
    }

    /// Another clock begins. How unevenly packets come stays known: the path is the same.
    pub(crate) fn restart(&mut self) {
        self.anchor = None;
        self.earliness.restart();
        self.burst = None;
    }

    fn lateness_of(&self, transit: i64) -> i64 {
        self.earliness.highest().map_or(0, |earliness| transit + earliness)
    }

    fn note_lateness(&mut self, now: Instant, lateness: i64) {
        let same_burst = self.burst.is_some_and(|last| now.saturating_duration_since(last) < BURST);
        self.burst = (same_burst || lateness > nanos(self.max)).then_some(now);
        if self.burst.is_none() {
            self.lateness.note(now, lateness);
        }
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// The time between two extended timestamps.
fn media_nanos(from: u64, to: u64) -> i64 {
    if to < from { -nanos(duration_of(from - to)) } else { nanos(duration_of(to - from)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const FIRST: u64 = 1 << 40;

    fn lateness() -> Lateness {
        Lateness::new(Duration::ZERO, MS * 120)
    }

    #[allow(clippy::disallowed_methods, reason = "an `Instant` can't be made without the clock")]
    fn start() -> Instant {
        Instant::now()
    }

    /// A packet each 20 ms, `late` milliseconds late.
    fn run(late: impl Fn(u32) -> u32, count: u32) -> (Lateness, Instant) {
        let (mut lateness, start) = (lateness(), start());
        for n in 0..count {
            lateness.arrived(start + MS * (20 * n + late(n)), FIRST + u64::from(n) * 960);
        }
        (lateness, start)
    }

    #[test]
    fn a_packet_is_due_when_the_earliest_ones_of_late_would_have_come() {
        let (lateness, start) = run(|n| if n % 10 == 3 { 0 } else { 30 }, 100);
        assert_eq!(lateness.due(FIRST + 960 * 100), Some(start + MS * 2_000));
        assert_eq!(lateness.patience(), 35 * MS);
    }

    #[test]
    fn a_steady_stream_is_waited_for_5_ms_once_that_is_known() {
        assert_eq!(run(|_| 0, 1).0.patience(), 15 * MS);
        assert_eq!(run(|_| 0, 1_100).0.patience(), 5 * MS);
    }

    #[test]
    fn a_path_that_stood_still_is_no_reason_to_wait_longer() {
        let (lateness, _) = run(|n| if (1_100..1_120).contains(&n) { (1_120 - n) * 20 } else { 0 }, 1_200);
        assert_eq!(lateness.patience(), 5 * MS);
    }

    #[test]
    fn a_peer_whose_clock_stood_still_is_due_anew() {
        let (lateness, start) = run(|n| if n >= 50 { 3_000 } else { 0 }, 100);
        assert_eq!(lateness.due(FIRST + 960 * 100), Some(start + MS * 5_000));
    }
}
