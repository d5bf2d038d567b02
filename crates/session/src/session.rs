//! The session itself.

mod core;
mod datagrams;
mod ending;
mod media;
mod pending;
mod video;

use crate::candidate::CandidateGuard;
use crate::channel::Channels;
use crate::contract::{Event, Input, Output, SessionStats};
use crate::delivered::Delivered;
use crate::handshake::HandshakeGuard;
use crate::options::{Identity, LocalAddresses, Seed, SessionOptions};
use crate::presence::Presence;
use crate::rtcp_tap::SentReports;
use crate::scratch::Scratch;
use crate::sdp::{Direction, Offer, Rejection, TelephoneEventType};
use crate::setup::{self, Credentials};
use crate::sources::{Sources, Speaker};
use crate::strays::{StrayReports, Strays};
use crate::stun::TransactionId;
use crate::video::Video;
use parley_media::{Chunk, Mark, Pipeline, PipelineOptions, RtpStart};
use rtc::peer_connection::RTCPeerConnection;
use rtc::sansio::Protocol;
use rtc::shared::TransportContext;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use media::FromPipeline;
use pending::Pending;

/// How long the peer has to check the path first.
const PEER_FIRST: Duration = Duration::from_millis(250);

/// A way that a datagram came: to which address of ours, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Path {
    local: SocketAddr,
    from: SocketAddr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Connecting { until: Instant },
    Connected,
    Closing { until: Instant },
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drain {
    Flushing { close: bool },
    Playing { close: bool, until: Instant },
}

/// What was emitted.
#[derive(Debug)]
enum Held {
    Audio(Chunk),
    Mark(Mark),
}

/// One peer connection and its media. Feed it with [`handle`](Self::handle), then take outputs until
/// [`Output::WakeAt`]; that order is the whole contract.
pub struct RtcSession {
    pc: RTCPeerConnection,
    identity: Identity,
    options: SessionOptions,
    local: Arc<LocalAddresses>,
    seed: Seed,
    guard: CandidateGuard,
    /// Candidates of the peer that the core does not know yet…
    untried: Vec<String>,
    /// …and when it is told at the latest.
    try_at: Instant,
    credentials: Credentials,
    fingerprint: String,
    payload_type: u8,
    telephone_event: TelephoneEventType,
    direction: Direction,
    has_track: bool,
    pipeline: Pipeline,
    channels: Channels,
    state: State,
    drain: Option<Drain>,
    /// What was emitted before the connection.
    held: Vec<Held>,
    presence: Presence,
    now: Instant,
    events: VecDeque<Event>,
    /// The core has a path to the peer.
    has_path: bool,
    /// What came before it had.
    early: Vec<(Path, Vec<u8>)>,
    /// The last of it came by a TURN server.
    comes_by_relay: bool,
    handshake: HandshakeGuard,
    /// RTP that the core got and has not given back decrypted.
    unread_rtp: u64,
    /// What it gave back lately.
    delivered: Delivered,
    pending: Pending,
    frame: Vec<i16>,
    scratch: Scratch,
    sources: Sources,
    validated: Vec<Path>,
    checks: Vec<(TransactionId, Instant)>,
    sent_reports: SentReports,
    strays: Strays,
    stray_reports: StrayReports,
    speaker: Speaker,
    video: Option<Box<Video>>,
    accepted_at: Instant,
    connected_at: Instant,
    /// The last number of ours that the peer reported on.
    reported_until: Option<u32>,
    reported_round_trip: Option<Duration>,
    stats: SessionStats,
}

impl RtcSession {
    /// Answers an offer. Takes a few milliseconds, so it is no work for a media thread.
    ///
    /// # Errors
    /// A [`Rejection`] that says what about the offer can't be used.
    pub fn accept(
        now: Instant,
        identity: &Identity,
        local: Arc<LocalAddresses>,
        options: SessionOptions,
        seed: Seed,
        offer: &str,
    ) -> Result<(Self, String), Rejection> {
        let guard = CandidateGuard::new(local.allow_loopback);
        let answered = setup::accept(now, identity, &local, &options, seed, offer)?;
        let mut pipeline = Pipeline::new(pipeline_options(&options, seed))
            .map_err(|error| Rejection { code: "unsupported_codec", message: error.to_string() })?;
        let answer = answered.answer;
        pipeline.set_wishes(answer.wishes);
        let parts = answered.tap.zip(answer.video).zip(options.video);
        let video =
            parts.map(|((tap, agreed), options)| Box::new(Video::new(now, tap, agreed, options, seed)));
        let session = Self {
            pc: answered.pc,
            identity: identity.clone(),
            state: State::Connecting { until: now + options.connect_timeout },
            options,
            local,
            seed,
            guard,
            untried: answer.candidates,
            try_at: now + PEER_FIRST,
            credentials: answer.credentials,
            fingerprint: answer.fingerprint,
            payload_type: answer.payload_type,
            telephone_event: answer.telephone_event,
            direction: answer.direction,
            has_track: answer.direction.sends(),
            pipeline,
            channels: Channels::default(),
            drain: None,
            held: Vec::new(),
            presence: Presence::default(),
            now,
            events: VecDeque::new(),
            has_path: false,
            early: Vec::new(),
            comes_by_relay: false,
            handshake: HandshakeGuard::default(),
            unread_rtp: 0,
            delivered: Delivered::default(),
            pending: Pending::all(),
            frame: Vec::new(),
            scratch: Scratch::default(),
            sources: Sources::default(),
            validated: Vec::new(),
            checks: Vec::new(),
            sent_reports: answered.sent_reports,
            strays: answered.strays,
            stray_reports: StrayReports::default(),
            speaker: Speaker::default(),
            video,
            accepted_at: now,
            connected_at: now,
            reported_until: None,
            reported_round_trip: None,
            stats: SessionStats::default(),
        };
        Ok((session, answer.sdp))
    }

