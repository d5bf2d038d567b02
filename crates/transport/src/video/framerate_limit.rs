//! Which pictures are left out so that no more go out in a second than somebody allows.

use std::time::Duration;

/// A picture may come before its time by this share of the time between two: pictures don't come evenly.
const EARLY: u32 = 4;

/// Leaves out what comes too soon. On average no more pass than allowed, however unevenly they come.
#[derive(Debug)]
pub(super) struct FramerateLimit {
    /// The least time between two, on average; none without a limit.
    interval: Option<Duration>,
    /// When the next one is due.
    due: Duration,
}

impl FramerateLimit {
    /// So many pictures a second pass; without a number all do.
    pub(super) fn new(framerate: Option<f32>) -> Self {
        let interval =
            framerate.map(|framerate| Duration::from_secs_f64(1.0 / f64::from(framerate.max(0.001))));
        Self { interval, due: Duration::ZERO }
    }

    /// Whether a picture may pass that comes at `now`.
    pub(super) fn allows(&self, now: Duration) -> bool {
        self.interval.is_none_or(|interval| now + interval / EARLY >= self.due)
    }

    /// One passes.
    pub(super) fn passed(&mut self, now: Duration) {
        let Some(interval) = self.interval else { return };
        // After a pause nothing is made up for.
        let due = if now >= self.due + interval { now } else { self.due };
        self.due = due + interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many pass of the pictures that come at these times, in milliseconds.
    fn passing(framerate: Option<f32>, times: impl Iterator<Item = u64>) -> usize {
        let mut limit = FramerateLimit::new(framerate);
        times
            .map(Duration::from_millis)
            .filter(|now| {
                let allows = limit.allows(*now);
                if allows {
                    limit.passed(*now);
                }
                allows
            })
            .count()
    }

    #[test]
    fn without_a_limit_all_pass() {
        assert_eq!(passing(None, 0..1_000), 1_000);
    }

    #[test]
    fn as_many_pass_as_are_allowed_and_fewer_are_left_alone() {
        let film = |millis: u64| (0..300).map(move |n| n * 10_000 / 300 + millis);
        for (framerate, count) in
            [(1.0, 10), (10.0, 100), (24.0, 240), (25.0, 250), (29.0, 290), (30.0, 300), (60.0, 300)]
        {
            let passed = passing(Some(framerate), film(0));
            assert!(passed.abs_diff(count) <= 2, "{framerate}: {passed}");
        }
        assert_eq!(passing(Some(10.0), film(7_000)), 100, "whenever they begin");
    }

    #[test]
    fn pictures_that_come_unevenly_pass_as_often() {
        let uneven = (0..300_u64).map(|n| n * 10_000 / 300 + n * 7 % 12);
        assert!(passing(Some(15.0), uneven).abs_diff(150) <= 2);
    }

    #[test]
    fn a_pause_is_not_made_up_for() {
        let after = |from: u64| (0..30).map(move |n| from + n * 33);
        assert!(passing(Some(10.0), after(0).chain(after(60_000))) <= 22);
    }
}
