//! The session itself.

use crate::candidate::CandidateGuard;
use crate::channel::{ChannelError, Channels, MAX_MESSAGE_BYTES};
use crate::dtls_record;
use crate::handshake::HandshakeGuard;
use crate::options::{Identity, LocalAddresses, Mode, Seed, SessionOptions};
use crate::presence::Presence;
use crate::sdp::{Direction, Offer, Rejection};
use crate::setup::{self, Answer, Credentials};
use crate::stun::{Kind, StunView, TransactionId};
use bytes::BytesMut;
use parley_media::{Chunk, Pipeline, PipelineOptions, PipelineOutput, PipelineStats, RtpStart, RtpView};
use rtc::data_channel::RTCDataChannelId;
use rtc::peer_connection::RTCPeerConnection;
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::state::{RTCIceConnectionState, RTCPeerConnectionState};
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtp::{Packet, header::Header};
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest datagram that is read; Ethernet carries 1500 bytes, and nothing longer is ever sent to us.
pub const MAX_DATAGRAM_BYTES: usize = 2048;
/// Most addresses that one session's checks may come from.
const MAX_VALIDATED: usize = 32;
/// How long a closing session waits for its last message to be acknowledged.
const LINGER: Duration = Duration::from_millis(500);
/// A peer's jitter buffer still plays what arrived so long ago; only then is drained audio heard.
const PLAYOUT: Duration = Duration::from_millis(200);
/// Most checks whose answer is awaited.
const MAX_PENDING_CHECKS: usize = 64;
/// How long the peer has to check the path first.
const PEER_FIRST: Duration = Duration::from_millis(250);
/// Most candidates that are remembered until then; how many are ever contacted is the guard's business.
const MAX_UNTRIED: usize = 64;
/// Most datagrams that are held until a path is found: two flights of a handshake.
const MAX_EARLY: usize = 8;

/// Something that happened outside.
#[derive(Debug)]
pub enum Input<'a> {
    /// A datagram from that address: STUN, DTLS, SRTP or SRTCP (told apart as in RFC 7983).
    Datagram(SocketAddr, &'a [u8]),
    /// A datagram that came from an address by a TURN server.
    Relayed {
        /// The address that the server lends ([`Allocation::relayed`](crate::Allocation::relayed)).
        relayed: SocketAddr,
        /// The peer's.
        from: SocketAddr,
        /// What the server unwrapped.
        datagram: &'a [u8],
    },
    /// The network says that nobody listens at that address any more (ICMP "port unreachable").
    Unreachable(SocketAddr),
    /// Audio to send, of any length, rate and layout.
    Audio(Chunk),
    /// Drop all audio that has not been sent yet.
    ClearQueue,
    /// Text for the peer's data channel; kept until it opens.
    Message(String),
    /// A candidate of the peer, as in `RTCIceCandidate.candidate`.
    Candidate(&'a str),
    /// No more audio will come: say [`Event::Drained`] when the last of it was heard, then close if asked to.
    Drain {
        /// Close after that.
        close: bool,
    },
    /// End the session.
    Close,
    /// The time last asked for with [`Output::WakeAt`] has come.
    Wake,
}

/// Something to do outside.
#[derive(Debug)]
pub enum Output<'a> {
    /// Send this datagram there.
    Datagram(SocketAddr, BytesMut),
    /// Have a TURN server send this datagram.
    Relayed {
        /// The address that the server lends.
        relayed: SocketAddr,
        /// The peer's.
        to: SocketAddr,
        /// What the server gets wrapped.
        datagram: BytesMut,
    },
    /// 20 ms of interleaved PCM for the handler, in the format of [`SessionOptions::input`].
    Frame(&'a [i16]),
    /// Tell somebody.
    Event(Event),
    /// Nothing more now. Call [`RtcSession::handle`] with [`Input::Wake`] at that time, or never if there is none.
    WakeAt(Option<Instant>),
}

/// What a session has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// ICE and DTLS are up: media and messages flow.
    Connected,
    /// No check succeeded for a while; it may come back.
    Disconnected,
    /// A signed check came from this address: datagrams from there belong to this session.
    Validated(SocketAddr),
    /// A signed check came from the second address by a TURN server that lends the first.
    ValidatedByRelay(SocketAddr, SocketAddr),
    /// The peer's data channel opened.
    ChannelOpen,
    /// It closed.
    ChannelClosed,
    /// The peer sent text.
    Message(String),
    /// A message of ours was not sent.
    MessageFailed(ChannelError),
    /// All audio before [`Input::Drain`] was sent and had time to be heard.
    Drained,
    /// The end; nothing follows but the last datagrams.
    Closed(CloseReason),
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// [`Input::Close`], or [`Input::Drain`] with `close`.
    Local,
    /// The peer said so (DTLS `close_notify`).
    Peer,
    /// The peer no longer answers checks.
    Timeout,
    /// It never connected in [`SessionOptions::connect_timeout`].
    ConnectTimeout,
    /// ICE or DTLS failed before it connected, a wrong certificate included.
    Failed,
}