    /// The credentials that the last answer named.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Whether the session has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Whether something that only the peer can send came in that time.
    #[must_use]
    pub fn was_heard_within(&self, now: Instant, time: Duration) -> bool {
        !self.is_closed() && self.presence.was_heard_within(now, time)
    }

    /// Whether speech is listened for, so that no frames are given out.
    #[must_use]
    pub fn listens(&self) -> bool {
        self.pipeline.listens()
    }

    /// Whether nobody minds if the peer's packets wait for some tens of milliseconds: it is connected, speech is waited for
    /// or nothing was to be heard for a while, and nothing is sent.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.state == State::Connected
            && self.video.is_none()
            && self.drain.is_none()
            && self.pipeline.is_waiting()
    }

    fn is_connecting(&self) -> bool {
        matches!(self.state, State::Connecting { .. })
    }

    /// Audio that was taken and not yet sent.
    #[must_use]
    pub fn queued(&self) -> Duration {
        let held = self.held.iter().map(|held| match held {
            Held::Audio(chunk) => chunk.duration(),
            Held::Mark(_) => Duration::ZERO,
        });
        self.pipeline.queued() + held.sum::<Duration>()
    }

    /// How much emitted audio the peer has heard at the earliest; see [`Pipeline::played`].
    #[must_use]
    pub fn played(&self) -> Duration {
        self.pipeline.played()
    }

    /// How busy the thread is that runs this session: 0 to 1. Its spare time may go into better encoding.
    pub fn set_load(&mut self, now: Instant, load: f32) {
        self.pipeline.set_load(now, load);
    }

    /// Bytes of messages that wait to be sent or acknowledged.
    pub fn buffered_message_bytes(&mut self) -> usize {
        self.channels.buffered(&mut self.pc)
    }

    /// The counters now.
    #[must_use]
    pub fn stats(&self) -> SessionStats {
        let refused = self.stats.refused + self.unread_rtp;
        let video = self.video.as_ref().map(|video| video.stats(self.now));
        let mut media = self.pipeline.stats();
        media.duplicate += self.delivered.repeated();
        SessionStats { media, video, refused, ..self.stats.clone() }
    }

    /// Answers a later offer of the same peer: ICE restart, hold, new sections.
    ///
    /// # Errors
    /// A [`Rejection`]; the session goes on as it was.
    pub fn renegotiate(&mut self, now: Instant, sdp: &str) -> Result<String, Rejection> {
        self.now = self.now.max(now);
        let offer = Offer::parse(sdp, setup::wanted(&self.options, false))?;
        self.check_same_peer(&offer)?;
        // A restart brings new candidates, so the guard counts anew; what it refuses stays the same.
        self.guard = CandidateGuard::new(self.local.allow_loopback);
        let track = (self.seed, self.has_track);
        let answer = setup::answer(self.now, &mut self.pc, offer, &self.local, &self.options, track)?;
        self.untried = answer.candidates;
        self.try_at = self.now + PEER_FIRST;
        self.has_track |= answer.direction.sends();
        self.direction = answer.direction;
        self.strays.renegotiated();
        self.telephone_event = answer.telephone_event;
        if !self.direction.sends() {
            self.clear_queue();
        }
        self.pipeline.set_wishes(answer.wishes);
        if let Some(video) = &mut self.video {
            video.negotiated(self.now, answer.video);
        }
        self.credentials = answer.credentials;
        self.pending = Pending::all();
        Ok(answer.sdp)
    }

    /// The certificate can't change under an established DTLS association (RFC 8842, section 5.5), nor can Opus move
    /// to another payload type in the middle of a stream.
    fn check_same_peer(&self, offer: &Offer) -> Result<(), Rejection> {
        if offer.fingerprint != self.fingerprint {
            return Err(Rejection::new(
                "invalid_sdp",
                "a later offer must come from the same peer: its certificate fingerprint differs",
            ));
        }
        if self.options.audio && offer.audio.payload_type != self.payload_type {
            let message = format!(
                "a later offer must keep Opus at payload type {}, not {}",
                self.payload_type, offer.audio.payload_type
            );
            return Err(Rejection::new("invalid_sdp", message));
        }
        Ok(())
    }

    /// Takes one input at `now`, which never runs backwards. After the end inputs are ignored; what a peer may send
    /// by mistake is counted, not an error.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.now = self.now.max(now);
        if self.is_closed() {
            return;
        }
        match input {
            Input::Datagram(from, bytes) => {
                self.datagram(self.local.towards(from).map(|local| Path { local, from }), bytes);
            }
            Input::Relayed { relayed, from, datagram } => {
                let path = self.local.is_relayed(relayed).then_some(Path { local: relayed, from });
                self.datagram(path, datagram);
            }
            Input::Unreachable(address) => {
                if self.stats.remote_address == Some(address) && !self.comes_by_relay {
                    self.presence.unreachable(self.now);
                }
            }
            Input::Audio(chunk) => self.audio(chunk),
            Input::VideoFrame(frame) => self.picture(&frame),
            Input::WantKeyFrame => self.want_key_frame(),
            Input::Mark(mark) => self.mark(mark),
            Input::Speech(request) => self.pipeline.speech(self.now, request),
            Input::ClearQueue => self.clear_queue(),
            Input::Message(text) => {
                self.message(text);
                self.pending = Pending::all();
            }
            Input::Candidate(candidate) => {
                self.candidate(candidate);
                self.pending = Pending::all();
            }
            Input::Drain { close } => self.start_draining(close),
            Input::Close => self.start_closing(),
            Input::Wake => self.wake(),
            // A stream's.
            Input::Payload(_) | Input::Acknowledged(_) => {}
        }
        // Video keeps its own time, and is asked along with the core.
        if self.video.is_some() {
            self.pending = Pending::all();
        }
    }

    /// The next thing to do. Call it until it returns [`Output::WakeAt`].
    pub fn poll_output(&mut self) -> Output<'_> {
        loop {
            self.drain_core();
            if let Some(event) = self.events.pop_front() {
                return Output::Event(event);
            }
            match self.next_from_pipeline() {
                FromPipeline::Frame => return Output::Frame(&self.frame),
                FromPipeline::Event => continue,
                FromPipeline::Nothing => {}
            }
            self.tell_played();
            if let Some(picture) = self.next_picture() {
                return Output::VideoFrame(picture);
            }
            self.send_video();
            if let Some(event) = self.events.pop_front() {
                return Output::Event(event);
            }
            if let Some(datagram) = self.next_datagram() {
                self.note_sent(&datagram.message);
                let TransportContext { local_addr: relayed, peer_addr: to, .. } = datagram.transport;
                if self.local.is_relayed(relayed) {
                    return Output::Relayed { relayed, to, datagram: datagram.message };
                }
                return Output::Datagram(to, datagram.message);
            }
            self.advance();
            if !self.pending.news && self.events.is_empty() {
                return Output::WakeAt(self.wake_at());
            }
        }
    }

    fn message(&mut self, text: String) {
        if let Err(error) = self.channels.send(&mut self.pc, self.now, text) {
            self.events.push_back(Event::MessageFailed(error));
        }
    }

    fn wake(&mut self) {
        if self.core_due().is_some_and(|due| due <= self.now) {
            if let Err(error) = self.pc.handle_timeout(self.now) {
                log::debug!("a timer of the core failed: {error}");
            }
            self.pending = Pending::all();
        }
        self.pipeline.wake(self.now);
    }

    fn wake_at(&mut self) -> Option<Instant> {
        if self.is_closed() {
            return None;
        }
        let deadline = match self.state {
            State::Connecting { until } | State::Closing { until } => Some(until),
            State::Connected | State::Closed => None,
        };
        let drained = match self.drain {
            Some(Drain::Playing { until, .. }) => Some(until),
            _ => None,
        };
        let untried = (!self.untried.is_empty()).then_some(self.try_at);
        let gone = self.presence.gone_at();
        let video = self.video.as_ref().and_then(|video| video.wake_at());
        [self.core_due(), self.pipeline.wake_at(), deadline, drained, untried, gone, video]
            .into_iter()
            .flatten()
            .min()
    }
}

fn pipeline_options(options: &SessionOptions, seed: Seed) -> PipelineOptions {
    PipelineOptions {
        input_rate: options.input.rate,
        input_layout: options.input.layout,
        output_rate: options.output.rate,
        output_layout: options.output.layout,
        opus: options.opus,
        output_target: options.output_target,
        jitter_min: options.jitter.0,
        jitter_max: options.jitter.1,
        rtp_start: RtpStart { sequence_number: seed.sequence_number, timestamp: seed.timestamp },
        wire: None,
        sends_silence: false,
    }
}
