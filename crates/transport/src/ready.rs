//! Who is told that something waits: one list for each JavaScript environment, with one wake-up for all its sessions.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A frame may be read.
pub const AUDIO: u32 = 1;
/// The output queue fell to its target or below.
pub const ROOM: u32 = 2;
/// Events wait.
pub const EVENT: u32 = 4;

/// The sessions of one environment that have something to say. Wake-ups merge: between two calls of
/// [`take`](Self::take) there is at most one.
pub struct ReadyList {
    keys: Mutex<Vec<u32>>,
    signalled: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for ReadyList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReadyList")
    }
}

impl ReadyList {
    /// A list that calls `wake` from a media thread when it stops being empty.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { keys: Mutex::new(Vec::new()), signalled: AtomicBool::new(false), wake: Box::new(wake) }
    }

    /// Adds a session; the wake-up waits for [`signal`](Self::signal).
    pub(crate) fn add(&self, key: u32) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).push(key);
    }

    /// Wakes the environment, unless it has been woken and has not looked yet.
    pub(crate) fn signal(&self) {
        if !self.signalled.swap(true, Ordering::SeqCst) {
            (self.wake)();
        }
    }

    /// Takes the keys of all sessions that became ready.
    pub fn take(&self) -> Vec<u32> {
        // Before the keys: what is added from here on signals again.
        self.signalled.store(false, Ordering::SeqCst);
        std::mem::take(&mut *self.keys.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn wake_ups_merge_until_somebody_looks() {
        let woken = Arc::new(AtomicUsize::new(0));
        let counter = woken.clone();
        let list = ReadyList::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        list.add(1);
        list.signal();
        list.add(2);
        list.signal();
        assert_eq!(woken.load(Ordering::SeqCst), 1);
        assert_eq!(list.take(), [1, 2]);
        assert!(list.take().is_empty());
        list.add(3);
        list.signal();
        assert_eq!(woken.load(Ordering::SeqCst), 2);
    }
}
