//! A peer that is not Parley: an offerer built directly on the `rtc` crate.

use crate::Heard;
use bytes::{Bytes, BytesMut};
use parley_media::{
    Chunk, Layout, OpusOptions, Pipeline, PipelineOptions, PipelineOutput, RtpStart, RtpView, SampleRate,
};
use rtc::crypto::SignatureScheme;
use rtc::data_channel::RTCDataChannelId;
use rtc::interceptor::Registry;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::certificate::{CertificateParams, RTCCertificate};
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::interceptor_registry::configure_rtcp_reports;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_OPUS, MediaEngine};
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::peer_connection::transport::{
    CandidateConfig, CandidateHostConfig, RTCIceCandidate, RTCIceCandidateInit,
};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpSenderId, RTCRtpTransceiverDirection, RTCRtpTransceiverId};
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Opus at the payload type that browsers use.
const PAYLOAD_TYPE: u8 = 111;

/// Which way the peer offers audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AudioWay {
    /// `sendrecv`.
    #[default]
    Both,
    /// `sendonly`.
    Send,
    /// `recvonly`.
    Receive,
    /// `inactive`; only for a later offer.
    Neither,
}

impl AudioWay {
    fn direction(self) -> RTCRtpTransceiverDirection {
        match self {
            Self::Both => RTCRtpTransceiverDirection::Sendrecv,
            Self::Send => RTCRtpTransceiverDirection::Sendonly,
            Self::Receive => RTCRtpTransceiverDirection::Recvonly,
            Self::Neither => RTCRtpTransceiverDirection::Inactive,
        }
    }
}

/// How a peer is made.
#[derive(Debug, Clone)]
pub struct PeerOptions {
    /// Which way it offers audio: not [`AudioWay::Neither`].
    pub audio: AudioWay,
    /// Whether it opens a data channel named `text`.
    pub channel: bool,
    /// Synchronisation source of its audio.
    pub ssrc: u32,
    /// Where its RTP stream begins.
    pub rtp_start: RtpStart,
    /// How it hears.
    pub hears: Layout,
}

impl Default for PeerOptions {
    fn default() -> Self {
        let rtp_start = RtpStart { sequence_number: 1_000, timestamp: 1_000_000 };
        Self { audio: AudioWay::Both, channel: true, ssrc: 0x5eed, rtp_start, hears: Layout::Mono }
    }
}

/// A packet to be sent as it is, outside the peer's own stream or within it.
#[derive(Debug, Clone)]
pub struct RtpPacket {
    /// Synchronisation source.
    pub ssrc: u32,
    /// Payload type; 111 is Opus.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence_number: u16,
    /// Timestamp in units of 1/48,000 s.
    pub timestamp: u32,
    /// The payload.
    pub payload: Vec<u8>,
}

/// An offerer with a microphone, an ear and a data channel.
pub struct Peer {
    pc: RTCPeerConnection,
    address: SocketAddr,
    pipeline: Pipeline,
    ssrc: u32,
    sender: Option<RTCRtpSenderId>,
    transceiver: RTCRtpTransceiverId,
    channel: Option<RTCDataChannelId>,
    channel_open: bool,
    connected: bool,
    /// How the handshake's datagrams began.
    handshake: Vec<Vec<u8>>,
    now: Instant,
    /// What it heard, 48 kHz; silence included from the moment of the connection.
    pub heard: Heard,
    /// The texts it got.
    pub messages: Vec<String>,
    /// How many of the data channels that it opened were closed by the other end.
    pub channels_closed: usize,
    /// The headers of the audio packets it got: source, sequence number, timestamp.
    pub packets: Vec<(u32, u16, u32)>,
}

type CoreResult<T> = Result<T, rtc::shared::error::Error>;

impl Peer {
    /// A peer at that address.
    ///
    /// # Panics
    /// When the core refuses the options.
    #[must_use]
    pub fn new(now: Instant, address: SocketAddr, options: &PeerOptions) -> Self {
        let mut pc = build(now).expect("a peer connection with one codec");
        let (transceiver, sender) = add_audio(&mut pc, options).expect("an audio transceiver");
        let channel =
            options.channel.then(|| pc.create_data_channel("text", None).expect("a data channel").id());
        pc.add_local_candidate(host_candidate(address).expect("a host candidate")).expect("it is accepted");
        Self {
            pc,
            address,
            pipeline: pipeline(options),
            ssrc: options.ssrc,
            sender,
            transceiver,
            channel,
            channel_open: false,
            connected: false,
            handshake: Vec::new(),
            now,
            heard: Heard::new(48_000, options.hears.channels()),
            messages: Vec::new(),
            channels_closed: 0,
            packets: Vec::new(),
        }
    }

