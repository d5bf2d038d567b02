//! When a frame is due: the first one at once, then one each 20 ms.

use std::time::{Duration, Instant};

use crate::FRAME_DURATION;

/// How long a tick waits for audio that is late.
const GRACE: Duration = Duration::from_millis(10);

/// A frame that is there so shortly before its tick goes with what is sent anyway: waking a thread for it costs more
/// than a few milliseconds are worth, and a live source that is looked at once in such a time would wait for nothing.
const EARLY: Duration = Duration::from_millis(6);

/// By how much ticks may be late and still be made up for. Beyond that the clock starts again: a burst helps nobody.
const MAX_CATCH_UP: Duration = Duration::from_millis(100);

/// What the pacer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing yet.
    Nothing,
    /// A whole frame, if there is one; nothing is missed yet if there is none.
    Early,
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
    /// Less than a frame was emitted; it is sent at that time whatever follows.
    Gathering(Instant),
    /// Audio flows.
    Flowing {
        /// When the next frame is due.
        tick: Instant,
        /// Whether there was none at that time.
        starved: bool,
    },
}

impl Pacer {
    /// Audio was emitted.
    pub(crate) fn emitted(&mut self, now: Instant) {
        if matches!(self, Self::Idle) {
            *self = Self::Gathering(now + FRAME_DURATION + GRACE);
        }
    }

    /// What is due. `hurry` says that nothing is to be waited for.
    pub(crate) fn due(&self, now: Instant, hurry: bool) -> Due {
        let (opens, closes) = match *self {
            Self::Idle => return Due::Nothing,
            Self::Gathering(until) => (now, until),
            Self::Flowing { tick, .. } => (tick, tick + GRACE),
        };
        match () {
            () if now + EARLY < opens => Due::Nothing,
            () if now < opens => Due::Early,
            () if now >= closes || hurry => Due::Rest,
            () => Due::Frame,
        }
    }

    /// A frame goes out. Returns when it was due, and whether it is the first after a pause.
    pub(crate) fn sent(&mut self, now: Instant) -> (Instant, bool) {
        let (due, first) = match *self {
            Self::Flowing { tick, starved: false } if now.saturating_duration_since(tick) <= MAX_CATCH_UP => {
                (tick, false)
            }
            Self::Flowing { .. } => (now, false),
            Self::Idle | Self::Gathering(_) => (now, true),
        };
        *self = Self::Flowing { tick: due + FRAME_DURATION, starved: false };
        (due, first)
    }

    /// Everything that follows is due so much earlier.
    pub(crate) fn move_ahead(&mut self, ahead: Duration) {
        if let Self::Flowing { tick, .. } = self {
            *tick = tick.checked_sub(ahead).unwrap_or(*tick);
        }
    }

    /// There was no frame when one was due.
    pub(crate) fn missed(&mut self) {
        if let Self::Flowing { starved, .. } = self {
            *starved = true;
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

    /// When something is due next.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        match *self {
            Self::Idle => None,
            Self::Gathering(until) => Some(until),
            Self::Flowing { tick, starved } => Some(if starved { tick + GRACE } else { tick }),
        }
    }
}
