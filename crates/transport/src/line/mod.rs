//! WebSockets on the media threads.
//!
//! A line is there before its session, and after it. It is read and written by its worker; its bytes come and go by a descriptor
//! of its own, or are carried by JavaScript.

pub(crate) mod carrier;
mod shared;

pub use carrier::Carrier;
pub use shared::SocketEvent;
pub(crate) use shared::{LineShared, LineTenure};

use crate::session::Session;
use carrier::Written;
use parley_session::Input;
use parley_socket::{Message, Protocol, Sink, Socket};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is asked of a line.
pub(crate) enum LineRequest {
    /// Bytes that JavaScript carried here.
    Bytes(Vec<u8>),
    /// The stream that JavaScript carries has ended.
    Ended,
    /// Send a text.
    Text(String),
    /// Send bytes as a message.
    Binary(Vec<u8>),
    /// Audio that JavaScript found in a message, and its number where the far end counts.
    Audio(Option<u64>, Vec<u8>),
    /// A mark that JavaScript found in a message.
    Mark(String),
    /// So many messages have been played, as JavaScript read.
    Played(u64),
    /// Say goodbye.
    Close(u16, String),
    /// Let go of the connection at once.
    Terminate,
}

/// A line in the hands of its worker.
pub(crate) struct Line {
    socket: Socket,
    shared: LineTenure,
    carrier: Carrier,
    /// What had been read when it was handed over.
    head: Vec<u8>,
    /// Our side of the connection is closed.
    is_shut: bool,
    /// The session whose audio goes over it.
    pub(crate) session: Option<u32>,
    /// It is to be flushed at the end of the round.
    pub(crate) dirty: bool,
}

/// What a flushed line waits for.
pub(crate) struct Flushed {
    pub(crate) wake_at: Option<Instant>,
    /// The connection is over.
    pub(crate) is_gone: bool,
    /// Whether writing goes on when the connection takes more.
    #[cfg_attr(not(unix), allow(dead_code, reason = "JavaScript takes all"))]
    pub(crate) is_blocked: bool,
}

impl Line {
    pub(crate) fn new(now: Instant, shared: Arc<LineShared>, carrier: Carrier, head: Vec<u8>) -> Self {
        Self {
            socket: Socket::new(now),
            shared: LineTenure::new(shared),
            carrier,
            head,
            is_shut: false,
            session: None,
            dirty: false,
        }
    }

    pub(crate) fn key(&self) -> u32 {
        self.shared.key
    }

    pub(crate) fn shared(&self) -> &Arc<LineShared> {
        self.shared.share()
    }

    #[cfg(unix)]
    pub(crate) fn carrier(&mut self) -> &mut Carrier {
        &mut self.carrier
    }

    /// Takes what had been read before.
    pub(crate) fn begin(&mut self, now: Instant) {
        let mut head = std::mem::take(&mut self.head);
        self.receive(now, &mut head, None);
    }

    /// The audio of that session goes over it from now on, beginning with what nobody has looked at.
    pub(crate) fn attach(&mut self, now: Instant, key: u32, protocol: Protocol, session: &mut Session) {
        self.session = Some(key);
        self.socket.attach(protocol);
        let waiting = self.shared.take_messages();
        let Self { socket, shared, .. } = self;
        let mut inward = Inward { now, session: Some(session), shared, has_pushed: false };
        for message in &waiting {
            match message {
                SocketEvent::Text(text) => socket.sort(Message::Text(text), &mut inward),
                SocketEvent::Binary(data) => socket.sort(Message::Binary(data), &mut inward),
                SocketEvent::Closed { .. } | SocketEvent::Gone => {}
            }
        }
    }

    /// Takes bytes of the far end.
    pub(crate) fn receive(&mut self, now: Instant, bytes: &mut [u8], session: Option<&mut Session>) {
        self.work(now, session, |socket, inward| socket.receive(now, bytes, inward));
    }

    /// The connection has ended or failed.
    pub(crate) fn lose(&mut self, now: Instant) {
        self.work(now, None, |socket, inward| socket.lose(inward));
    }

    pub(crate) fn wake(&mut self, now: Instant) {
        self.work(now, None, |socket, inward| socket.wake(now, inward));
    }