    /// The SDP of an offer, which awaits its answer.
    ///
    /// # Panics
    /// When the core can't make one.
    pub fn offer(&mut self, now: Instant) -> String {
        let offer = self.pc.create_offer(None).expect("an offer");
        self.pc.set_local_description(now, offer).expect("its own offer");
        // A restart forgets the candidate; before one this repeats it, without harm.
        let _ = host_candidate(self.address).and_then(|candidate| self.pc.add_local_candidate(candidate));
        self.pc.local_description().expect("just set").sdp
    }

    /// Takes the answer to the last offer.
    ///
    /// # Panics
    /// When the core can't use it.
    pub fn answered(&mut self, now: Instant, answer: &str) {
        let answer = RTCSessionDescription::answer(answer.to_owned()).expect("an answer that can be read");
        self.pc.set_remote_description(now, answer).expect("an answer that fits the offer");
    }

    /// Makes the next offer an ICE restart.
    pub fn restart_ice(&mut self) {
        self.pc.restart_ice();
    }

    /// Makes the next offer say so.
    ///
    /// # Panics
    /// When the transceiver is gone.
    pub fn set_way(&mut self, way: AudioWay) {
        self.pc.rtp_transceiver(self.transceiver).expect("made at the start").set_direction(way.direction());
    }

    /// Speaks; the audio is sent at the pace of real time.
    pub fn speak(&mut self, now: Instant, audio: Chunk) {
        self.pipeline.emit(now, audio);
    }

    /// Encrypts and sends a packet as it is.
    ///
    /// # Panics
    /// When there is no connection.
    pub fn send_rtp(&mut self, now: Instant, packet: RtpPacket) {
        let header = rtc::rtp::header::Header {
            version: 2,
            payload_type: packet.payload_type,
            sequence_number: packet.sequence_number,
            timestamp: packet.timestamp,
            ssrc: packet.ssrc,
            ..Default::default()
        };
        self.write_rtp(now, header, packet.payload.into());
    }

    fn write_rtp(&mut self, now: Instant, header: rtc::rtp::header::Header, payload: Bytes) {
        let packet = rtc::rtp::Packet { header, payload };
        let message = RTCMessage::RtpPacket(String::new(), packet);
        self.pc.handle_write(TaggedRTCMessage { now, message }).expect("an RTP packet is sent");
    }

