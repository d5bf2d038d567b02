//! The JavaScript side of a WebSocket.

use crate::engine::Engine;
use crate::line::{LineRequest, LineShared, SocketEvent};
use std::sync::{Arc, Weak};

/// Why a message can't be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketError {
    /// The socket is closed, or was asked to be.
    Closed,
    /// A mebibyte waits already.
    Full,
}

/// A WebSocket that a worker has. Dropping the handle does not end it.
pub struct SocketHandle {
    pub(crate) shared: Arc<LineShared>,
    pub(crate) engine: Weak<Engine>,
}

impl SocketHandle {
    /// What [`ReadyList::take`](crate::ReadyList::take) calls the socket; no session is called so.
    #[must_use]
    pub fn key(&self) -> u32 {
        self.shared.key
    }

    /// Why the socket is in the list: the sum of [`SOCKET`](crate::SOCKET) and [`BYTES`](crate::BYTES), and 0 from then on
    /// until something is new.
    #[must_use]
    pub fn take_ready(&self) -> u32 {
        self.shared.place.take()
    }

    /// Whether the last event is among the events, or has been taken.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.shared.is_gone()
    }

    /// The oldest event that waits; no message while these are [held](Self::hold).
    #[must_use]
    pub fn next_event(&self) -> Option<SocketEvent> {
        self.shared.next_event()
    }

    /// Messages wait from now on for a session that is about to begin; then those with audio go to it, and the others come here.
    pub fn hold(&self) {
        self.shared.hold();
    }

    /// Sends a text, behind all that was sent before.
    ///
    /// # Errors
    /// See [`SocketError`].
    pub fn send(&self, text: String) -> Result<(), SocketError> {
        self.hand_over(text.len(), LineRequest::Text(text))
    }

    /// Sends a binary message.
    ///
    /// # Errors
    /// See [`SocketError`].
    pub fn send_binary(&self, data: Vec<u8>) -> Result<(), SocketError> {
        self.hand_over(data.len(), LineRequest::Binary(data))
    }

    /// Ends it with a close frame, behind all that was sent. The far end has 2 s to agree.
    pub fn close(&self, code: u16, reason: String) {
        self.shared.leave();
        self.shared.ask(LineRequest::Close(code, reason));
    }

    /// Lets go of the connection at once.
    pub fn terminate(&self) {
        self.shared.leave();
        self.shared.ask(LineRequest::Terminate);
    }

    /// Bytes that wait to be written.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.shared.buffered()
    }

    /// Takes bytes that JavaScript carried here. Where more wait than a far end may send at once, they are dropped and the socket is
    /// closed (1008, `too_many_messages`).
    pub fn feed(&self, bytes: Vec<u8>) {
        if self.shared.feed(bytes.len()) {
            self.shared.ask(LineRequest::Bytes(bytes));
        } else {
            self.close(1008, "too_many_messages".to_owned());
        }
    }

    /// Bytes that were carried here and nobody has looked at.
    #[must_use]
    pub fn fed(&self) -> usize {
        self.shared.fed()
    }

    /// Bytes for JavaScript to write, which has written those of before; none: [`BYTES`](crate::BYTES) says when there are.
    #[must_use]
    pub fn take_bytes(&self) -> Option<Vec<u8>> {
        self.shared.take_bytes()
    }

    /// The stream that JavaScript carries has ended.
    pub fn ended(&self) {
        self.shared.ask(LineRequest::Ended);
    }

    fn hand_over(&self, bytes: usize, request: LineRequest) -> Result<(), SocketError> {
        if self.shared.is_closed() || self.shared.leaves() {
            return Err(SocketError::Closed);
        }
        if !self.shared.hand_over(bytes) {
            return Err(SocketError::Full);
        }
        self.shared.ask(request);
        Ok(())
    }
}
