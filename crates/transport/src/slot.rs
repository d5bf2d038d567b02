//! A session and what its runner and its JavaScript side share: what is asked of it, and what it tells.

use crate::hush::Hush;
use crate::inbox::Command;
use crate::line::Line;
use crate::ready;
use crate::session::Session;
use crate::shared::{SessionEvent, Tenure, channel_state};
use crate::video;
use bytes::BytesMut;
use parley_media::SpeechRequest;
use parley_session::{ChannelError, CloseReason, Event, Input, Output};
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How old a session's published counters may be.
const STATS_AGE: Duration = Duration::from_millis(100);
/// So many outputs are taken of a session that panicked: it may have more of them than there are.
const LAST_OUTPUTS: usize = 64;

/// A session in the hands of whoever runs it.
pub(crate) struct Slot {
    pub(crate) session: Session,
    pub(crate) shared: Tenure,
    /// It is to be pumped at the end of the round.
    pub(crate) dirty: bool,
    /// Nobody minds if its packets wait a little.
    pub(crate) is_waiting: bool,
    /// When JavaScript is told of frames.
    pub(crate) hush: Hush,
    /// How busy its runner is, 0 to 1; none when that is not known.
    pub(crate) load: Option<f32>,
    stats_at: Instant,
    sent_messages: bool,
    /// The WebSocket that its audio goes over.
    pub(crate) line: Option<u32>,
}

/// Where a session's audio leaves, and what it learns about addresses.
pub(crate) trait Outlet {
    /// Sends a datagram.
    fn datagram(&mut self, to: SocketAddr, bytes: BytesMut);
    /// Sends a datagram from an address that a TURN server lends.
    fn relayed(&mut self, relayed: SocketAddr, to: SocketAddr, bytes: &[u8]);
    /// The socket that the session's audio goes over, if any.
    fn line(&mut self) -> Option<&mut Line>;
    /// A signed check came from that address.
    fn validated(&mut self, address: SocketAddr);
    /// A signed check came from the second address by a TURN server that lends the first.
    fn validated_by_relay(&mut self, relayed: SocketAddr, address: SocketAddr);
}

/// What a pumped session waits for.
pub(crate) struct Pumped {
    pub(crate) wake_at: Option<Instant>,
    /// Frames, or what was found in them, were handed to JavaScript.
    pub(crate) frames: bool,
}

impl Slot {
    /// Takes a session over, and tells its answer to an offer.
    pub(crate) fn new(now: Instant, session: Session, shared: Tenure, answer: Option<String>) -> Self {
        if let Some(answer) = answer {
            shared.push_event(SessionEvent::text("answer", answer));
        }
        shared.set_stats(session.stats());
        Self {
            session,
            shared,
            dirty: false,
            is_waiting: false,
            hush: Hush::default(),
            load: None,
            stats_at: now,
            sent_messages: false,
            line: None,
        }
    }

