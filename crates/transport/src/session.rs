//! The sessions that a media thread runs, whatever they speak to their peer.

use parley_session::{Input, Output, Rejection, RtcSession, SessionStats, SocketSession};
use std::time::{Duration, Instant};

/// One peer's session; see the type of each for what its methods mean.
pub(crate) enum Session {
    /// Over WebRTC.
    Rtc(Box<RtcSession>),
    /// Over a socket that JavaScript has.
    Socket(Box<SocketSession>),
}

impl Session {
    /// What the peer's checks name it by, when it has any.
    pub(crate) fn ufrag(&self) -> Option<&str> {
        match self {
            Self::Rtc(session) => Some(&session.credentials().ufrag),
            Self::Socket(_) => None,
        }
    }

    pub(crate) fn handle(&mut self, now: Instant, input: Input<'_>) {
        match self {
            Self::Rtc(session) => session.handle(now, input),
            Self::Socket(session) => session.handle(now, input),
        }
    }

    pub(crate) fn poll_output(&mut self) -> Output<'_> {
        match self {
            Self::Rtc(session) => session.poll_output(),
            Self::Socket(session) => session.poll_output(),
        }
    }

    /// Answers a later offer of the same peer.
    pub(crate) fn renegotiate(&mut self, now: Instant, offer: &str) -> Result<String, Rejection> {
        match self {
            Self::Rtc(session) => session.renegotiate(now, offer),
            Self::Socket(_) => {
                let message = "a socket's session began without an offer, and takes none".to_owned();
                Err(Rejection { code: "unsupported_transport", message })
            }
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::Rtc(session) => session.is_closed(),
            Self::Socket(session) => session.is_closed(),
        }
    }

    /// Whether speech is listened for, and no handler gets frames.
    pub(crate) fn listens(&self) -> bool {
        match self {
            Self::Rtc(session) => session.listens(),
            Self::Socket(session) => session.listens(),
        }
    }

    pub(crate) fn is_waiting(&self) -> bool {
        match self {
            Self::Rtc(session) => session.is_waiting(),
            Self::Socket(session) => session.is_waiting(),
        }
    }

    /// Whether something that only the peer can send came from the network in that time.
    pub(crate) fn was_heard_within(&self, now: Instant, time: Duration) -> bool {
        match self {
            Self::Rtc(session) => session.was_heard_within(now, time),
            Self::Socket(_) => false,
        }
    }

    pub(crate) fn queued(&self) -> Duration {
        match self {
            Self::Rtc(session) => session.queued(),
            Self::Socket(session) => session.queued(),
        }
    }

    pub(crate) fn played(&self) -> Duration {
        match self {
            Self::Rtc(session) => session.played(),
            Self::Socket(session) => session.played(),
        }
    }

    pub(crate) fn set_load(&mut self, now: Instant, load: f32) {
        match self {
            Self::Rtc(session) => session.set_load(now, load),
            Self::Socket(session) => session.set_load(now, load),
        }
    }

    /// Since the clock began that pictures to send are timed by; none over a socket, which has no video.
    pub(crate) fn video_time(&self, now: Instant) -> Option<Duration> {
        match self {
            Self::Rtc(session) => Some(session.video_time(now)),
            Self::Socket(_) => None,
        }
    }

    /// Bytes of messages that wait to be sent or acknowledged.
    pub(crate) fn buffered_message_bytes(&mut self) -> usize {
        match self {
            Self::Rtc(session) => session.buffered_message_bytes(),
            Self::Socket(_) => 0,
        }
    }

    pub(crate) fn stats(&self) -> SessionStats {
        match self {
            Self::Rtc(session) => session.stats(),
            Self::Socket(session) => session.stats(),
        }
    }
}