    /// Asks for retransmission of those packets (RFC 4585, section 6.2.1).
    ///
    /// # Panics
    /// When the peer does not send audio.
    pub fn send_nack(&mut self, now: Instant, media_ssrc: u32, sequence_numbers: &[u16]) {
        use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
            TransportLayerNack, nack_pairs_from_sequence_numbers,
        };
        let nacks = nack_pairs_from_sequence_numbers(sequence_numbers);
        let nack = TransportLayerNack { sender_ssrc: self.ssrc, media_ssrc, nacks };
        let sender = self.sender.expect("the peer sends audio");
        let mut sender = self.pc.rtp_sender(sender).expect("made at the start");
        sender.write_rtcp(now, vec![Box::new(nack)]).expect("RTCP is sent");
    }

    /// Sends text.
    ///
    /// # Panics
    /// When the channel isn't open.
    pub fn send_text(&mut self, now: Instant, text: &str) {
        let channel = self.channel.and_then(|id| self.pc.data_channel(id));
        channel.expect("an open channel").send_text(now, text).expect("the text is taken");
    }

    /// Sends text that the core may refuse, for its length.
    pub fn try_send_text(&mut self, now: Instant, text: &str) {
        if let Some(mut channel) = self.channel.and_then(|id| self.pc.data_channel(id)) {
            let _ = channel.send_text(now, text);
        }
    }

    /// Sends bytes, which are no text.
    ///
    /// # Panics
    /// When the channel isn't open.
    pub fn send_bytes(&mut self, now: Instant, bytes: &[u8]) {
        let channel = self.channel.and_then(|id| self.pc.data_channel(id));
        channel.expect("an open channel").send(now, BytesMut::from(bytes)).expect("the bytes are taken");
    }

    /// Opens one more channel.
    ///
    /// # Panics
    /// When the core refuses.
    pub fn open_channel(&mut self, label: &str) {
        self.pc.create_data_channel(label, None).expect("a data channel");
    }

    /// Closes the data channel alone.
    ///
    /// # Panics
    /// When there is none.
    pub fn close_channel(&mut self) {
        let channel = self.channel.and_then(|id| self.pc.data_channel(id));
        channel.expect("a channel").close().expect("it closes");
    }

    /// Closes the connection.
    ///
    /// # Panics
    /// When the core can't.
    pub fn close(&mut self) {
        self.pc.close().expect("the peer connection closes");
    }

    /// Whether ICE and DTLS are up.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// Whether text can be sent.
    #[must_use]
    pub fn channel_is_open(&self) -> bool {
        self.channel_open
    }

    /// Takes a datagram.
    pub fn receive(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        self.now = now;
        let transport = TransportContext {
            local_addr: self.address,
            peer_addr: from,
            ecn: None,
            transport_protocol: TransportProtocol::UDP,
        };
        if !self.is_new(datagram) {
            return;
        }
        // What it can't use is its own business, as with any peer.
        let _ = self.pc.handle_read(TaggedBytesMut { now, transport, message: BytesMut::from(datagram) });
    }

    /// Whether this is no repeated flight of a handshake. The core waits for ever after one whose answer got lost, which
    /// no other peer does, and which the session must not be tested against.
    fn is_new(&mut self, datagram: &[u8]) -> bool {
        const HANDSHAKE_IN_THE_CLEAR: [u8; 5] = [22, 254, 253, 0, 0];
        if self.connected || !datagram.starts_with(&HANDSHAKE_IN_THE_CLEAR) {
            return true;
        }
        // Behind the record's number, which differs, and its length.
        let message = datagram[13..].get(..40).unwrap_or_default().to_vec();
        // The first message of a handshake has no answer that is repeated by itself.
        let is_first = message.get(4..6) == Some(&[0, 0]);
        let is_new = is_first || !self.handshake.contains(&message);
        self.handshake.push(message);
        is_new
    }

    /// The time asked for by [`wake_at`](Self::wake_at) has come.
    pub fn wake(&mut self, now: Instant) {
        self.now = now;
        if self.pc.poll_timeout().is_some_and(|due| due <= now) {
            let _ = self.pc.handle_timeout(now);
        }
        self.pipeline.wake(now);
    }

    /// When it wants to be woken.
    pub fn wake_at(&mut self) -> Option<Instant> {
        [self.pc.poll_timeout(), self.pipeline.wake_at()].into_iter().flatten().min()
    }

    /// The next datagram to send, after everything that leads to it.
    pub fn poll(&mut self, now: Instant) -> Option<(SocketAddr, BytesMut)> {
        self.now = now;
        while let Some(event) = self.pc.poll_event() {
            self.event(event);
        }
        while let Some(TaggedRTCMessage { message, .. }) = self.pc.poll_read() {
            self.message(message);
        }
        self.run_pipeline();
        self.pc.poll_write().map(|sent| (sent.transport.peer_addr, sent.message))
    }

    fn event(&mut self, event: RTCPeerConnectionEvent) {
        match event {
            RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) => {
                self.connected = state == RTCPeerConnectionState::Connected;
                if self.connected {
                    self.pipeline.start(self.now);
                }
            }
            RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnOpen(id)) => {
                self.channel_open |= self.channel == Some(id);
            }
            RTCPeerConnectionEvent::OnDataChannel(RTCDataChannelEvent::OnClose(id)) => {
                self.channel_open &= self.channel != Some(id);
                self.channels_closed += 1;
            }
            _ => {}
        }
    }

    fn message(&mut self, message: RTCMessage) {
        match message {
            RTCMessage::RtpPacket(_, packet) => {
                let header = &packet.header;
                self.packets.push((header.ssrc, header.sequence_number, header.timestamp));
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
            RTCMessage::DataChannelMessage(_, message) => {
                self.messages.push(String::from_utf8_lossy(&message.data).into_owned());
            }
            _ => {}
        }
    }

    fn run_pipeline(&mut self) {
        let mut packets = Vec::new();
        while let Some(output) = self.pipeline.poll() {
            match output {
                PipelineOutput::Frame(samples) => self.heard.push(self.now, samples),
                PipelineOutput::Packet(packet) => packets.push((
                    rtc::rtp::header::Header {
                        version: 2,
                        marker: packet.marker,
                        payload_type: PAYLOAD_TYPE,
                        sequence_number: packet.sequence_number,
                        timestamp: packet.timestamp,
                        ssrc: self.ssrc,
                        ..Default::default()
                    },
                    Bytes::copy_from_slice(packet.payload),
                )),
            }
        }
        for (header, payload) in packets {
            self.write_rtp(self.now, header, payload);
        }
    }
}

