//! How much faster or slower the peer's clock runs than ours.

use std::time::{Duration, Instant};

use crate::units::signed_nanos;

/// The earliest packet of each such time is a point of the line that is fitted.
const SPAN: Duration = Duration::from_secs(10);
/// Points that are remembered: four minutes.
const POINTS: usize = 24;
/// Points that a line is fitted through at least.
const LEAST_POINTS: usize = 3;
/// A path whose least time changed by more between two points is another path.
const ANOTHER_PATH_NANOS: i64 = 20_000_000;

/// Fits a line through the least time that packets took.
#[derive(Debug)]
pub(crate) struct Drift {
    start: Option<Instant>,
    /// When the point that is being gathered began, and its least time.
    gathering: Option<(Instant, i64)>,
    /// Seconds since the start, and the least time then in nanoseconds; the oldest is overwritten.
    points: [(f64, i64); POINTS],
    count: usize,
}

impl Drift {
    pub(crate) const fn new() -> Self {
        Self { start: None, gathering: None, points: [(0.0, 0); POINTS], count: 0 }
    }

    /// Takes a packet's arrival and the time that it took, in nanoseconds, compared with any other.
    pub(crate) fn arrived(&mut self, now: Instant, transit: i64) {
        match &mut self.gathering {
            Some((since, least)) if now.saturating_duration_since(*since) < SPAN => {
                *least = transit.min(*least);
            }
            gathering => {
                if let Some((since, least)) = gathering.replace((now, transit)) {
                    self.conclude(since, least);
                }
            }
        }
    }

    /// By how many parts in a million the peer's clock is fast; negative when it is slow, 0 until known.
    pub(crate) fn ppm(&self) -> i32 {
        let points = &self.points[..self.count.min(POINTS)];
        if points.len() < LEAST_POINTS {
            return 0;
        }
        let count = points.len() as f64;
        let at = points.iter().map(|(at, _)| at).sum::<f64>() / count;
        let level = points.iter().map(|(_, least)| *least as f64).sum::<f64>() / count;
        let (mut over, mut under) = (0.0, 0.0);
        for (seconds, least) in points {
            over += (seconds - at) * (*least as f64 - level);
            under += (seconds - at).powi(2);
        }
        // A fast clock's packets take less and less time. Nanoseconds a second are parts in a thousand million.
        (-over / under / 1_000.0).round() as i32
    }

    /// Another clock begins.
    pub(crate) fn restart(&mut self) {
        *self = Self::new();
    }

    fn conclude(&mut self, since: Instant, least: i64) {
        let last = self.count.checked_sub(1).map(|last| self.points[last % POINTS].1);
        if last.is_some_and(|last| last.abs_diff(least) > ANOTHER_PATH_NANOS.unsigned_abs()) {
            self.count = 0;
        }
        let start = *self.start.get_or_insert(since);
        self.points[self.count % POINTS] = (signed_nanos(start, since) as f64 / 1e9, least);
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::disallowed_methods, reason = "an `Instant` can't be made without the clock")]
    fn measured(ppm: f64, seconds: u32, extra: impl Fn(u32) -> f64) -> i32 {
        let start = Instant::now();
        let mut drift = Drift::new();
        for n in 0..seconds * 50 {
            let sent = f64::from(n) * 0.02;
            let transit = -sent * ppm / 1e6 + extra(n);
            drift.arrived(start + Duration::from_secs_f64(sent), (transit * 1e9) as i64);
        }
        drift.ppm()
    }

    #[test]
    fn nothing_is_said_before_there_is_enough_to_go_by() {
        assert_eq!(measured(300.0, 25, |_| 0.0), 0);
    }

    #[test]
    fn a_fast_clock_counts_positive_and_a_slow_one_negative() {
        assert_eq!(measured(300.0, 60, |_| 0.0), 300);
        assert_eq!(measured(-300.0, 600, |_| 0.0), -300);
    }

    #[test]
    fn jitter_does_not_disturb_it() {
        let jitter = |n: u32| f64::from(n.wrapping_mul(2_654_435_761) >> 16 & 63) / 1_000.0;
        assert!((90..=110).contains(&measured(100.0, 240, jitter)));
    }

    #[test]
    fn another_path_begins_anew() {
        let longer = |n: u32| if n > 10_000 { 0.1 } else { 0.0 };
        assert_eq!(measured(50.0, 400, longer), 50);
    }
}
