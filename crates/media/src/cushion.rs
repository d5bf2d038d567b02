//! How late a live source comes, again and again.
//!
//! A source that works in real time gives 20 ms each 20 ms. One that hiccups is late for some of them and makes up for it
//! at once, so that what follows waits by as much. Whether this delay is worth keeping depends on whether the source does
//! it again.

use std::time::{Duration, Instant};

use crate::FRAME_DURATION;

/// The most delay that is kept for hiccups.
pub(crate) const MAX: Duration = Duration::from_millis(60);
/// Less than a frame is no hiccup: every listener waits for as much, and on a busy machine threads are late by it all the time…
const LEAST: Duration = FRAME_DURATION;
/// …and what no cushion would hide is a pause.
const LONGEST: Duration = Duration::from_millis(70);
/// For so long a hiccup is remembered: what a garbage collector does every few seconds is not to be heard.
const MEMORY: Duration = Duration::from_secs(10);
/// While a source is so young, its process warms up and others connect…
const YOUTH: Duration = Duration::from_secs(5);
/// …and its hiccups are no habit, and remembered for so long only.
const YOUNG_MEMORY: Duration = Duration::from_secs(2);
/// From so many remembered ones on, the source is one that hiccups.
const RECURRING: usize = 2;
/// How many are remembered; of more than these the newest.
const MAX_HICCUPS: usize = 32;
/// What is usual is taken from the last one to two of these.
const USUAL: Duration = Duration::from_secs(2);

/// Watches when audio arrives.
#[derive(Debug, Default)]
pub(crate) struct Cushion {
    /// Since when, and how much was emitted since.
    since: Option<Instant>,
    emitted: Duration,
    /// When its first audio arrived.
    began: Option<Instant>,
    usual: Usual,
    hiccups: [Option<Hiccup>; MAX_HICCUPS],
    newest: usize,
}

#[derive(Debug, Clone, Copy)]
struct Hiccup {
    at: Instant,
    late: Duration,
}

/// The least of what came in the last seconds, in microseconds against the schedule.
#[derive(Debug, Default)]
struct Usual {
    until: Option<Instant>,
    before: Option<i64>,
    lately: Option<i64>,
}

impl Cushion {
    /// Audio arrives while so much waits.
    pub(crate) fn arrived(&mut self, now: Instant, length: Duration, waiting: Duration) {
        self.began.get_or_insert(now);
        let since = *self.since.get_or_insert(now);
        let offset = micros(now.saturating_duration_since(since)) - micros(self.emitted);
        self.emitted += length;
        let late = offset - self.usual.of(now, offset);
        let late = Duration::from_micros(u64::try_from(late).unwrap_or(0));
        if late > LONGEST {
            // The schedule is another one now.
            self.since = Some(now);
            self.emitted = length;
            self.usual = Usual::default();
        } else if late > LEAST && waiting < MAX {
            self.remember(Hiccup { at: now, late });
        }
    }

    /// What comes late together is one hiccup.
    fn remember(&mut self, hiccup: Hiccup) {
        let newest = &mut self.hiccups[self.newest];
        match newest {
            Some(known) if hiccup.at.saturating_duration_since(known.at) < LONGEST => {
                known.late = known.late.max(hiccup.late);
            }
            Some(_) => {
                self.newest = (self.newest + 1) % MAX_HICCUPS;
                self.hiccups[self.newest] = Some(hiccup);
            }
            None => *newest = Some(hiccup),
        }
    }

    /// How much delay hides the hiccups that are to be expected: none, up to [`MAX`].
    pub(crate) fn depth(&self, now: Instant) -> Duration {
        let remembered = || self.hiccups.iter().flatten().filter(|hiccup| self.is_remembered(now, hiccup));
        if remembered().count() < RECURRING {
            return Duration::ZERO;
        }
        remembered().map(|hiccup| hiccup.late).max().unwrap_or_default().min(MAX)
    }

    fn is_remembered(&self, now: Instant, hiccup: &Hiccup) -> bool {
        let is_young = self.began.is_some_and(|began| hiccup.at.saturating_duration_since(began) < YOUTH);
        now.saturating_duration_since(hiccup.at) < if is_young { YOUNG_MEMORY } else { MEMORY }
    }
}

impl Usual {
    /// What is usual, this included.
    fn of(&mut self, now: Instant, offset: i64) -> i64 {
        if self.until.is_none_or(|until| now >= until) {
            self.until = Some(now + USUAL);
            self.before = self.lately.take();
        }
        let lately = self.lately.map_or(offset, |lately| lately.min(offset));
        self.lately = Some(lately);
        self.before.map_or(lately, |before| before.min(lately))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "an `Instant` can't be made without the clock; virtual time starts here"
)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A frame each 20 ms, each as late as said.
    fn after(frames: u32, late: impl Fn(u32) -> u32) -> Duration {
        let start = Instant::now();
        let mut cushion = Cushion::default();
        for n in 0..frames {
            cushion.arrived(start + FRAME_DURATION * n + MS * late(n), FRAME_DURATION, Duration::ZERO);
        }
        cushion.depth(start + FRAME_DURATION * frames)
    }

    #[test]
    fn one_hiccup_is_no_habit() {
        assert_eq!(after(100, |n| if n == 50 { 30 } else { 0 }), Duration::ZERO);
        assert_eq!(after(100, |n| if n % 40 == 20 { 30 } else { 0 }), 30 * MS);
    }

    #[test]
    fn a_habit_is_forgotten_after_ten_seconds() {
        let twice = |n| if n == 350 || n == 380 { 25 } else { 0 };
        assert_eq!(after(800, twice), 25 * MS);
        assert_eq!(after(900, twice), Duration::ZERO);
    }

    #[test]
    fn what_happens_while_a_call_begins_is_forgotten_after_two() {
        let twice = |n| if n == 50 || n == 80 { 25 } else { 0 };
        assert_eq!(after(150, twice), 25 * MS);
        assert_eq!(after(155, twice), Duration::ZERO);
    }

    #[test]
    fn less_than_a_frame_is_no_hiccup_and_a_pause_is_none_either() {
        assert_eq!(after(200, |n| n * 7 % 20), Duration::ZERO);
        assert_eq!(
            after(200, |n| if n < 100 {
                0
            } else if n < 150 {
                200
            } else {
                800
            }),
            Duration::ZERO
        );
    }

    #[test]
    fn a_clock_that_runs_slow_is_not_late() {
        // 1,000 ppm: 20 µs a frame.
        let start = Instant::now();
        let mut cushion = Cushion::default();
        for n in 0..10_000_u32 {
            let drift = Duration::from_micros(20) * n;
            cushion.arrived(start + FRAME_DURATION * n + drift, FRAME_DURATION, Duration::ZERO);
            assert_eq!(cushion.depth(start), Duration::ZERO);
        }
    }
}
