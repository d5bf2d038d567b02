//! Who is told that something waits: one list for each JavaScript environment, with one wake-up for all its sessions.

use crate::sync::{AtomicBool, AtomicU32, Mutex};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// A frame may be read, or an event about speech.
pub const AUDIO: u32 = 1;
/// The output queue fell to its target or below.
pub const ROOM: u32 = 2;
/// Events wait.
pub const EVENT: u32 = 4;
/// A picture may be read.
pub const VIDEO: u32 = 8;
/// Another picture may be written, after one was refused.
pub const VIDEO_ROOM: u32 = 16;
/// Events of a WebSocket wait.
pub const SOCKET: u32 = 64;
/// Bytes wait for JavaScript to write, which carries a WebSocket.
pub const BYTES: u32 = 128;

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

    /// Wakes the environment if a session waits in the list, unless it has been woken and has not looked yet.
    pub(crate) fn signal(&self) {
        let waits = !self.keys.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if waits && !self.signalled.swap(true, Ordering::SeqCst) {
            (self.wake)();
        }
    }

    /// Takes the keys of all sessions that became ready.
    pub fn take(&self) -> Vec<u32> {
        let mut keys = Vec::new();
        self.take_into(&mut keys);
        keys
    }

    /// The same, behind what is in `keys` already. The list keeps its memory.
    pub fn take_into(&self, keys: &mut Vec<u32>) {
        // Before the keys: what is added from here on signals again.
        self.signalled.store(false, Ordering::SeqCst);
        keys.append(&mut self.keys.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A session's place in one list: why it is there.
pub(crate) struct Place {
    key: u32,
    list: Arc<ReadyList>,
    bits: AtomicU32,
}

impl Place {
    pub(crate) fn new(key: u32, list: Arc<ReadyList>) -> Self {
        Self { key, list, bits: AtomicU32::new(0) }
    }

    /// Adds reasons; the wake-up waits for [`ReadyList::signal`].
    pub(crate) fn mark(&self, bits: u32) {
        if bits != 0 && self.bits.fetch_or(bits, Ordering::SeqCst) == 0 {
            self.list.add(self.key);
        }
    }

    /// Whether there are reasons.
    pub(crate) fn is_ready(&self) -> bool {
        self.bits.load(Ordering::SeqCst) != 0
    }

    /// Takes the reasons.
    pub(crate) fn take(&self) -> u32 {
        self.bits.swap(0, Ordering::SeqCst)
    }

    pub(crate) fn list(&self) -> &Arc<ReadyList> {
        &self.list
    }
}