    /// Does what the JavaScript side asks for. Returns an `ice-ufrag` that is new.
    pub(crate) fn obey(&mut self, now: Instant, command: Command) -> Option<String> {
        match command {
            Command::Audio(_, chunk) => {
                let length = chunk.duration();
                self.session.handle(now, Input::Audio(chunk));
                self.shared.output.take(length, self.session.queued());
            }
            Command::Speech(_, request) => {
                if let SpeechRequest::Listen(_) = request {
                    // Nobody reads frames from here on.
                    self.shared.drop_frames();
                }
                self.session.handle(now, Input::Speech(request));
            }
            Command::Mark(_, mark) => self.session.handle(now, Input::Mark(mark)),
            Command::Message(_, text) => {
                let length = text.len();
                self.session.handle(now, Input::Message(text));
                self.sent_messages = true;
                // In this order, so that what waits is never told too small.
                let buffered = self.session.buffered_message_bytes();
                self.shared.messages_buffered.store(buffered, Ordering::SeqCst);
                self.shared.message_bytes.fetch_sub(length, Ordering::SeqCst);
            }
            Command::Renegotiate(_, offer) => return self.renegotiate(now, &offer),
            Command::Candidate(_, candidate) => self.session.handle(now, Input::Candidate(&candidate)),
            Command::VideoFrame(_, frame) => self.session.handle(now, Input::VideoFrame(frame)),
            Command::WantKeyFrame(_) => self.session.handle(now, Input::WantKeyFrame),
            // What became of it elsewhere becomes of it here: whoever runs the session contains it.
            Command::Fault(_, fault) => panic!("{fault}"),
            Command::ClearQueue(_) => self.session.handle(now, Input::ClearQueue),
            Command::Drain { close, .. } => {
                if self.shared.video.as_ref().is_none_or(|video| video.drain(close)) {
                    self.session.handle(now, Input::Drain { close });
                }
            }
            Command::Close(_) => self.session.handle(now, Input::Close),
            #[cfg(any(test, feature = "fault-injection"))]
            Command::Panic(_) => panic!("injected"),
            #[cfg(any(test, feature = "fault-injection"))]
            Command::PanicOutside(_) => unreachable!("this is no session's"),
            Command::Adopt { .. }
            | Command::Accept(_)
            | Command::Line(..)
            | Command::Stop
            | Command::TurnServers(_) => unreachable!("these are no session's"),
        }
        None
    }

    fn renegotiate(&mut self, now: Instant, offer: &str) -> Option<String> {
        match self.session.renegotiate(now, offer) {
            Ok(answer) => {
                self.shared.push_event(SessionEvent::text("answer", answer));
                self.session.ufrag().map(str::to_owned)
            }
            Err(rejection) => {
                let kind = "renegotiation-rejected";
                self.shared.push_event(SessionEvent::coded(kind, rejection.code, rejection.message));
                None
            }
        }
    }

    /// Takes what the session has to do and to say.
    pub(crate) fn pump(&mut self, now: Instant, outlet: &mut impl Outlet) -> Pumped {
        self.set_video_clock(now);
        let mut frames = false;
        let wake_at = loop {
            match self.session.poll_output() {
                Output::Datagram(to, bytes) => outlet.datagram(to, bytes),
                Output::Relayed { relayed, to, datagram } => outlet.relayed(relayed, to, &datagram),
                Output::Payload(payload) => {
                    if let Some(line) = outlet.line() {
                        line.send_audio(now, payload);
                    }
                }
                Output::ClearSent => {
                    if let Some(line) = outlet.line() {
                        line.clear();
                    }
                }
                Output::Frame(samples) => {
                    self.shared.push_frame(samples);
                    if self.hush.tells(samples) {
                        self.shared.mark(ready::AUDIO);
                        frames = true;
                    }
                }
                Output::VideoFrame(frame) => video::receive(self.shared.share(), frame),
                Output::Event(Event::Validated(address)) => outlet.validated(address),
                Output::Event(Event::ValidatedByRelay(relayed, address)) => {
                    outlet.validated_by_relay(relayed, address);
                }
                Output::Event(Event::Closed(reason)) => {
                    self.publish(now);
                    self.shared.close(name(reason));
                }
                Output::Event(Event::Speech(event)) => {
                    self.shared.push_speech(event);
                    frames = true;
                }
                Output::Event(event) => self.tell(event),
                Output::WakeAt(at) => break at,
            }
        };
        if let Some(line) = outlet.line() {
            let dropped = line.settle(now, self.session.queued());
            self.shared.output_dropped.fetch_max(dropped, Ordering::SeqCst);
        }
        self.publish_depths();
        if now.saturating_duration_since(self.stats_at) >= STATS_AGE {
            self.publish(now);
        }
        Pumped { wake_at, frames }
    }

    fn set_video_clock(&self, now: Instant) {
        if let Some((video, time)) = self.shared.video.as_ref().zip(self.session.video_time(now)) {
            video.set_clock(now, time);
        }
    }