fn build(now: Instant) -> CoreResult<RTCPeerConnection> {
    let mut media = MediaEngine::default();
    let codec = RTCRtpCodecParameters { rtp_codec: opus(), payload_type: PAYLOAD_TYPE };
    media.register_codec(codec, RtpCodecKind::Audio)?;
    let provider = rtc::crypto::default_provider().expect("a crypto provider is compiled in");
    let names = CertificateParams::new(vec!["peer".to_owned()]).expect("a valid name");
    let certificate = RTCCertificate::generate(provider.crypto(), SignatureScheme::EcdsaP256Sha256, names)?;
    let settings = SettingEngineBuilder::new()
        .with_ice_timeouts(
            Some(Duration::from_secs(5)),
            Some(Duration::from_secs(25)),
            Some(Duration::from_secs(2)),
        )
        .with_include_loopback_candidate(true)
        .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
        .build();
    RTCPeerConnectionBuilder::new()
        .with_configuration(RTCConfigurationBuilder::new().with_certificates(vec![certificate]).build())
        .with_setting_engine(settings)
        .with_media_engine(media)
        .with_interceptor_registry(configure_rtcp_reports(Registry::new()))
        .build(now)
}

fn add_audio(
    pc: &mut RTCPeerConnection,
    options: &PeerOptions,
) -> CoreResult<(RTCRtpTransceiverId, Option<RTCRtpSenderId>)> {
    if options.audio == AudioWay::Receive {
        return Ok((pc.add_transceiver_from_kind(RtpCodecKind::Audio, None)?, None));
    }
    let coding = RTCRtpCodingParameters { ssrc: Some(options.ssrc), ..Default::default() };
    let encoding =
        RTCRtpEncodingParameters { rtp_coding_parameters: coding, codec: opus(), ..Default::default() };
    let track = MediaStreamTrack::new(
        "microphone".into(),
        "microphone-audio".into(),
        "audio".into(),
        RtpCodecKind::Audio,
        vec![encoding],
    );
    let sender = pc.add_track(track)?;
    let transceiver = pc.get_transceivers().next().expect("the one just made");
    pc.rtp_transceiver(transceiver).expect("the same").set_direction(options.audio.direction());
    Ok((transceiver, Some(sender)))
}

fn opus() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.into(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;useinbandfec=1".into(),
        rtcp_feedback: vec![],
    }
}

fn host_candidate(address: SocketAddr) -> CoreResult<RTCIceCandidateInit> {
    let base_config = CandidateConfig {
        network: "udp".into(),
        address: address.ip().to_string(),
        port: address.port(),
        component: 1,
        ..Default::default()
    };
    let candidate = CandidateHostConfig { base_config, ..Default::default() }.new_candidate_host()?;
    RTCIceCandidate::from(&candidate).to_json()
}

fn pipeline(options: &PeerOptions) -> Pipeline {
    Pipeline::new(PipelineOptions {
        input_rate: SampleRate::HZ_48000,
        input_layout: options.hears,
        output_rate: SampleRate::HZ_48000,
        output_layout: Layout::Mono,
        opus: OpusOptions::default(),
        jitter_min: Duration::ZERO,
        jitter_max: Duration::from_millis(120),
        rtp_start: options.rtp_start,
    })
    .expect("valid options")
}
