//! Keeps the stream that a handler gets in step with real time.
//!
//! The stream's time is what was given to the handler so far; its end belongs to a moment of real time. While packets
//! stay away, audio is made up so that the end keeps up with the present. When they turn up after all, in a burst, the
//! stream is ahead by what was made up; leaving out quiet audio brings it back, and where there is none, or when two
//! clocks drift apart, what follows is made a little shorter or longer. Nothing here looks at what a packet holds.

use std::time::{Duration, Instant};

use crate::FRAME_DURATION;
use crate::slew::Pace;
use crate::units::{TICKS_PER_FRAME, duration_of, signed_nanos, ticks_of};

/// What is made up at once at most, after the owner was stopped.
const MAX_CATCH_UP: Duration = Duration::from_secs(5);

/// How far a stream of packets may be ahead of real time. Beyond that, packets are dropped.
const MAX_LEAD: Duration = Duration::from_secs(1);

/// A gap in the peer's time that comes before real time explains it.
const MAX_EARLY_GAP: Duration = Duration::from_millis(250);

/// How far it may be ahead without anything being left out.
const SLACK_NANOS: i64 = 10_000_000;

/// How far it may be off before its pace changes…
const OFF_NANOS: i64 = 15_000_000;
/// …until it is so near again.
const NEAR_NANOS: i64 = 2_000_000;

/// What to do with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Give it to the handler, at that pace.
    Play(Pace),
    /// Leave it out if it is quiet; else give it to the handler, at that pace.
    PlayUnlessQuiet(Pace),
    /// Leave it out.
    Drop,
}

/// Relates stream time to real time.
#[derive(Debug)]
pub(crate) struct StreamClock {
    /// The first packet was here, or is waited for as any other.
    has_begun: bool,
    /// The real time of the stream's end.
    end: Instant,
    pace: Pace,
    max_lead: Duration,
}

impl StreamClock {
    pub(crate) fn new(now: Instant) -> Self {
        Self::with_lead(now, MAX_LEAD)
    }

    /// The same, for a stream that may be ahead of real time by another length.
    pub(crate) fn with_lead(now: Instant, max_lead: Duration) -> Self {
        Self { has_begun: false, end: now, pace: Pace::Even, max_lead }
    }

    /// The first packet of all is here, or turns out to have been due at that time.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.has_begun = true;
        self.end = now;
    }

    /// Whether the first packet of all is here. Before it there is nobody to be missed, so nothing is made up.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// The real time of the stream's end.
    pub(crate) fn end(&self) -> Instant {
        self.end
    }

    /// Real time that the stream has not reached, in ticks.
    pub(crate) fn behind(&self, now: Instant) -> u64 {
        ticks_of(now.saturating_duration_since(self.end))
    }

    /// The longest gap in the peer's time that is believed now, in ticks: what real time explains and a little more, for
    /// bursts come early and their gaps with them. A longer one is a clock that jumped.
    pub(crate) fn believable(&self, now: Instant) -> u64 {
        let lead = self.end.saturating_duration_since(now);
        self.behind(now) + ticks_of(MAX_EARLY_GAP.min(self.max_lead.saturating_sub(lead)))
    }

    /// The stream has grown.
    pub(crate) fn advance(&mut self, ticks: u64) {
        self.end += duration_of(ticks);
    }

    /// Says what to do with a packet of that length that follows the stream's end and would have come at `due` without
    /// any delay on its way.
    pub(crate) fn arrive(&mut self, now: Instant, due: Option<Instant>, ticks: u32) -> Verdict {
        let lead = due.map_or(0, |due| signed_nanos(due, self.end));
        self.pace = match self.pace {
            Pace::Even if lead > OFF_NANOS => Pace::Shorter,
            Pace::Even if lead < -OFF_NANOS => Pace::Longer,
            Pace::Shorter if lead < NEAR_NANOS => Pace::Even,
            Pace::Longer if lead > -NEAR_NANOS => Pace::Even,
            pace => pace,
        };
        let duration = duration_of(ticks.into());
        if self.end.saturating_duration_since(now) > self.max_lead {
            Verdict::Drop
        } else if lead - SLACK_NANOS >= duration.as_nanos() as i64 {
            Verdict::PlayUnlessQuiet(self.pace)
        } else {
            Verdict::Play(self.pace)
        }
    }

    /// Passes over what no owner wants any more after it was stopped for long. Returns how much, in ticks.
    pub(crate) fn skip_to(&mut self, now: Instant) -> u64 {
        let behind = now.saturating_duration_since(self.end);
        let ticks = ticks_of(behind.saturating_sub(MAX_CATCH_UP));
        self.end += duration_of(ticks);
        ticks
    }

    /// Silence that is due by now in a stream that has begun without a packet, in ticks, whole frames. The stream grows by it.
    pub(crate) fn silence_due(&mut self, now: Instant) -> u64 {
        if self.silence_at().is_none_or(|at| now < at) {
            return 0;
        }
        self.skip_to(now);
        let behind = now.saturating_duration_since(self.end).as_nanos();
        let frames = (behind / FRAME_DURATION.as_nanos()) as u32;
        self.end += FRAME_DURATION * frames;
        u64::from(frames) * u64::from(TICKS_PER_FRAME)
    }

    /// When such silence is due next.
    pub(crate) fn silence_at(&self) -> Option<Instant> {
        self.has_begun.then(|| self.end + FRAME_DURATION)
    }
}