    /// After a panic: half-changed as the session may be, it mostly still can tell its peer that it ends.
    pub(crate) fn take_leave(&mut self, now: Instant, datagrams: &mut Vec<(SocketAddr, BytesMut)>) {
        self.session.handle(now, Input::Close);
        for _ in 0..LAST_OUTPUTS {
            match self.session.poll_output() {
                Output::Datagram(to, bytes) => datagrams.push((to, bytes)),
                Output::WakeAt(_) => return,
                Output::Payload(_)
                | Output::Relayed { .. }
                | Output::ClearSent
                | Output::Frame(_)
                | Output::VideoFrame(_)
                | Output::Event(_) => {}
            }
        }
    }

    fn tell(&mut self, event: Event) {
        let shared = &self.shared;
        match event {
            Event::Connected => shared.push_event(SessionEvent::new("connected")),
            Event::Disconnected => shared.push_event(SessionEvent::new("disconnected")),
            Event::Played(played) => shared.push_event(SessionEvent::played(played)),
            Event::Drained => shared.push_event(SessionEvent::new("drained")),
            Event::Dtmf { digit, duration } => shared.push_event(SessionEvent::dtmf(digit, duration)),
            Event::Message(text) => shared.push_event(SessionEvent::text("message", text)),
            Event::KeyFrameWanted => {
                if let Some(video) = &shared.video {
                    video.want_key_frame();
                }
            }
            Event::VideoCodec(codec) => {
                if let Some(video) = &shared.video {
                    video.set_codec(codec);
                }
            }
            Event::VideoBitrate(bitrate) => {
                if let Some(video) = &shared.video {
                    video.set_bitrate(bitrate);
                }
            }
            Event::ChannelOpen => {
                shared.channel.store(channel_state::OPEN, Ordering::SeqCst);
                shared.push_event(SessionEvent::new("channel-open"));
            }
            Event::ChannelClosed => {
                shared.channel.store(channel_state::CLOSED, Ordering::SeqCst);
                shared.push_event(SessionEvent::new("channel-closed"));
            }
            Event::MessageFailed(error) => {
                let (code, text) = message_failure(error);
                shared.push_event(SessionEvent::coded("error", code, text.to_owned()));
            }
            Event::Speech(_) | Event::Validated(_) | Event::ValidatedByRelay(..) | Event::Closed(_) => {
                unreachable!("taken by whoever pumps")
            }
        }
    }

    fn publish_depths(&mut self) {
        let shared = &self.shared;
        let played = u64::try_from(self.session.played().as_micros()).unwrap_or(u64::MAX);
        shared.played.store(played, Ordering::SeqCst);
        if self.sent_messages {
            let buffered = self.session.buffered_message_bytes();
            shared.messages_buffered.store(buffered, Ordering::SeqCst);
            self.sent_messages = buffered > 0;
        }
        if shared.output.publish(self.session.queued()) {
            shared.mark(ready::ROOM);
        }
    }

    fn publish(&mut self, now: Instant) {
        self.stats_at = now;
        if let Some(load) = self.load {
            self.session.set_load(now, load);
        }
        self.shared.set_stats(self.session.stats());
    }
}

fn message_failure(error: ChannelError) -> (&'static str, &'static str) {
    match error {
        ChannelError::Closed => {
            ("ERR_PARLEY_CHANNEL_CLOSED", "a message was not sent: the data channel had closed")
        }
        ChannelError::TooLarge => {
            ("ERR_PARLEY_MESSAGE_TOO_LARGE", "a message was not sent: it is longer than 64 KiB")
        }
        ChannelError::Full => {
            ("ERR_PARLEY_CHANNEL_FULL", "a message was not sent: the peer takes none, and 1 MiB waits")
        }
    }
}

fn name(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Local => "local",
        CloseReason::Peer => "peer",
        CloseReason::Timeout => "timeout",
        CloseReason::ConnectTimeout => "connect_timeout",
        CloseReason::Failed => "failed",
    }
}
