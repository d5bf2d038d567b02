//! A peer that is not Parley: an offerer built directly on the `rtc` crate.

use crate::camera::Camera;
use crate::keypad::Keypad;
use crate::peer_setup::{PAYLOAD_TYPE, add_audio, add_video, build, host_candidate, pipeline};
use crate::peer_tap::Told;
use crate::peer_video::{Said, VideoEnd};
use crate::screen::Screen;
use crate::{AudioWay, Heard, PeerOptions};
use bytes::{Bytes, BytesMut};
use parley_media::{Chunk, Pipeline, PipelineOutput, PipelineStats, RtpView};
use rtc::data_channel::RTCDataChannelId;
use rtc::peer_connection::RTCPeerConnection;
use rtc::peer_connection::event::{RTCDataChannelEvent, RTCPeerConnectionEvent};
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::rtp_transceiver::{RTCRtpSenderId, RTCRtpTransceiverId};
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};
use std::net::SocketAddr;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

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

/// So far back a core looks for packets that come again.
const REPLAYED: usize = 64;

/// An offerer with a microphone, an ear and a data channel.
pub struct Peer {
    pub(crate) pc: RTCPeerConnection,
    address: SocketAddr,
    pipeline: Pipeline,
    keypad: Keypad,
    ssrc: u32,
    sender: Option<RTCRtpSenderId>,
    transceiver: Option<RTCRtpTransceiverId>,
    pub(crate) video: Option<VideoEnd>,
    video_ssrc: u32,
    channel: Option<RTCDataChannelId>,
    channel_open: bool,
    connected: bool,
    /// How the handshake's datagrams began.
    handshake: Vec<Vec<u8>>,
    pub(crate) now: Instant,
    /// What it heard, 48 kHz; silence included from the moment of the connection.
    pub heard: Heard,
    /// The texts it got.
    pub messages: Vec<String>,
    /// How many of the data channels that it opened were closed by the other end.
    pub channels_closed: usize,
    /// The headers of the audio packets it got: source, sequence number, timestamp.
    pub packets: Vec<(u32, u16, u32)>,
    /// How many of them came again.
    repeated: u64,
    told: Told,
}

impl Peer {
    /// A peer at that address.
    ///
    /// # Panics
    /// When the core refuses the options.
    #[must_use]
    pub fn new(now: Instant, address: SocketAddr, options: &PeerOptions) -> Self {
        let told = Told::default();
        let mut pc = build(now, options, told.clone()).expect("a peer connection with one codec");
        let audio = options.has_audio.then(|| add_audio(&mut pc, options).expect("an audio transceiver"));
        let (transceiver, sender) =
            audio.map_or((None, None), |(transceiver, sender)| (Some(transceiver), sender));
        let video = options.video.as_ref().map(|video| {
            let transceiver = add_video(&mut pc, video).expect("a video transceiver");
            let camera = Camera::new(now, video.clone());
            VideoEnd {
                transceiver,
                camera,
                screen: Screen::new(video.codec, video.is_coded),
                said: Said::default(),
                source: 0,
            }
        });
        let channel =
            options.channel.then(|| pc.create_data_channel("text", None).expect("a data channel").id());
        pc.add_local_candidate(host_candidate(address).expect("a host candidate")).expect("it is accepted");
        Self {
            pc,
            address,
            pipeline: pipeline(options),
            keypad: Keypad::default(),
            ssrc: options.ssrc,
            sender,
            transceiver,
            video,
            video_ssrc: options.video.as_ref().map_or(0, |video| video.ssrc),
            channel,
            channel_open: false,
            connected: false,
            handshake: Vec::new(),
            now,
            heard: Heard::new(48_000, options.hears.channels()),
            messages: Vec::new(),
            channels_closed: 0,
            packets: Vec::new(),
            repeated: 0,
            told,
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
        if let Some(video) = &mut self.video {
            video.source = video_source(answer).unwrap_or_default();
        }
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
        let transceiver = self.transceiver.expect("a peer with audio");
        self.pc.rtp_transceiver(transceiver).expect("made at the start").set_direction(way.direction());
    }

    /// Speaks; the audio is sent at the pace of real time.
    pub fn speak(&mut self, now: Instant, audio: Chunk) {
        self.pipeline.emit(now, audio);
    }

    /// How much of what it speaks has not been sent yet.
    #[must_use]
    pub fn unsent(&self) -> Duration {
        self.pipeline.queued()
    }

    /// Says nothing more of what it was about to say.
    pub fn hush(&mut self, now: Instant) {
        self.pipeline.clear_queue(now);
    }

    /// Presses a key of its keypad after those that it is pressing, so long, and lets so much time pass before the next; false where
    /// there is no such key. Only whoever speaks is heard to press one; meanwhile it isn't heard to speak.
    pub fn press(&mut self, sign: char, down: Duration, gap: Duration) -> bool {
        self.keypad.press(sign, down, gap)
    }

    /// Expects so many of its packets to get lost, in percent, as a peer learns it from reports.
    pub fn expect_loss(&mut self, percent: u8) {
        self.pipeline.set_expected_loss(percent);
    }

    /// What each report of the other end's said is lost of the audio that the peer sends now, in 256ths.
    #[must_use]
    pub fn told_lost(&self) -> Vec<u8> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().filter(|(source, _)| *source == self.ssrc).map(|(_, lost)| *lost).collect()
    }

