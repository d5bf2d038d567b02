//! When a frame is due: the first one at once, then one each 20 ms.

use std::time::{Duration, Instant};

use crate::FRAME_DURATION;

/// How long a tick waits for audio that is late.
const GRACE: Duration = Duration::from_millis(10);

/// A frame that is there so shortly before its tick goes with what is sent anyway: waking a thread for it costs more
/// than a few milliseconds are worth, and a live source that is looked at once in such a time would wait for nothing.
const EARLY: Duration = Duration::from_millis(9);

/// A frame that came late, but within the grace, moves the clock by a part of that: one that is late by chance would
/// otherwise have all that follow wait, and a source that is slow is followed within a few. The clock is never left
/// further behind than this, so that the next one may be late again.
const LEFT_BEHIND: Duration = Duration::from_millis(4);
const FOLLOWED: u32 = 4;

/// How long it takes to hand over what a blocked event loop held up.
const HANDED_OVER: Duration = Duration::from_millis(3);

/// By how much ticks may be late and still be made up for. Beyond that the clock starts again: a burst helps nobody, but
/// when it comes of a live source.
pub(crate) const MAX_CATCH_UP: Duration = Duration::from_millis(100);

/// How far frames may be off their time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Margins {
    /// So much ahead they may go.
    pub(crate) lead: Duration,
    /// So much later they may be there than [`GRACE`] says.
    pub(crate) slack: Duration,
}

/// What the pacer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing yet.
    Nothing,
    /// A whole frame, if there is one.
    Frame,
    /// A whole frame, or else whatever is left: no more is waited for.
    Rest,
}

/// The 20 ms clock of the sender.
#[derive(Debug)]
pub(crate) enum Pacer {
    /// Nothing was emitted, or all of it was sent.
    Idle,
    /// Less than a frame was emitted, or more of what was held up is to come.
    Gathering {
        /// When the first frame may go.
        opens: Instant,
        /// When what is there goes, whatever follows.
        closes: Instant,
    },
    /// Audio flows.
    Flowing {
        /// When the next frame is due.
        tick: Instant,
        /// How long it is waited for.
        closes: Instant,
    },
}

impl Pacer {
    /// Audio was emitted, by a source that was held up or not.
    pub(crate) fn emitted(&mut self, now: Instant, was_held_up: bool) {
        if matches!(self, Self::Idle) {
            let opens = if was_held_up { now + HANDED_OVER } else { now };
            *self = Self::Gathering { opens, closes: now + FRAME_DURATION + GRACE };
        }
    }

    /// What is due. `hurry` says that nothing is to be waited for.
    pub(crate) fn due(&self, now: Instant, hurry: bool, margins: Margins) -> Due {
        let (opens, closes) = match *self {
            Self::Idle => return Due::Nothing,
            Self::Gathering { opens, closes } => (opens, closes),
            Self::Flowing { tick, closes } => {
                (tick.checked_sub(EARLY + margins.lead).unwrap_or(tick), closes)
            }
        };
        match () {
            () if now < opens => Due::Nothing,
            () if now >= closes || hurry => Due::Rest,
            () => Due::Frame,
        }
    }

    /// What follows was due from `tick` on: it was held up on its way here, and there was no pause.
    pub(crate) fn resume(&mut self, tick: Instant, margins: Margins) {
        *self = Self::Flowing { tick, closes: tick + GRACE + margins.slack };
    }

    /// A frame goes out, all of which was there at `complete`. Returns when it was due, and whether it is the first after
    /// a pause. A clock that is late by more than `most` starts again.
    pub(crate) fn sent(
        &mut self,
        now: Instant,
        complete: Instant,
        most: Duration,
        margins: Margins,
    ) -> (Instant, bool) {
        let complete = complete.checked_sub(margins.slack).unwrap_or(complete);
        let (due, first) = match *self {
            Self::Flowing { tick, .. } => {
                (due_of(tick, now, complete, most.saturating_add(margins.slack)), false)
            }
            Self::Idle | Self::Gathering { .. } => (now, true),
        };
        let tick = due + FRAME_DURATION;
        // A thread that is late itself has yet to find what came meanwhile.
        *self = Self::Flowing { tick, closes: tick.max(now) + GRACE + margins.slack };
        (due, first)
    }

    /// Everything that follows is due so much earlier.
    pub(crate) fn move_ahead(&mut self, ahead: Duration) {
        if let Self::Flowing { tick, closes } = self {
            *tick = tick.checked_sub(ahead).unwrap_or(*tick);
            *closes = closes.checked_sub(ahead).unwrap_or(*closes);
        }
    }

    /// When the next frame is due.
    pub(crate) fn tick(&self) -> Option<Instant> {
        match *self {
            Self::Flowing { tick, .. } => Some(tick),
            Self::Idle | Self::Gathering { .. } => None,
        }
    }

    pub(crate) fn stop(&mut self) {
        *self = Self::Idle;
    }

    pub(crate) fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    pub(crate) fn is_flowing(&self) -> bool {
        matches!(self, Self::Flowing { .. })
    }

    /// When something is due next. When nothing is `ready` to go, or what seemed so was not at its time, this is the end of
    /// the wait for it.
    pub(crate) fn wake_at(&self, now: Option<Instant>, ready: bool, margins: Margins) -> Option<Instant> {
        let opens = |tick: Instant| tick.checked_sub(margins.lead).unwrap_or(tick);
        match *self {
            Self::Idle => None,
            Self::Gathering { opens, .. } if ready && now.is_some_and(|now| now < opens) => Some(opens),
            Self::Flowing { tick, .. } if ready && now.is_some_and(|now| now < opens(tick)) => {
                Some(opens(tick))
            }
            Self::Gathering { closes, .. } | Self::Flowing { closes, .. } => Some(closes),
        }
    }
}

/// When a frame was due that goes out now.
fn due_of(tick: Instant, now: Instant, complete: Instant, most: Duration) -> Instant {
    let late = complete.saturating_duration_since(tick);
    if now.saturating_duration_since(tick) > most || late > GRACE {
        return now;
    }
    tick + (late / FOLLOWED).max(late.saturating_sub(LEFT_BEHIND))
}
