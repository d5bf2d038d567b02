//! What a line's worker and its JavaScript side both touch.

use super::LineRequest;
use crate::inbox::Command;
use crate::ready::{self, Place, ReadyList};
use crate::requests::Requests;
use crate::sync::{AtomicBool, AtomicUsize, Mutex, MutexGuard};
use parley_socket::MAX_BACKLOG;
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// Messages that may wait for JavaScript, and their bytes: what a far end may send at once, and as much again.
const MAX_MESSAGES: usize = 10_000;
const MAX_MESSAGE_BYTES: usize = 10 << 20;
/// The same until a session has begun: there may be many such far ends, and nobody knows them.
const MAX_EARLY_BYTES: usize = 1 << 20;

/// What a socket's JavaScript side is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketEvent {
    /// A text that is no audio.
    Text(String),
    /// A binary message that is no audio.
    Binary(Vec<u8>),
    /// Nothing comes any more, and nothing can be sent.
    Closed {
        /// Of a close frame, 1005 when it had none, or 1006 when there was none.
        code: u16,
        /// A word, or nothing.
        reason: String,
    },
    /// The connection is over. Nothing follows.
    Gone,
}

impl SocketEvent {
    fn is_message(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Binary(_))
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(data) => data.len(),
            Self::Closed { .. } | Self::Gone => 0,
        }
    }
}

#[derive(Default)]
struct Events {
    queue: VecDeque<SocketEvent>,
    bytes: usize,
    /// Messages wait for a session.
    are_held: bool,
    /// There is a session.
    is_attached: bool,
}

/// What JavaScript is to write.
#[derive(Default)]
struct Carried {
    bytes: Vec<u8>,
    /// What it took last, and has yet to say that it is written.
    under_way: usize,
}

pub(crate) struct LineShared {
    pub(crate) key: u32,
    pub(crate) place: Place,
    pub(crate) requests: Requests,
    /// Keeps the media threads alive; gone when the line is.
    threads: Mutex<Option<Arc<dyn Send + Sync>>>,
    events: Mutex<Events>,
    carried: Mutex<Carried>,
    /// Bytes of messages handed over and not yet taken by the worker.
    handed: AtomicUsize,
    /// Bytes that waited to be written when the worker last looked.
    unsent: AtomicUsize,
    /// Bytes that JavaScript carried here and the worker has not taken.
    fed: AtomicUsize,
    /// JavaScript has said goodbye.
    leaves: AtomicBool,
    is_closed: AtomicBool,
    is_gone: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LineShared {
    pub(crate) fn new(key: u32, list: Arc<ReadyList>) -> Self {
        Self {
            key,
            place: Place::new(key, list),
            requests: Requests::default(),
            threads: Mutex::new(None),
            events: Mutex::default(),
            carried: Mutex::default(),
            handed: AtomicUsize::new(0),
            unsent: AtomicUsize::new(0),
            fed: AtomicUsize::new(0),
            leaves: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            is_gone: AtomicBool::new(false),
        }
    }

    /// Keeps what runs the line alive until it is gone.
    pub(crate) fn hold_threads(&self, threads: Arc<dyn Send + Sync>) {
        *lock(&self.threads) = Some(threads);
    }

    pub(crate) fn ask(&self, request: LineRequest) {
        self.requests.ask(Command::Line(self.key, request));
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::SeqCst)
    }

    /// JavaScript says goodbye: it sends nothing any more, though the worker hasn't heard of that yet.
    pub(crate) fn leave(&self) {
        self.leaves.store(true, Ordering::SeqCst);
    }

    pub(crate) fn leaves(&self) -> bool {
        self.leaves.load(Ordering::SeqCst)
    }

    /// Reserves room for bytes that JavaScript carries here; false when too much waits.
    pub(crate) fn feed(&self, bytes: usize) -> bool {
        let has_room = self.fed() <= MAX_MESSAGE_BYTES;
        if has_room {
            self.fed.fetch_add(bytes, Ordering::SeqCst);
        }
        has_room
    }

    /// Bytes that JavaScript carried here and the worker has not taken.
    pub(crate) fn fed(&self) -> usize {
        self.fed.load(Ordering::SeqCst)
    }

    /// The worker took so many bytes that JavaScript carried here.
    pub(crate) fn ate(&self, bytes: usize) {
        self.fed.fetch_sub(bytes, Ordering::SeqCst);
    }

    /// Bytes that wait to be written.
    pub(crate) fn buffered(&self) -> usize {
        self.handed.load(Ordering::SeqCst) + self.unsent.load(Ordering::SeqCst)
    }