    /// Sends its audio from another source from here on, which nothing declares.
    pub fn change_source(&mut self, ssrc: u32) {
        self.ssrc = ssrc;
    }

    /// What its pipeline counted.
    #[must_use]
    pub fn stats(&self) -> PipelineStats {
        let stats = self.pipeline.stats();
        PipelineStats { duplicate: stats.duplicate + self.repeated, ..stats }
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

    pub(crate) fn video_ssrc(&self) -> u32 {
        self.video_ssrc
    }

    pub(crate) fn write_rtp(&mut self, now: Instant, header: rtc::rtp::header::Header, payload: Bytes) {
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
        if self.comes_again(datagram) {
            self.repeated += 1;
            return;
        }
        // What it can't use is its own business, as with any peer.
        let _ = self.pc.handle_read(TaggedBytesMut { now, transport, message: BytesMut::from(datagram) });
    }

    /// Whether this is audio that it got already, and which its core would drop without a word.
    fn comes_again(&self, datagram: &[u8]) -> bool {
        let &[128..=191, kind, high, low, _, _, _, _, a, b, c, d, ..] = datagram else { return false };
        let named = (u32::from_be_bytes([a, b, c, d]), u16::from_be_bytes([high, low]));
        let mut lately = self.packets.iter().rev().take(REPLAYED);
        // RFC 5761, section 4: the others are RTCP.
        !matches!(kind, 192..=223) && lately.any(|(ssrc, number, _)| (*ssrc, *number) == named)
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
        let video = self.video.as_ref();
        let camera = video.and_then(|video| video.camera.wake_at()).filter(|_| self.connected);
        let screen = video.and_then(|video| video.screen.wake_at());
        [self.pc.poll_timeout(), self.pipeline.wake_at(), camera, screen].into_iter().flatten().min()
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
        if self.connected {
            self.run_video();
        }
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
            RTCMessage::RtcpPacket(_, packets) => self.heed(&packets),
            RTCMessage::RtpPacket(_, packet) if packet.header.payload_type == 96 => {
                if let Some(video) = &mut self.video {
                    video.screen.receive(self.now, &packet);
                }
            }
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
                PipelineOutput::ClearSent | PipelineOutput::Dtmf(_) | PipelineOutput::Speech(_) => {}
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
            for (header, payload) in self.keypad.replace(header, payload) {
                self.write_rtp(self.now, header, payload);
            }
        }
    }
}

/// The source that an answer's video section declares.
fn video_source(answer: &str) -> Option<u32> {
    let section = &answer[answer.find("m=video ")?..];
    let group = section.lines().find_map(|line| line.strip_prefix("a=ssrc-group:FID "));
    let source = group.or_else(|| section.lines().find_map(|line| line.strip_prefix("a=ssrc:")));
    source?.split(' ').next()?.parse().ok()
}
