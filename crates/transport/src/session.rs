//! The sessions that a media thread runs, whatever they speak to their peer.

use parley_session::{Input, Output, Rejection, RtcSession, SessionStats};
use std::time::{Duration, Instant};

/// One peer's session; see the type of each for what its methods mean.
pub(crate) enum Session {
    /// Over WebRTC.
    Rtc(Box<RtcSession>),
}

impl Session {
    /// What the peer's checks name it by, when it has any.
    pub(crate) fn ufrag(&self) -> Option<&str> {
        match self {
            Self::Rtc(session) => Some(&session.credentials().ufrag),
        }
    }

    pub(crate) fn handle(&mut self, now: Instant, input: Input<'_>) {
        match self {
            Self::Rtc(session) => session.handle(now, input),
        }
    }

    pub(crate) fn poll_output(&mut self) -> Output<'_> {
        match self {
            Self::Rtc(session) => session.poll_output(),
        }
    }

    /// Answers a later offer of the same peer.
    pub(crate) fn renegotiate(&mut self, now: Instant, offer: &str) -> Result<String, Rejection> {
        match self {
            Self::Rtc(session) => session.renegotiate(now, offer),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::Rtc(session) => session.is_closed(),
        }
    }

    pub(crate) fn is_waiting(&self) -> bool {
        match self {
            Self::Rtc(session) => session.is_waiting(),
        }
    }

    /// Whether something that only the peer can send came from the network in that time.
    pub(crate) fn was_heard_within(&self, now: Instant, time: Duration) -> bool {
        match self {
            Self::Rtc(session) => session.was_heard_within(now, time),
        }
    }

    pub(crate) fn queued(&self) -> Duration {
        match self {
            Self::Rtc(session) => session.queued(),
        }
    }

    pub(crate) fn played(&self) -> Duration {
        match self {
            Self::Rtc(session) => session.played(),
        }
    }

    pub(crate) fn set_load(&mut self, now: Instant, load: f32) {
        match self {
            Self::Rtc(session) => session.set_load(now, load),
        }
    }

    /// Bytes of messages that wait to be sent or acknowledged.
    pub(crate) fn buffered_message_bytes(&mut self) -> usize {
        match self {
            Self::Rtc(session) => session.buffered_message_bytes(),
        }
    }

    pub(crate) fn stats(&self) -> SessionStats {
        match self {
            Self::Rtc(session) => session.stats(),
        }
    }
}