    /// Reserves room for a message; false when too much waits.
    pub(crate) fn hand_over(&self, bytes: usize) -> bool {
        let has_room = self.buffered() <= MAX_BACKLOG;
        if has_room {
            self.handed.fetch_add(bytes, Ordering::SeqCst);
        }
        has_room
    }

    /// The worker took a message of so many bytes.
    pub(crate) fn took(&self, bytes: usize) {
        // In this order, so that what waits is never told too small.
        self.unsent.fetch_add(bytes, Ordering::SeqCst);
        self.handed.fetch_sub(bytes, Ordering::SeqCst);
    }

    /// So many bytes wait to be written.
    pub(crate) fn publish(&self, unsent: usize) {
        self.unsent.store(unsent, Ordering::SeqCst);
    }

    pub(crate) fn push(&self, message: SocketEvent) {
        {
            let mut events = lock(&self.events);
            events.bytes += message.bytes();
            events.queue.push_back(message);
        }
        self.place.mark(ready::SOCKET);
    }

    /// Whether more waits than anybody could want.
    pub(crate) fn is_flooded(&self) -> bool {
        let events = lock(&self.events);
        let most = if events.is_attached { MAX_MESSAGE_BYTES } else { MAX_EARLY_BYTES };
        events.queue.len() > MAX_MESSAGES || events.bytes > most
    }

    /// The oldest event; none of the messages that are held.
    pub(crate) fn next_event(&self) -> Option<SocketEvent> {
        let mut events = lock(&self.events);
        if events.are_held {
            return None;
        }
        let event = events.queue.pop_front()?;
        events.bytes -= event.bytes();
        Some(event)
    }

    /// Messages wait for a session.
    pub(crate) fn hold(&self) {
        let mut events = lock(&self.events);
        // Under the lock, under which it is closed.
        events.are_held = !self.is_closed();
    }

    /// Takes all messages that nobody has seen, for there is a session.
    pub(crate) fn take_messages(&self) -> VecDeque<SocketEvent> {
        let mut events = lock(&self.events);
        events.are_held = false;
        events.is_attached = true;
        if self.is_closed() {
            return VecDeque::new();
        }
        events.bytes = 0;
        std::mem::take(&mut events.queue)
    }

    /// Nothing comes any more. Held messages are nobody's then.
    pub(crate) fn close(&self, code: u16, reason: &str) {
        {
            let mut events = lock(&self.events);
            if self.is_closed.swap(true, Ordering::SeqCst) {
                return;
            }
            if std::mem::take(&mut events.are_held) {
                events.queue.retain(|event| !event.is_message());
                events.bytes = 0;
            }
            events.queue.push_back(SocketEvent::Closed { code, reason: reason.to_owned() });
        }
        self.place.mark(ready::SOCKET);
    }

    /// The connection is over.
    pub(crate) fn end(&self) {
        if self.is_gone.load(Ordering::SeqCst) {
            return;
        }
        lock(&self.events).queue.push_back(SocketEvent::Gone);
        self.is_gone.store(true, Ordering::SeqCst);
        self.place.mark(ready::SOCKET);
        self.requests.end();
        lock(&self.threads).take();
    }

    /// Leaves bytes for JavaScript to write.
    pub(crate) fn carry(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut carried = lock(&self.carried);
        let is_first = carried.bytes.is_empty() && carried.under_way == 0;
        carried.bytes.extend_from_slice(bytes);
        drop(carried);
        if is_first {
            self.place.mark(ready::BYTES);
        }
    }

    /// How many bytes JavaScript has yet to write.
    pub(crate) fn carried(&self) -> usize {
        let carried = lock(&self.carried);
        carried.bytes.len() + carried.under_way
    }

    /// Bytes for JavaScript to write; those of before are written.
    pub(crate) fn take_bytes(&self) -> Option<Vec<u8>> {
        let mut carried = lock(&self.carried);
        let bytes = std::mem::take(&mut carried.bytes);
        carried.under_way = bytes.len();
        self.unsent.store(bytes.len(), Ordering::SeqCst);
        if bytes.is_empty() { None } else { Some(bytes) }
    }
}

/// Held by whoever has a line. Let go of before the line is gone, by a thread that unwinds or has ended, it tells of that.
pub(crate) struct LineTenure(Arc<LineShared>);

impl LineTenure {
    pub(crate) fn new(shared: Arc<LineShared>) -> Self {
        Self(shared)
    }

    pub(crate) fn share(&self) -> &Arc<LineShared> {
        &self.0
    }
}

impl std::ops::Deref for LineTenure {
    type Target = LineShared;

    fn deref(&self) -> &LineShared {
        &self.0
    }
}

impl Drop for LineTenure {
    fn drop(&mut self) {
        if !self.0.is_gone() {
            self.0.close(1011, "internal_error");
            self.0.end();
            self.0.place.list().signal();
        }
    }
}
