//! How much emitted audio waits, which both sides count, and who wants to know when it is little again.

use crate::sync::{AtomicBool, AtomicU64};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The depth of a session's output queue. The JavaScript side adds, the session's runner takes away.
pub(crate) struct OutputDepth {
    /// Audio at or below this is room for more, microseconds.
    target: u64,
    /// Microseconds of audio handed over and not yet taken by the runner.
    handed_over: AtomicU64,
    /// Microseconds of audio in the pipeline when the runner last looked.
    queued: AtomicU64,
    wants_room: AtomicBool,
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl OutputDepth {
    pub(crate) fn new(target: Duration) -> Self {
        Self {
            target: micros(target),
            handed_over: AtomicU64::new(0),
            queued: AtomicU64::new(0),
            wants_room: AtomicBool::new(false),
        }
    }

    fn total(&self) -> u64 {
        // In this order: audio on its way from the one to the other is counted twice rather than not at all.
        let handed_over = self.handed_over.load(Ordering::SeqCst);
        handed_over.saturating_add(self.queued.load(Ordering::SeqCst))
    }

    /// Emitted audio that waits to be sent.
    pub(crate) fn get(&self) -> Duration {
        Duration::from_micros(self.total())
    }

    /// The JavaScript side is about to hand over so much. Returns the depth after it; above the target, room is wished
    /// for.
    pub(crate) fn hand_over(&self, length: Duration) -> Duration {
        self.handed_over.fetch_add(micros(length), Ordering::SeqCst);
        let depth = self.total();
        if depth > self.target {
            self.wants_room.fetch_or(true, Ordering::SeqCst);
        }
        Duration::from_micros(depth)
    }

    /// The runner took so much of it into the pipeline, in which so much waits now.
    pub(crate) fn take(&self, length: Duration, queued: Duration) {
        // In this order, so that the depth is never told too small.
        self.queued.store(micros(queued), Ordering::SeqCst);
        self.handed_over.fetch_sub(micros(length), Ordering::SeqCst);
    }

    /// So much waits in the pipeline now. True when that is room, and somebody wished for it.
    pub(crate) fn publish(&self, queued: Duration) -> bool {
        self.queued.store(micros(queued), Ordering::SeqCst);
        // The wish is taken before the depth is read: one that comes with more audio meanwhile stays for the next time.
        if !self.wants_room.swap(false, Ordering::SeqCst) {
            return false;
        }
        let has_room = self.total() <= self.target;
        if !has_room {
            self.wants_room.fetch_or(true, Ordering::SeqCst);
        }
        has_room
    }
}