    /// Does what its JavaScript side asks for. Returns whether its session may have something to do.
    pub(crate) fn obey(&mut self, now: Instant, request: LineRequest, session: Option<&mut Session>) -> bool {
        self.work(now, session, |socket, inward| match request {
            LineRequest::Bytes(mut bytes) => {
                inward.shared.ate(bytes.len());
                socket.receive(now, &mut bytes, inward);
                true
            }
            LineRequest::Audio(chunk, payload) => {
                socket.take_audio(chunk, &payload, inward);
                true
            }
            LineRequest::Mark(name) => {
                socket.take_mark(&name, inward);
                true
            }
            LineRequest::Played(messages) => {
                socket.take_played(messages, inward);
                true
            }
            LineRequest::Text(text) => {
                socket.send(Message::Text(&text));
                inward.shared.took(text.len());
                false
            }
            LineRequest::Binary(data) => {
                socket.send(Message::Binary(&data));
                inward.shared.took(data.len());
                false
            }
            LineRequest::Close(code, reason) => {
                socket.close(now, code, &reason, inward);
                false
            }
            LineRequest::Ended | LineRequest::Terminate => {
                socket.lose(inward);
                false
            }
        })
    }

    /// Sends 20 ms of encoded audio.
    pub(crate) fn send_audio(&mut self, now: Instant, payload: &[u8]) {
        self.work(now, None, |socket, inward| socket.send_audio(now, payload, inward));
    }

    /// The far end is to drop what it hasn't played.
    pub(crate) fn clear(&mut self) {
        self.socket.clear();
    }

    /// The session has made all audio that is due, and has so much more. Returns how many payloads were dropped so far.
    pub(crate) fn settle(&mut self, now: Instant, waits: Duration) -> u64 {
        self.work(now, None, |socket, inward| socket.settle(now, waits, inward));
        self.socket.dropped()
    }

    /// Writes what there is to write.
    pub(crate) fn flush(&mut self, now: Instant) -> Flushed {
        let written = self.write();
        if written.is_err() || self.finish().is_err() {
            self.lose(now);
        }
        self.shared.publish(self.socket.buffered());
        if self.socket.is_gone() {
            self.shared.end();
        }
        Flushed {
            wake_at: self.socket.wake_at(),
            is_gone: self.socket.is_gone(),
            is_blocked: matches!(written, Ok(Written::Partly(_))),
        }
    }

    fn write(&mut self) -> io::Result<Written> {
        let Self { socket, carrier, shared, .. } = self;
        let written = carrier.write(socket.outgoing(), shared)?;
        let bytes = match written {
            Written::All => socket.outgoing().len(),
            Written::Partly(bytes) => bytes,
        };
        socket.wrote(bytes);
        if let Carrier::Carried = carrier {
            socket.set_under_way(shared.carried());
        }
        Ok(written)
    }

    /// Closes our side, once all has been written.
    fn finish(&mut self) -> io::Result<()> {
        if !self.socket.has_finished() || std::mem::replace(&mut self.is_shut, true) {
            return Ok(());
        }
        self.carrier.shut()
    }

    /// Lets `work` at the socket, with a sink for what comes.
    fn work<T>(
        &mut self,
        now: Instant,
        session: Option<&mut Session>,
        work: impl FnOnce(&mut Socket, &mut Inward<'_>) -> T,
    ) -> T {
        let Self { socket, shared, carrier, .. } = self;
        if let Carrier::Carried = carrier {
            socket.set_under_way(shared.carried());
        }
        let mut inward = Inward { now, session, shared, has_pushed: false };
        let done = work(socket, &mut inward);
        if inward.has_pushed && shared.is_flooded() {
            // Nobody takes what comes, and the far end goes on.
            socket.close(now, 1008, "too_many_messages", &mut inward);
        }
        done
    }
}

/// Where what comes goes.
struct Inward<'a> {
    now: Instant,
    session: Option<&'a mut Session>,
    shared: &'a LineShared,
    has_pushed: bool,
}

impl Sink for Inward<'_> {
    fn audio(&mut self, payload: &[u8]) {
        if let Some(session) = &mut self.session {
            session.handle(self.now, Input::Payload(payload));
        }
    }

    fn played(&mut self, payloads: u64) {
        if let Some(session) = &mut self.session {
            session.handle(self.now, Input::Acknowledged(payloads));
        }
    }

    fn message(&mut self, message: Message<'_>) {
        self.has_pushed = true;
        self.shared.push(match message {
            Message::Text(text) => SocketEvent::Text(text.to_owned()),
            Message::Binary(data) => SocketEvent::Binary(data.to_owned()),
        });
    }

    fn closed(&mut self, code: u16, reason: &str) {
        self.shared.close(code, reason);
    }
}
