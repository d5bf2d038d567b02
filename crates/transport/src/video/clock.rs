//! When emitted pictures are shown.

use std::time::Duration;

/// A handler's times are followed as long as they are no further from the clock than this.
const MAX_DISTANCE: Duration = Duration::from_secs(1);
/// A picture is at least so much later than the one before.
const STEP: Duration = Duration::from_millis(1);

/// Gives emitted pictures times that rise: the handler's own as far as their distances go, else the time of the call.
#[derive(Debug, Default)]
pub(super) struct EmitClock {
    /// What the handler called a moment, and what the session does.
    anchor: Option<(Duration, Duration)>,
    last_given: Option<Duration>,
    last: Option<Duration>,
}

impl EmitClock {
    /// The time of a picture that is emitted at `now`, which the handler calls `given`.
    pub(super) fn stamp(&mut self, now: Duration, given: Option<Duration>) -> Duration {
        let given = given.filter(|given| self.last_given.is_none_or(|last| *given > last));
        let told = given.and_then(|given| self.translate(now, given));
        if told.is_none() {
            self.anchor = given.map(|given| (given, now));
        }
        self.last_given = given;
        let at = told.unwrap_or(now).max(self.last.map_or(Duration::ZERO, |last| last + STEP));
        self.last = Some(at);
        at
    }

    fn translate(&self, now: Duration, given: Duration) -> Option<Duration> {
        let (from, to) = self.anchor?;
        let at = (to + given).checked_sub(from)?;
        (at.abs_diff(now) <= MAX_DISTANCE).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn stamps(pictures: &[(u64, Option<u64>)]) -> Vec<u128> {
        let mut clock = EmitClock::default();
        pictures.iter().map(|(now, given)| clock.stamp(ms(*now), given.map(ms)).as_millis()).collect()
    }

    #[test]
    fn pictures_without_a_time_have_that_of_the_call_and_rise() {
        assert_eq!(stamps(&[(10, None), (43, None), (43, None), (77, None)]), [10, 43, 44, 77]);
    }

    #[test]
    fn times_of_the_handler_keep_their_distances() {
        let given = [(10, Some(5_000)), (48, Some(5_033)), (70, Some(5_067)), (120, Some(5_100))];
        assert_eq!(stamps(&given), [10, 43, 77, 110]);
    }

    #[test]
    fn times_that_fall_or_run_away_are_not_followed() {
        assert_eq!(
            stamps(&[(10, Some(500)), (40, Some(500)), (70, Some(90)), (100, Some(120))]),
            [10, 40, 70, 100]
        );
        assert_eq!(stamps(&[(10, Some(0)), (40, Some(9_000)), (73, Some(9_033))]), [10, 40, 73]);
    }
}
