//! The highest of what was measured lately.

use std::time::{Duration, Instant};

/// Remembers the highest value of this span of time and of the one before: it grows at once, and is forgotten one to
/// two spans after it was seen last.
#[derive(Debug)]
pub(crate) struct Peak {
    span: Duration,
    since: Option<Instant>,
    current: Option<i64>,
    previous: Option<i64>,
}

impl Peak {
    pub(crate) const fn new(span: Duration) -> Self {
        Self { span, since: None, current: None, previous: None }
    }

    /// Takes a value. Spans end only here, so that a pause forgets nothing.
    pub(crate) fn note(&mut self, now: Instant, value: i64) {
        let since = *self.since.get_or_insert(now);
        if now.saturating_duration_since(since) >= self.span {
            self.previous = self.current.take();
            self.since = Some(now);
        }
        self.current = Some(self.current.map_or(value, |highest| highest.max(value)));
    }

    pub(crate) fn highest(&self) -> Option<i64> {
        self.current.max(self.previous)
    }

    pub(crate) fn restart(&mut self) {
        *self = Self::new(self.span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "an `Instant` can't be made without the clock")]
    fn it_grows_at_once_and_shrinks_after_one_to_two_spans() {
        let start = Instant::now();
        let mut peak = Peak::new(Duration::from_secs(10));
        assert_eq!(peak.highest(), None);
        let mut high = |second: u64, value| {
            peak.note(start + Duration::from_secs(second), value);
            peak.highest()
        };
        assert_eq!(high(0, -5), Some(-5));
        assert_eq!(high(1, 80), Some(80));
        assert_eq!(high(15, 3), Some(80));
        assert_eq!(high(19, 4), Some(80));
        assert_eq!(high(26, 2), Some(4));
    }
}
