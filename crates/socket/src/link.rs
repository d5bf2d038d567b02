//! The state of a connection: from its opening to its end.

use crate::budget::Budget;
use crate::frame::{Fault, Opcode, SHORT};
use crate::outgoing::Outgoing;
use crate::sink::Sink;
use std::time::{Duration, Instant};

/// Bytes that may wait for a far end that reads slowly before audio for it is dropped: it would be late anyway.
pub const MAX_AUDIO_BACKLOG: usize = 131_072;
/// Bytes beyond which messages are refused too.
pub const MAX_BACKLOG: usize = 1_048_576;
/// How long audio is dropped before such a far end is given up.
const MAX_BLOCKED: Duration = Duration::from_secs(10);
/// How long nothing may be heard of a far end before it is asked whether it lives, how often it is asked then, and before it is
/// given up.
const QUIET: Duration = Duration::from_secs(8);
const ASK_EVERY: Duration = Duration::from_secs(5);
const DEAD: Duration = Duration::from_secs(25);
/// How long a far end has to agree to the end, and then to close its side.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);
/// Close codes that are never sent (RFC 6455, section 7.4.1): none was given, and the connection was lost.
const NO_CODE: u16 = 1005;
const LOST: u16 = 1006;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// We have said goodbye; the far end hasn't.
    Closing {
        until: Instant,
    },
    /// What is left to leave leaves, then our side is closed, and then the far end's.
    Ending {
        until: Instant,
    },
    Gone,
}

/// A connection, but for what its messages mean.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) out: Outgoing,
    /// Bytes that whoever writes has taken and not written.
    pub(crate) under_way: usize,
    state: State,
    budget: Budget,
    heard_at: Instant,
    /// When is looked after whether the far end lives.
    look_at: Instant,
    blocked_since: Option<Instant>,
}

impl Link {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            out: Outgoing::default(),
            under_way: 0,
            state: State::Open,
            budget: Budget::new(now),
            heard_at: now,
            look_at: now + QUIET,
            blocked_since: None,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.state == State::Gone
    }

    /// Whether bytes that come are still looked at.
    pub(crate) fn reads(&self) -> bool {
        matches!(self.state, State::Open | State::Closing { .. })
    }

    /// Whether nothing more will be written.
    pub(crate) fn has_finished(&self) -> bool {
        matches!(self.state, State::Ending { .. } | State::Gone) && self.out.len() == 0
    }

    pub(crate) fn buffered(&self) -> usize {
        self.out.len() + self.under_way
    }

    /// A message of so many bytes has come. Returns whether it is to be looked at.
    pub(crate) fn hear(&mut self, now: Instant, bytes: usize, sink: &mut impl Sink) -> bool {
        self.heard_at = now;
        if !self.is_open() {
            return false;
        }
        if self.budget.take(now, bytes) {
            return true;
        }
        self.close(now, 1008, "too_many_messages", sink);
        false
    }

    /// Whether a text, or anything that isn't audio, may be sent.
    pub(crate) fn has_room(&self) -> bool {
        self.is_open() && self.buffered() <= MAX_BACKLOG
    }

    /// Whether audio may be sent. A far end that reads too slowly for long is given up.
    pub(crate) fn has_audio_room(&mut self, now: Instant, sink: &mut impl Sink) -> bool {
        if !self.is_open() {
            return false;
        }
        self.relieve();
        if self.buffered() <= MAX_AUDIO_BACKLOG {
            return true;
        }
        let since = *self.blocked_since.get_or_insert(now);
        if now.saturating_duration_since(since) > MAX_BLOCKED {
            self.close(now, 1008, "too_slow", sink);
        }
        false
    }

    /// A far end that has caught up isn't slow any more.
    pub(crate) fn relieve(&mut self) {
        if self.buffered() <= MAX_AUDIO_BACKLOG {
            self.blocked_since = None;
        }
    }

    pub(crate) fn pong(&mut self, payload: &[u8]) {
        if self.has_room() {
            self.out.frame(Opcode::Pong, &[payload]);
        }
    }

    /// Says goodbye, behind all that was sent.
    pub(crate) fn close(&mut self, now: Instant, code: u16, reason: &str, sink: &mut impl Sink) {
        if self.is_open() {
            self.say_goodbye(code, reason);
            self.state = State::Closing { until: now + CLOSE_PATIENCE };
            sink.closed(code, reason);
        }
    }

    /// The far end has said goodbye.
    pub(crate) fn take_goodbye(
        &mut self,
        now: Instant,
        payload: &[u8],
        sink: &mut impl Sink,
    ) -> Result<(), Fault> {
        let goodbye = read_goodbye(payload)?;
        self.heard_at = now;
        match self.state {
            State::Open => {
                let (code, reason) = goodbye.unwrap_or((NO_CODE, ""));
                match goodbye {
                    Some((code, _)) => self.say_goodbye(code, ""),
                    None => self.out.frame(Opcode::Close, &[]),
                }
                self.state = State::Ending { until: now + CLOSE_PATIENCE };
                sink.closed(code, reason);
            }
            State::Closing { until } => self.state = State::Ending { until },
            State::Ending { .. } | State::Gone => {}
        }
        Ok(())
    }

    /// The far end sent what it mustn't.
    pub(crate) fn fail(&mut self, now: Instant, fault: Fault, sink: &mut impl Sink) {
        let code = fault.code();
        if self.is_open() {
            self.say_goodbye(code, "");
            sink.closed(code, "");
        }
        if self.reads() {
            self.state = State::Ending { until: now + CLOSE_PATIENCE };
        }
    }

    /// The connection is no more.
    pub(crate) fn lose(&mut self, sink: &mut impl Sink) {
        if self.is_open() {
            sink.closed(LOST, "");
        }
        self.state = State::Gone;
        self.out.forget();
    }

    /// Does what is due.
    pub(crate) fn wake(&mut self, now: Instant, sink: &mut impl Sink) {
        match self.state {
            State::Open if self.look_at <= now => self.look(now, sink),
            State::Closing { until } | State::Ending { until } if until <= now => self.lose(sink),
            _ => {}
        }
    }

    pub(crate) fn wake_at(&self) -> Option<Instant> {
        match self.state {
            State::Open => Some(self.look_at),
            State::Closing { until } | State::Ending { until } => Some(until),
            State::Gone => None,
        }
    }

    /// Asks a quiet far end whether it lives, and gives up one that doesn't answer.
    fn look(&mut self, now: Instant, sink: &mut impl Sink) {
        let (asks_at, dead_at) = (self.heard_at + QUIET, self.heard_at + DEAD);
        if dead_at <= now {
            return self.lose(sink);
        }
        self.look_at = asks_at;
        if asks_at <= now {
            self.look_at = (now + ASK_EVERY).min(dead_at);
            if self.buffered() <= MAX_AUDIO_BACKLOG {
                self.out.frame(Opcode::Ping, &[]);
            }
        }
    }

    fn say_goodbye(&mut self, code: u16, reason: &str) {
        let most = SHORT - 2;
        let end = (0..=most.min(reason.len())).rev().find(|end| reason.is_char_boundary(*end)).unwrap_or(0);
        self.out.frame(Opcode::Close, &[&code.to_be_bytes(), &reason.as_bytes()[..end]]);
    }
}

/// Reads the payload of a close frame: a code and a reason, or nothing.
fn read_goodbye(payload: &[u8]) -> Result<Option<(u16, &str)>, Fault> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(None) } else { Err(Fault::Frame) };
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Fault::Frame);
    }
    std::str::from_utf8(reason).map(|reason| Some((code, reason))).map_err(|_| Fault::Text)
}