/// Counters of one session.
#[derive(Debug, Clone, Default)]
pub struct SessionStats {
    /// RTP packets of audio received and decrypted.
    pub packets_in: u64,
    /// Their payload bytes.
    pub bytes_in: u64,
    /// RTP packets of audio sent.
    pub packets_out: u64,
    /// Their payload bytes.
    pub bytes_out: u64,
    /// Datagrams that were dropped unread: no valid STUN, DTLS or (S)RTP, unsigned checks, forged or repeated packets,
    /// too long.
    pub refused: u64,
    /// Round trip of the last connectivity check.
    pub round_trip: Option<Duration>,
    /// Share of our packets that the peer lost, by its last report: 0 to 255 for 0 to 1 (RFC 3550, section 6.4.1).
    pub fraction_lost_by_peer: u8,
    /// Where the peer is.
    pub remote_address: Option<SocketAddr>,
    /// What the media pipeline counted.
    pub media: PipelineStats,
}

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
    direction: Direction,
    has_track: bool,
    pipeline: Pipeline,
    channels: Channels,
    state: State,
    drain: Option<Drain>,
    /// Audio from before the connection.
    held: Vec<Chunk>,
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
    /// The core may have something to say.
    dirty: bool,
    frame: Vec<i16>,
    validated: Vec<Path>,
    checks: Vec<(TransactionId, Instant)>,
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
        let pipeline = Pipeline::new(pipeline_options(&options, seed))
            .map_err(|error| Rejection { code: "unsupported_codec", message: error.to_string() })?;
        let Answer { sdp, direction, payload_type, credentials, fingerprint, candidates } = answered.answer;
        let session = Self {
            pc: answered.pc,
            identity: identity.clone(),
            state: State::Connecting { until: now + options.connect_timeout },
            options,
            local,
            seed,
            guard,
            untried: candidates,
            try_at: now + PEER_FIRST,
            credentials,
            fingerprint,
            payload_type,
            direction,
            has_track: direction.sends(),
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
            dirty: true,
            frame: Vec::new(),
            validated: Vec::new(),
            checks: Vec::new(),
            stats: SessionStats::default(),
        };
        Ok((session, sdp))
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

    fn is_connecting(&self) -> bool {
        matches!(self.state, State::Connecting { .. })
    }

    /// Audio that was taken and not yet sent.
    #[must_use]
    pub fn queued(&self) -> Duration {
        self.pipeline.queued() + self.held.iter().map(Chunk::duration).sum::<Duration>()
    }

    /// Bytes of messages that wait to be sent or acknowledged.
    pub fn buffered_message_bytes(&mut self) -> usize {
        self.channels.buffered(&mut self.pc)
    }

    /// The counters now.
    #[must_use]
    pub fn stats(&self) -> SessionStats {
        let refused = self.stats.refused + self.unread_rtp;
        SessionStats { media: self.pipeline.stats(), refused, ..self.stats.clone() }
    }

    /// Answers a later offer of the same peer: ICE restart, hold, new sections.
    ///
    /// # Errors
    /// A [`Rejection`]; the session goes on as it was.
    pub fn renegotiate(&mut self, now: Instant, sdp: &str) -> Result<String, Rejection> {
        self.now = self.now.max(now);
        let offer = Offer::parse(sdp, self.options.allow_extra_tracks)?;
        self.check_same_peer(&offer)?;
        let seed = (!self.has_track).then_some(self.seed);
        // A restart brings new candidates, so the guard counts anew; what it refuses stays the same.
        self.guard = CandidateGuard::new(self.local.allow_loopback);
        let answer = setup::answer(self.now, &mut self.pc, offer, &self.local, &self.options, seed)?;
        self.untried = answer.candidates;
        self.try_at = self.now + PEER_FIRST;
        self.has_track |= answer.direction.sends();
        self.direction = answer.direction;
        if !self.direction.sends() {
            self.clear_queue();
        }
        self.credentials = answer.credentials;
        self.dirty = true;
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
        if offer.audio.payload_type != self.payload_type {
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
            Input::ClearQueue => self.clear_queue(),
            Input::Message(text) => self.message(text),
            Input::Candidate(candidate) => self.candidate(candidate),
            Input::Drain { close } => self.start_draining(close),
            Input::Close => self.start_closing(),
            Input::Wake => self.wake(),
        }
        self.dirty = true;
    }

    /// The next thing to do. Call it until it returns [`Output::WakeAt`].
    pub fn poll_output(&mut self) -> Output<'_> {
        loop {
            if std::mem::take(&mut self.dirty) {
                self.drain_core();
            }
            if let Some(event) = self.events.pop_front() {
                return Output::Event(event);
            }
            if self.next_frame() {
                return Output::Frame(&self.frame);
            }
            if let Some(datagram) = self.pc.poll_write() {
                self.note_sent(&datagram.message);
                let TransportContext { local_addr: relayed, peer_addr: to, .. } = datagram.transport;
                if self.local.is_relayed(relayed) {
                    return Output::Relayed { relayed, to, datagram: datagram.message };
                }
                return Output::Datagram(to, datagram.message);
            }
            self.advance();
            if !self.dirty && self.events.is_empty() {
                return Output::WakeAt(self.wake_at());
            }
        }
    }

    fn datagram(&mut self, path: Option<Path>, bytes: &[u8]) {
        let Some(path) = path.filter(|path| self.admits(*path, bytes)) else {
            self.stats.refused += 1;
            return;
        };
        if bytes.first().is_some_and(|first| *first > 3) {
            self.stats.remote_address = Some(path.from);
            self.comes_by_relay = self.local.is_relayed(path.local);
            if !self.has_path {
                return self.hold_back(path, bytes);
            }
        }
        self.feed(path, bytes);
    }

    fn admits(&mut self, path: Path, bytes: &[u8]) -> bool {
        let admitted = match bytes.first() {
            Some(0..=3) => self.admits_stun(path, bytes),
            Some(20..=63) => self.validated.contains(&path) && dtls_record::is_plausible(bytes),
            Some(128..=191) => self.validated.contains(&path) && bytes.len() >= 12,
            _ => false,
        };
        admitted && bytes.len() <= MAX_DATAGRAM_BYTES
    }

    /// The peer may begin its handshake before our own check of the path was answered, and the core would drop that
    /// flight, which comes again only a second later.
    fn hold_back(&mut self, path: Path, bytes: &[u8]) {
        if self.early.len() < MAX_EARLY {
            self.early.push((path, bytes.to_vec()));
        } else {
            self.stats.refused += 1;
        }
    }

    fn path_found(&mut self) {
        self.has_path = true;
        for (path, bytes) in std::mem::take(&mut self.early) {
            self.feed(path, &bytes);
        }
    }

    fn feed(&mut self, path: Path, bytes: &[u8]) {
        let established = !self.is_connecting();
        if matches!(bytes.first(), Some(20..=63)) && !self.handshake.admit(bytes, established) {
            self.stats.refused += 1;
            return;
        }
        // RFC 5761, section 4: what has one of these second bytes is RTCP, which the core may keep to itself.
        self.unread_rtp += u64::from(bytes[0] >= 128 && !matches!(bytes.get(1), Some(192..=223)));
        let transport = TransportContext {
            local_addr: path.local,
            peer_addr: path.from,
            ecn: None,
            transport_protocol: TransportProtocol::UDP,
        };
        let datagram = TaggedBytesMut { now: self.now, transport, message: BytesMut::from(bytes) };
        if let Err(error) = self.pc.handle_read(datagram) {
            log::debug!("a datagram was refused: {error}");
            self.stats.refused += 1;
        }
    }

    /// Nothing unsigned reaches the ICE agent, whose role even an unsigned request could switch.
    fn admits_stun(&mut self, path: Path, bytes: &[u8]) -> bool {
        let Some(stun) = StunView::parse(bytes) else { return false };
        match stun.kind() {
            Kind::Request => self.admits_check(path, &stun),
            Kind::Success => self.take_check(stun.transaction_id()),
            Kind::Other => false,
        }
    }

    fn admits_check(&mut self, path: Path, stun: &StunView<'_>) -> bool {
        let ours = stun.local_ufrag() == Some(self.credentials.ufrag.as_bytes());
        if !ours || !stun.is_signed_with(&self.credentials.password, self.identity.provider.crypto()) {
            return false;
        }
        self.presence.heard(self.now);
        if self.now < self.try_at {
            self.try_candidates();
        }
        if !self.validated.contains(&path) {
            if self.validated.len() >= MAX_VALIDATED {
                return false;
            }
            self.validated.push(path);
            self.events.push_back(if self.local.is_relayed(path.local) {
                Event::ValidatedByRelay(path.local, path.from)
            } else {
                Event::Validated(path.from)
            });
        }
        true
    }

    /// A response counts only when it answers a check of ours; its signature is the agent's business.
    fn take_check(&mut self, id: TransactionId) -> bool {
        let Some(index) = self.checks.iter().position(|(sent, _)| *sent == id) else { return false };
        let (_, sent_at) = self.checks.swap_remove(index);
        self.presence.heard(self.now);
        self.stats.round_trip = Some(self.now.saturating_duration_since(sent_at));
        true
    }

    fn note_sent(&mut self, datagram: &[u8]) {
        match datagram.first() {
            Some(0) => self.note_check(datagram),
            Some(20..=63) if dtls_record::holds_protected_alert(datagram) => self.association_ended(),
            // The core keeps a handshake that it refused in its state, and would refuse it again and again.
            Some(20..=63) if dtls_record::refuses_certificate(datagram) && self.is_connecting() => {
                self.finish(CloseReason::Failed);
            }
            _ => {}
        }
    }

    /// The core raises no event for the peer's `close_notify`, but answers it with one, and sends no other alert
    /// after the handshake unless we close.
    fn association_ended(&mut self) {
        let reason = if self.is_connecting() { CloseReason::Failed } else { CloseReason::Peer };
        self.finish(reason);
    }

    fn note_check(&mut self, datagram: &[u8]) {
        let Some(stun) = StunView::parse(datagram) else { return };
        if stun.kind() == Kind::Request {
            if self.checks.len() >= MAX_PENDING_CHECKS {
                self.checks.remove(0);
            }
            self.checks.push((stun.transaction_id(), self.now));
        }
    }

    /// Candidates are tried once the peer's own check came, or a while later: a check of ours that overtakes the answer
    /// makes the peer take us for a peer-reflexive candidate, which some (Pion) accept only after a second.
    fn candidate(&mut self, candidate: &str) {
        if self.now < self.try_at {
            if self.untried.len() < MAX_UNTRIED {
                self.untried.push(candidate.to_owned());
            }
        } else {
            setup::add_candidate(&mut self.pc, &mut self.guard, candidate);
        }
    }

    fn try_candidates(&mut self) {
        self.try_at = self.now;
        for candidate in std::mem::take(&mut self.untried) {
            setup::add_candidate(&mut self.pc, &mut self.guard, &candidate);
        }
    }

    fn message(&mut self, text: String) {
        if let Err(error) = self.channels.send(&mut self.pc, self.now, text) {
            self.events.push_back(Event::MessageFailed(error));
        }
    }

    /// Audio that comes before the connection is held for it; what a peer doesn't want to hear is dropped.
    fn audio(&mut self, chunk: Chunk) {
        match self.state {
            State::Connecting { .. } => self.held.push(chunk),
            _ if self.direction.sends() => self.pipeline.emit(self.now, chunk),
            _ => {}
        }
    }

    fn clear_queue(&mut self) {
        self.held.clear();
        self.pipeline.clear_queue(self.now);
    }

    fn start_draining(&mut self, close: bool) {
        self.drain = Some(Drain::Flushing { close });
        if !self.is_connecting() {
            self.pipeline.drain();
        }
    }

    fn start_closing(&mut self) {
        if !matches!(self.state, State::Closing { .. }) {
            self.state = State::Closing { until: self.now + LINGER };
        }
    }

    fn wake(&mut self) {
        if self.pc.poll_timeout().is_some_and(|due| due <= self.now)
            && let Err(error) = self.pc.handle_timeout(self.now)
        {
            log::debug!("a timer of the core failed: {error}");
        }
        self.pipeline.wake(self.now);
    }

    /// Takes what the core has to say.
    fn drain_core(&mut self) {
        while let Some(event) = self.pc.poll_event() {
            self.core_event(event);
        }
        while let Some(TaggedRTCMessage { message, .. }) = self.pc.poll_read() {
            self.core_message(message);
        }
    }

    fn core_event(&mut self, event: RTCPeerConnectionEvent) {
        match event {
            RTCPeerConnectionEvent::OnIceConnectionStateChangeEvent(
                RTCIceConnectionState::Connected | RTCIceConnectionState::Completed,
            ) => self.path_found(),
            RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) => self.core_state(state),
            RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnOpen(id)) => self.channel_opened(id),
            RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnClose(id)) => {
                self.channel_closed(id)
            }
            _ => {}
        }
    }

    fn channel_opened(&mut self, id: RTCDataChannelId) {
        if self.channels.opened(&mut self.pc, id) {
            self.events.push_back(Event::ChannelOpen);
            self.channels.flush(&mut self.pc, self.now);
        }
    }

    fn channel_closed(&mut self, id: RTCDataChannelId) {
        if self.channels.closed(id) {
            self.events.push_back(Event::ChannelClosed);
        }
    }

    fn core_state(&mut self, state: RTCPeerConnectionState) {
        match (state, self.state) {
            (RTCPeerConnectionState::Connected, State::Connecting { .. }) => {
                self.state = State::Connected;
                if self.options.mode != Mode::Receive {
                    self.pipeline.start(self.now);
                }
                self.events.push_back(Event::Connected);
                for chunk in std::mem::take(&mut self.held) {
                    self.audio(chunk);
                }
                if self.drain.is_some() {
                    self.pipeline.drain();
                }
            }
            (RTCPeerConnectionState::Connected, State::Connected) => self.events.push_back(Event::Connected),
            (RTCPeerConnectionState::Disconnected, State::Connected) => {
                self.events.push_back(Event::Disconnected)
            }
            (RTCPeerConnectionState::Failed, State::Connecting { .. }) => self.finish(CloseReason::Failed),
            (RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed, _) => {
                self.finish(CloseReason::Timeout)
            }
            _ => {}
        }
    }

    fn core_message(&mut self, message: RTCMessage) {
        self.presence.heard(self.now);
        match message {
            RTCMessage::RtpPacket(_, packet) => {
                self.unread_rtp = self.unread_rtp.saturating_sub(1);
                self.rtp(&packet);
            }
            RTCMessage::RtcpPacket(_, packets) => {
                for packet in packets {
                    self.report(packet.as_ref());
                }
            }
            RTCMessage::DataChannelMessage(id, message) => {
                let fits = message.data.len() <= MAX_MESSAGE_BYTES && self.channels.is_open(id);
                if let Some(text) = std::str::from_utf8(&message.data).ok().filter(|_| fits) {
                    self.events.push_back(Event::Message(text.to_owned()));
                }
            }
            _ => {}
        }
    }

    fn rtp(&mut self, packet: &Packet) {
        let header = &packet.header;
        if header.payload_type != self.payload_type || self.options.mode == Mode::Receive {
            return;
        }
        self.stats.packets_in += 1;
        self.stats.bytes_in += packet.payload.len() as u64;
        self.pipeline.receive(
            self.now,
            RtpView {
                ssrc: header.ssrc,
                sequence_number: header.sequence_number,
                timestamp: header.timestamp,
                marker: header.marker,
                payload: &packet.payload,
            },
        );
    }

    fn report(&mut self, packet: &dyn rtc::rtcp::Packet) {
        let Some(report) = packet.as_any().downcast_ref::<ReceiverReport>() else { return };
        if let Some(ours) = report.reports.iter().find(|report| report.ssrc == self.seed.ssrc) {
            self.stats.fraction_lost_by_peer = ours.fraction_lost;
        }
    }

    /// Runs the pipeline until it has a frame for the handler; packets go into the core on the way.
    fn next_frame(&mut self) -> bool {
        while let Some(output) = self.pipeline.poll() {
            match output {
                PipelineOutput::Frame(samples) => {
                    self.frame.clear();
                    self.frame.extend_from_slice(samples);
                    return self.state == State::Connected;
                }
                PipelineOutput::Packet(packet) => {
                    let header = Header {
                        version: 2,
                        marker: packet.marker,
                        payload_type: self.payload_type,
                        sequence_number: packet.sequence_number,
                        timestamp: packet.timestamp,
                        ssrc: self.seed.ssrc,
                        ..Default::default()
                    };
                    self.stats.packets_out += 1;
                    self.stats.bytes_out += packet.payload.len() as u64;
                    let packet = Packet { header, payload: bytes::Bytes::copy_from_slice(packet.payload) };
                    // No track id: the packet's SSRC tells, and the fast path skips the sender's bookkeeping.
                    let message = RTCMessage::RtpPacket(String::new(), packet);
                    if let Err(error) = self.pc.handle_write(TaggedRTCMessage { now: self.now, message }) {
                        log::debug!("a packet was not sent: {error}");
                    }
                }
            }
        }
        false
    }

    /// Moves on what waits for time or for other parts.
    fn advance(&mut self) {
        if self.try_at <= self.now && !self.untried.is_empty() {
            self.try_candidates();
            self.dirty = true;
        }
        match self.drain {
            Some(Drain::Flushing { close }) if self.queued().is_zero() => {
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

    fn finish(&mut self, reason: CloseReason) {
        if self.is_closed() {
            return;
        }
        self.state = State::Closed;
        if let Err(error) = self.pc.close() {
            log::debug!("closing: {error}");
        }
        self.events.push_back(Event::Closed(reason));
        self.dirty = true;
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
        [self.pc.poll_timeout(), self.pipeline.wake_at(), deadline, drained, untried, gone]
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
        jitter_min: options.jitter.0,
        jitter_max: options.jitter.1,
        rtp_start: RtpStart { sequence_number: seed.sequence_number, timestamp: seed.timestamp },
    }
}
