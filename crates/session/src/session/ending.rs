//! How a session comes to its end: drained, closed, given up or left by its peer.

use super::{Drain, RtcSession, State};
use crate::contract::{CloseReason, Event};
use crate::session::pending::Pending;
use rtc::sansio::Protocol;
use std::time::Duration;

/// How long a closing session waits for its last message to be acknowledged.
const LINGER: Duration = Duration::from_millis(500);
/// A peer's jitter buffer still plays what arrived so long ago; only then is drained audio heard.
const PLAYOUT: Duration = Duration::from_millis(200);

impl RtcSession {
    pub(super) fn start_closing(&mut self) {
        if !matches!(self.state, State::Closing { .. }) {
            self.state = State::Closing { until: self.now + LINGER };
        }
    }

    /// Moves on what waits for time or for other parts.
    pub(super) fn advance(&mut self) {
        if self.try_at <= self.now && !self.untried.is_empty() {
            self.try_candidates();
            self.pending = Pending::all();
        }
        match self.drain {
            Some(Drain::Flushing { close }) if self.queued().is_zero() && self.video_is_idle() => {
                self.drain = Some(Drain::Playing { close, until: self.now + PLAYOUT });
            }
            Some(Drain::Playing { close, until }) if until <= self.now => {
                self.drain = None;
                self.events.push_back(Event::Drained);
                if close {
                    self.start_closing();
                }
            }
            _ => {}
        }
        if self.presence.gone_at().is_some_and(|at| at <= self.now) {
            self.finish(CloseReason::Peer);
        }
        match self.state {
            State::Connecting { until } if until <= self.now => self.finish(CloseReason::ConnectTimeout),
            State::Closing { until } if until <= self.now || self.channels.buffered(&mut self.pc) == 0 => {
                self.finish(CloseReason::Local);
            }
            _ => {}
        }
    }

    pub(super) fn finish(&mut self, reason: CloseReason) {
        if self.is_closed() {
            return;
        }
        self.clear_queue();
        self.pipeline.end(self.now);
        self.tell_played();
        self.state = State::Closed;
        if let Err(error) = self.pc.close() {
            log::debug!("closing: {error}");
        }
        self.events.push_back(Event::Closed(reason));
        self.pending = Pending::all();
    }
}
