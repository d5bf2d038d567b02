//! Keeps the stream that a handler gets in step with real time.
//!
//! The stream's time is what was given to the handler so far; its end belongs to a moment of real time. When packets
//! stop, silence is made up until the end reaches the present. When they turn up after all, in a burst, the stream is
//! ahead by what was made up, and leaving out quiet audio brings it back. Nothing here looks at what a packet holds.

use std::time::{Duration, Instant};

use crate::FRAME_DURATION;
use crate::units::{TICKS_PER_FRAME, duration_of, ticks_of};

/// How long after the end of what was heard silence begins: longer than jitter, shorter than any pause of speech.
const PATIENCE: Duration = Duration::from_millis(100);

/// Silence that is made up at once at most, after the owner was stopped.
const MAX_CATCH_UP: Duration = Duration::from_secs(5);

/// How far the stream may be ahead of real time. Beyond that, packets are dropped.
const MAX_LEAD: Duration = Duration::from_secs(1);

/// A gap in the peer's time that comes before real time explains it.
const MAX_EARLY_GAP: Duration = Duration::from_millis(250);

/// How far it may be ahead without anything being left out.
const SLACK: Duration = Duration::from_millis(10);

/// How long the earliest packet is looked for that real time is taken from.
const WINDOW: Duration = Duration::from_secs(1);

/// How far a window can set the clock back: ten times what two crystals are ever apart, and still no burst.
const MAX_SET_BACK: Duration = Duration::from_millis(5);

/// What to do with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Give it to the handler.
    Play,
    /// Leave it out if it is quiet; else give it to the handler.
    PlayUnlessQuiet,
    /// Leave it out.
    Drop,
}

/// Relates stream time to real time.
#[derive(Debug)]
pub(crate) struct StreamClock {
    /// The real time of the stream's end.
    end: Instant,
    /// When the last packet ended, had it been played as it came.
    heard_until: Instant,
    /// Whether silence is being made up.
    filling: bool,
    /// Whether no packet has come yet.
    untouched: bool,
    /// What was made up since packets stopped and may still turn up.
    owed: Duration,
    window: Window,
}

/// By how much packets were late against the clock, at least, in some time.
#[derive(Debug)]
struct Window {
    since: Instant,
    /// Negative when the packet was early.
    least_lag_nanos: i64,
}

impl StreamClock {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            end: now,
            heard_until: now,
            filling: false,
            untouched: true,
            owed: Duration::ZERO,
            window: Window::new(now),
        }
    }

    /// The first packet of all is here: the stream begins with it, unless it began with silence.
    pub(crate) fn begin(&mut self, now: Instant) {
        if !self.filling {
            self.end = now;
        }
        self.untouched = false;
        self.window = Window::new(now);
    }

    /// Real time that the stream has not reached, in ticks.
    pub(crate) fn behind(&self, now: Instant) -> u64 {
        ticks_of(now.saturating_duration_since(self.end))
    }

    /// The longest gap in the peer's time that is believed now, in ticks: what real time explains and a little more, for
    /// bursts come early and their gaps with them. A longer one is a clock that jumped.
    pub(crate) fn believable(&self, now: Instant) -> u64 {
        let lead = self.end.saturating_duration_since(now);
        self.behind(now) + ticks_of(MAX_EARLY_GAP.min(MAX_LEAD.saturating_sub(lead)))
    }

    /// The stream has grown.
    pub(crate) fn advance(&mut self, ticks: u64) {
        self.end += duration_of(ticks);
    }

    /// Says what to do with a packet that follows the stream's end.
    pub(crate) fn arrive(&mut self, now: Instant, ticks: u32) -> Verdict {
        let duration = duration_of(ticks.into());
        if std::mem::take(&mut self.filling) {
            self.window = Window::new(now);
        }
        self.heard_until = now + duration;
        self.adjust(now, duration);
        let lead = self.end.saturating_duration_since(now);
        if lead > MAX_LEAD {
            Verdict::Drop
        } else if self.owed >= duration && lead >= duration + SLACK {
            Verdict::PlayUnlessQuiet
        } else {
            Verdict::Play
        }
    }

    /// A packet was left out.
    pub(crate) fn left_out(&mut self, ticks: u32) {
        self.owed = self.owed.saturating_sub(duration_of(ticks.into()));
    }

    /// Silence that is due by now, in ticks, whole frames. The stream grows by it.
    pub(crate) fn silence_due(&mut self, now: Instant) -> u64 {
        if now < self.silence_at() {
            return 0;
        }
        if self.untouched && !self.filling {
            // Nobody is missed before the first packet: silence begins now, and what an echo makes of it is no burst.
            self.end = now.checked_sub(FRAME_DURATION).unwrap_or(now).max(self.end);
        }
        self.filling = true;
        if let Some(earliest) = now.checked_sub(MAX_CATCH_UP) {
            self.end = self.end.max(earliest);
        }
        let behind = now.saturating_duration_since(self.end).as_nanos();
        let frames = (behind / FRAME_DURATION.as_nanos()) as u32;
        self.end += FRAME_DURATION * frames;
        self.owed += FRAME_DURATION * frames;
        u64::from(frames) * u64::from(TICKS_PER_FRAME)
    }

    /// When the next silence is due.
    pub(crate) fn silence_at(&self) -> Instant {
        if self.filling { self.end + FRAME_DURATION } else { self.end.max(self.heard_until) + PATIENCE }
    }

    /// Takes real time from the earliest packets: the others were delayed on their way.
    fn adjust(&mut self, now: Instant, duration: Duration) {
        self.window.note(signed_nanos(self.end, now));
        if now.saturating_duration_since(self.window.since) < WINDOW {
            return;
        }
        let least = Duration::from_nanos(self.window.least_lag_nanos.unsigned_abs());
        if self.window.least_lag_nanos > 0 {
            self.end += least;
        } else if least < duration + SLACK {
            self.owed = Duration::ZERO;
        }
        if self.window.least_lag_nanos < 0 && self.owed.is_zero() {
            self.end = self.end.checked_sub(least.min(MAX_SET_BACK)).unwrap_or(self.end);
        }
        self.window = Window::new(now);
    }
}

impl Window {
    fn new(since: Instant) -> Self {
        Self { since, least_lag_nanos: i64::MAX }
    }

    fn note(&mut self, lag_nanos: i64) {
        self.least_lag_nanos = self.least_lag_nanos.min(lag_nanos);
    }
}

/// The way from `from` to `to`, negative when that is before.
fn signed_nanos(from: Instant, to: Instant) -> i64 {
    let nanos = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    match to.checked_duration_since(from) {
        Some(after) => nanos(after),
        None => -nanos(from.saturating_duration_since(to)),
    }
}
