//! What other threads ask a worker to do.

use crate::session::Session;
use crate::shared::Tenure;
use crate::sync::{AtomicBool, Mutex, Waker};
use parley_media::{Chunk, Mark, SpeechRequest};
use parley_session::TurnServer;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// One request.
pub(crate) enum Command {
    /// Take over a session. If it has answered an offer, the answer is told once its checks can be routed.
    Adopt {
        session: Session,
        shared: Tenure,
        answer: Option<String>,
    },
    Audio(u32, Chunk),
    Mark(u32, Mark),
    Speech(u32, SpeechRequest),
    ClearQueue(u32),
    Message(u32, String),
    Candidate(u32, String),
    Renegotiate(u32, String),
    Drain {
        key: u32,
        close: bool,
    },
    Close(u32),
    /// The same TURN servers with fresh credentials.
    TurnServers(Vec<TurnServer>),
    /// The engine is gone: end what is left, and the thread.
    Stop,
    #[cfg(any(test, feature = "fault-injection"))]
    Panic(u32),
    /// The worker's next so many rounds panic.
    #[cfg(any(test, feature = "fault-injection"))]
    PanicOutside(u32),
}

impl Command {
    /// The session that it is for; none when it is for the worker itself.
    pub(crate) fn session(&self) -> Option<u32> {
        match self {
            Self::Audio(key, _)
            | Self::Mark(key, _)
            | Self::Speech(key, _)
            | Self::ClearQueue(key)
            | Self::Message(key, _)
            | Self::Candidate(key, _)
            | Self::Renegotiate(key, _)
            | Self::Drain { key, .. }
            | Self::Close(key) => Some(*key),
            #[cfg(any(test, feature = "fault-injection"))]
            Self::Panic(key) => Some(*key),
            #[cfg(any(test, feature = "fault-injection"))]
            Self::PanicOutside(_) => None,
            Self::Adopt { .. } | Self::TurnServers(_) | Self::Stop => None,
        }
    }
}

/// A worker's inbox. A worker that will look by itself within its round is not woken: wake-ups are what costs.
pub(crate) struct Inbox {
    commands: Mutex<Vec<Command>>,
    will_look_soon: AtomicBool,
    /// Nobody looks any more. Changed under the lock of the commands.
    is_shut: AtomicBool,
    waker: Waker,
}

impl Inbox {
    pub(crate) fn new(waker: Waker) -> Self {
        let no = || AtomicBool::new(false);
        Self { commands: Mutex::new(Vec::new()), will_look_soon: no(), is_shut: no(), waker }
    }

    pub(crate) fn push(&self, command: Command) {
        let first = {
            let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
            if self.is_shut() {
                return;
            }
            commands.push(command);
            commands.len() == 1
        };
        // After the push: a worker that cleared the flag before has yet to look, and will find the command. Whoever
        // pushed the first of several has seen to it that they are all found.
        if first
            && !self.will_look_soon.load(Ordering::SeqCst)
            && let Err(error) = self.waker.wake()
        {
            log::error!("a media worker could not be woken: {error}");
        }
    }

    /// Says whether the worker, about to sleep, will look again within its round.
    pub(crate) fn announce(&self, soon: bool) {
        self.will_look_soon.store(soon, Ordering::SeqCst);
    }

    /// The worker has ended: what waits is dropped, and so is what comes.
    pub(crate) fn shut(&self) {
        let left = {
            let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
            self.is_shut.store(true, Ordering::SeqCst);
            std::mem::take(&mut *commands)
        };
        // A session among them tells that it has ended, which must find the lock free.
        drop(left);
    }

    /// Whether the worker has ended.
    pub(crate) fn is_shut(&self) -> bool {
        self.is_shut.load(Ordering::SeqCst)
    }

    /// Takes all requests, in order. `into` is empty and lends its memory.
    pub(crate) fn take(&self, into: &mut Vec<Command>) {
        self.will_look_soon.store(false, Ordering::SeqCst);
        std::mem::swap(&mut *self.commands.lock().unwrap_or_else(PoisonError::into_inner), into);
    }
}
