//! What other threads ask a worker to do.

use crate::line::{Line, LineRequest};
use crate::session::Session;
use crate::shared::Tenure;
use crate::sync::{AtomicBool, AtomicU8, Mutex, Waker};
use parley_media::{Chunk, Mark, SpeechRequest};
use parley_session::TurnServer;
use parley_socket::Protocol;
use parley_video::EncodedFrame;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// One request.
pub(crate) enum Command {
    /// Take over a session. If it has answered an offer, the answer is told once its checks can be routed.
    Adopt {
        session: Session,
        shared: Tenure,
        answer: Option<String>,
        /// The WebSocket that its audio goes over, and how.
        line: Option<Box<(u32, Protocol)>>,
    },
    /// Take over a WebSocket.
    Accept(Box<Line>),
    /// For a WebSocket.
    Line(u32, LineRequest),
    Audio(u32, Chunk),
    Mark(u32, Mark),
    Speech(u32, SpeechRequest),
    ClearQueue(u32),
    /// A picture to send.
    VideoFrame(u32, EncodedFrame),
    /// The peer's pictures are of no use before a key frame.
    WantKeyFrame(u32),
    /// The session's video met a fault, which ends it.
    Fault(u32, String),
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
            | Self::VideoFrame(key, _)
            | Self::WantKeyFrame(key)
            | Self::Fault(key, _)
            | Self::Message(key, _)
            | Self::Candidate(key, _)
            | Self::Renegotiate(key, _)
            | Self::Drain { key, .. }
            | Self::Close(key) => Some(*key),
            #[cfg(any(test, feature = "fault-injection"))]
            Self::Panic(key) => Some(*key),
            #[cfg(any(test, feature = "fault-injection"))]
            Self::PanicOutside(_) => None,
            Self::Adopt { .. } | Self::Accept(_) | Self::Line(..) | Self::TurnServers(_) | Self::Stop => None,
        }
    }

    /// Whether it is what a far end sent, which may wait like what comes by the network.
    pub(crate) fn is_from_far(&self) -> bool {
        matches!(self, Self::Line(_, LineRequest::Bytes(_) | LineRequest::Audio(..)))
    }
}

/// When a worker that is about to sleep looks into its inbox by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nobody knows.
    Sometime = 0,
    /// Within the time in which nobody minds if audio from a peer waits.
    Later = 1,
    /// Within its round.
    Soon = 2,
}

/// A worker's inbox. A worker that will look by itself early enough is not woken: wake-ups are what costs.
pub(crate) struct Inbox {
    waiting: Mutex<Waiting>,
    /// A [`Look`].
    look: AtomicU8,
    /// Nobody looks any more. Changed under the lock of the commands.
    is_shut: AtomicBool,
    waker: Waker,
}

#[derive(Default)]
struct Waiting {
    commands: Vec<Command>,
    /// The worker was woken for one of them.
    woken: bool,
}

impl Inbox {
    pub(crate) fn new(waker: Waker) -> Self {
        let look = AtomicU8::new(Look::Sometime as u8);
        Self { waiting: Mutex::default(), look, is_shut: AtomicBool::new(false), waker }
    }

    pub(crate) fn push(&self, command: Command) {
        let wakes = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if self.is_shut() {
                return;
            }
            let enough = if command.is_from_far() { Look::Later } else { Look::Soon };
            waiting.commands.push(command);
            // After the push: a worker that took back what it had announced before has yet to look, and will find the
            // command.
            self.look.load(Ordering::SeqCst) < enough as u8 && !std::mem::replace(&mut waiting.woken, true)
        };
        if wakes && let Err(error) = self.waker.wake() {
            log::error!("a media worker could not be woken: {error}");
        }
    }

    /// Says when the worker, about to sleep, will look again.
    pub(crate) fn announce(&self, look: Look) {
        self.look.store(look as u8, Ordering::SeqCst);
    }

    /// The worker has ended: what waits is dropped, and so is what comes.
    pub(crate) fn shut(&self) {
        let left = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            self.is_shut.store(true, Ordering::SeqCst);
            std::mem::take(&mut waiting.commands)
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
        self.announce(Look::Sometime);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut waiting.commands, into);
        waiting.woken = false;
    }
}
