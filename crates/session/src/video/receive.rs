//! Video in: packets from the peer as whole pictures.

use super::VideoNetStats;
use super::advice::Advice;
use super::arrivals::Arrivals;
use super::cushion::Cushion;
use super::nacks::Nacks;
use super::step::{InStep, Moment, VIDEO_CLOCK};
use crate::reception::Reception;
use crate::sdp::VideoSection;
use parley_video::{Assembled, AssembledFrame, Codec, EncodedFrame, FrameAssembler, Rotation, VideoPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::{FirEntry, FullIntraRequest};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc::rtcp::raw_packet::RawPacket;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use rtc::rtp::Packet;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A source that was not heard for so long may be replaced by another.
const SILENCE: Duration = Duration::from_millis(300);
/// Most pictures that are held back: a few hundred milliseconds of the fastest camera.
const MAX_HELD: usize = 64;

/// RTCP to be sent.
pub(super) type Control = Box<dyn rtc::rtcp::Packet>;

/// Turns packets into pictures, and asks for what is missing.
pub(super) struct VideoReceiver {
    section: VideoSection,
    /// Whether the peer's pictures are wanted.
    receives: bool,
    /// Our own source, in whose name the peer is told things.
    own_source: u32,
    source: Option<Source>,
    in_step: InStep,
    arrivals: Arrivals,
    /// Whether the peer's packets tell their numbers, so that it measures the bandwidth by itself.
    is_measured: bool,
    advice: Advice,
    round_trip: Option<Duration>,
    fir_number: u8,
    /// Whole pictures, and when to hand them over.
    frames: VecDeque<(Instant, AssembledFrame)>,
    control: VecDeque<Control>,
    stats: VideoNetStats,
    /// Packets that earlier sources' holes cost.
    given_up: u64,
    frames_dropped: u64,
}

/// The source that is shown.
struct Source {
    ssrc: u32,
    heard_at: Instant,
    assembler: FrameAssembler,
    nacks: Nacks,
    reception: Reception,
    cushion: Cushion,
}

impl VideoReceiver {
    pub(super) fn new(now: Instant, section: VideoSection, own_source: u32, max_bitrate: u32) -> Self {
        Self {
            section,
            receives: false,
            own_source,
            source: None,
            in_step: InStep::default(),
            arrivals: Arrivals::new(now),
            is_measured: false,
            advice: Advice::new(max_bitrate),
            round_trip: None,
            fir_number: 0,
            frames: VecDeque::new(),
            control: VecDeque::new(),
            stats: VideoNetStats::default(),
            given_up: 0,
            frames_dropped: 0,
        }
    }

    /// What the last negotiation agreed on.
    pub(super) fn set_section(&mut self, section: VideoSection, receives: bool) {
        if section.codec != self.section.codec {
            // What it sent was something else.
            self.source = None;
        }
        self.section = section;
        self.receives = receives;
    }

    pub(super) fn set_round_trip(&mut self, round_trip: Duration) {
        self.round_trip = Some(round_trip);
        if let Some(source) = &mut self.source {
            source.set_round_trip(round_trip);
        }
    }

    /// Takes a packet of one of the payload types that were agreed on.
    pub(super) fn receive(&mut self, now: Instant, packet: &Packet) {
        if !self.receives {
            return;
        }
        self.stats.packets_in += 1;
        self.stats.bytes_in += packet.payload.len() as u64;
        self.note_arrival(now, packet);
        if self.section.rtx == Some(packet.header.payload_type) {
            self.receive_again(now, packet);
        } else if self.follow(now, packet) {
            self.advice.received(packet.payload.len());
            self.assemble(now, packet, packet.header.sequence_number, &packet.payload, false);
        }
        self.ask(now);
    }

    fn note_arrival(&mut self, now: Instant, packet: &Packet) {
        let Some(id) =
            self.section.extensions.transport_number.filter(|_| self.section.feedback.transport_cc)
        else {
            return;
        };
        if let Some([high, low]) = packet.header.get_extension(id).as_deref() {
            self.is_measured = true;
            self.arrivals.received(now, u16::from_be_bytes([*high, *low]));
        }
    }

    /// A packet that is sent once more; one without an original number only measures the way (RFC 4588, section 4).
    fn receive_again(&mut self, now: Instant, packet: &Packet) {
        let Some((number, payload)) = packet.payload.split_first_chunk::<2>() else { return };
        let declared = self.section.repairs.iter().find(|repair| repair.source == packet.header.ssrc);
        let is_ours = self
            .source
            .as_ref()
            .is_some_and(|source| declared.is_none_or(|repair| repair.repaired == source.ssrc));
        if is_ours {
            self.stats.retransmitted_in += 1;
            self.assemble(now, packet, u16::from_be_bytes(*number), payload, true);
        }
    }

    /// Whether the packet's source is the one that is shown. Another takes over when the offer no longer declares the old
    /// one, or when that has fallen silent.
    fn follow(&mut self, now: Instant, packet: &Packet) -> bool {
        let ssrc = packet.header.ssrc;
        if let Some(source) = &mut self.source {
            if source.ssrc == ssrc {
                source.heard_at = now;
                return true;
            }
            let declared = &self.section.sources;
            let is_successor = declared.contains(&ssrc) && !declared.contains(&source.ssrc);
            if !is_successor && now.saturating_duration_since(source.heard_at) < SILENCE {
                return false;
            }
            self.given_up += source.nacks.given_up();
            self.frames_dropped += source.assembler.stats().frames_dropped;
            self.in_step.restart();
        }
        let mut source = Source::new(now, self.section.codec, ssrc, packet.header.sequence_number);
        if let Some(round_trip) = self.round_trip {
            source.set_round_trip(round_trip);
        }
        self.source = Some(source);
        true
    }

    fn assemble(&mut self, now: Instant, packet: &Packet, number: u16, payload: &[u8], again: bool) {
        let orientation = self.section.extensions.orientation;
        let rotation = orientation.and_then(|id| packet.header.get_extension(id));
        let rotation = rotation.and_then(|byte| byte.first().copied()).map(Rotation::from_cvo);
        let Some(source) = &mut self.source else { return };
        let header = &packet.header;
        if !again {
            source.reception.received(now, number, header.timestamp);
        }
        source.nacks.received(now, number, again);
        let packet = VideoPacket {
            sequence_number: number,
            timestamp: header.timestamp,
            marker: header.marker,
            payload,
            rotation,
        };
        source.assembler.receive(now, packet);
        self.collect(now);
    }

    /// Takes what the assembler has.
    fn collect(&mut self, now: Instant) {
        while let Some(assembled) = self.source.as_mut().and_then(|source| source.assembler.poll(now)) {
            match assembled {
                Assembled::Frame(frame) => {
                    self.stats.frames_in += 1;
                    self.stats.key_frames_in += u64::from(frame.is_key);
                    let due = self.source.as_mut().map_or(now, |source| source.due(now, frame.timestamp));
                    self.frames.push_back((due, frame));
                }
                Assembled::NeedsKeyFrame => self.ask_for_key_frame(),
            }
        }
    }

    /// The decoder has no use for what comes until there is a key frame.
    pub(super) fn want_key_frame(&mut self, now: Instant) {
        if let Some(source) = &mut self.source {
            source.assembler.want_key_frame(now);
        }
        self.collect(now);
    }

    fn ask_for_key_frame(&mut self) {
        let Some(source) = &self.source else { return };
        let (sender_ssrc, media_ssrc) = (self.own_source, source.ssrc);
        if !self.section.feedback.pli && self.section.feedback.fir {
            self.fir_number = self.fir_number.wrapping_add(1);
            let fir = vec![FirEntry { ssrc: media_ssrc, sequence_number: self.fir_number }];
            self.stats.fir_out += 1;
            self.control.push_back(Box::new(FullIntraRequest { sender_ssrc, media_ssrc, fir }));
        } else {
            // Who didn't offer it ignores it, and there is nothing else to ask with.
            self.stats.pli_out += 1;
            self.control.push_back(Box::new(PictureLossIndication { sender_ssrc, media_ssrc }));
        }
    }

    /// Asks for what is missing.
    fn ask(&mut self, now: Instant) {
        let Some(source) = self.source.as_mut().filter(|_| self.section.feedback.nack) else { return };
        if source.nacks.wake_at().is_none_or(|at| at > now) {
            return;
        }
        let numbers = source.nacks.due(now);
        if numbers.is_empty() {
            return;
        }
        self.stats.nacks_out += numbers.len() as u64;
        let nacks = nack_pairs_from_sequence_numbers(&numbers);
        let nack = TransportLayerNack { sender_ssrc: self.own_source, media_ssrc: source.ssrc, nacks };
        self.control.push_back(Box::new(nack));
    }

    pub(super) fn wake(&mut self, now: Instant) {
        self.collect(now);
        self.ask(now);
        let media = self.source.as_ref().map_or(0, |source| source.ssrc);
        if let Some(message) = self.arrivals.due(now, self.own_source, media) {
            self.control.push_back(Box::new(RawPacket(message)));
        }
    }

    pub(super) fn wake_at(&self) -> Option<Instant> {
        let source = self.source.as_ref();
        let nacks = source.filter(|_| self.section.feedback.nack).and_then(|source| source.nacks.wake_at());
        let assembler = source.and_then(|source| source.assembler.wake_at());
        let frame = self.frames.front().map(|(due, _)| *due);
        [nacks, assembler, self.arrivals.wake_at(), frame].into_iter().flatten().min()
    }

    /// The peer told the time of one of its sources; `audio` is that of its audio.
    pub(super) fn sender_report(&mut self, now: Instant, source: u32, moment: Moment, audio: Option<u32>) {
        if let Some(shown) = self.source.as_mut().filter(|shown| shown.ssrc == source) {
            shown.reception.sender_report(now, moment.ntp);
            self.in_step.video_report(moment);
        } else if audio == Some(source) {
            self.in_step.audio_report(moment);
        }
    }

    /// What is told of the peer's source, once a second. A peer that doesn't measure the bandwidth by itself is told how
    /// much it may send.
    pub(super) fn report(&mut self, now: Instant) -> Option<ReceptionReport> {
        let source = self.source.as_mut()?;
        let (loss, packets) = source.reception.loss();
        if packets > 0 && self.section.feedback.remb && !self.is_measured {
            let bitrate = self.advice.told(now, loss) as f32;
            let remb = ReceiverEstimatedMaximumBitrate {
                sender_ssrc: self.own_source,
                bitrate,
                ssrcs: vec![source.ssrc],
            };
            self.control.push_back(Box::new(remb));
        }
        (packets > 0).then(|| source.reception.report(now))
    }

    pub(super) fn has_source(&self) -> bool {
        self.source.is_some()
    }

    /// The next whole picture that is due. `heard` tells the stream time, in nanoseconds, of an audio timestamp.
    pub(super) fn next_frame(
        &mut self,
        now: Instant,
        present: Duration,
        heard: impl Fn(u32) -> Option<i64>,
    ) -> Option<EncodedFrame> {
        let too_many = self.frames.len() > MAX_HELD;
        self.frames.front().filter(|(due, _)| too_many || *due <= now)?;
        let (_, AssembledFrame { data, is_key, timestamp, rotation }) = self.frames.pop_front()?;
        let timestamp = self.in_step.time_of(timestamp, present, heard);
        Some(EncodedFrame { codec: self.section.codec, data, is_key, timestamp, rotation })
    }

    pub(super) fn next_control(&mut self) -> Option<Control> {
        self.control.pop_front()
    }

    /// Adds what this half counted.
    pub(super) fn count(&self, stats: &mut VideoNetStats) {
        let current = self.source.as_ref();
        let given_up = current.map_or(0, |source| source.nacks.given_up());
        let dropped = current.map_or(0, |source| source.assembler.stats().frames_dropped);
        *stats = VideoNetStats {
            unrecoverable: self.given_up + given_up,
            frames_dropped_in: self.frames_dropped + dropped,
            ..self.stats.clone()
        };
    }
}

impl Source {
    fn new(now: Instant, codec: Codec, ssrc: u32, number: u16) -> Self {
        Self {
            ssrc,
            heard_at: now,
            assembler: FrameAssembler::new(codec),
            nacks: Nacks::new(),
            reception: Reception::new(now, ssrc, number, VIDEO_CLOCK),
            cushion: Cushion::new(now),
        }
    }

    fn set_round_trip(&mut self, round_trip: Duration) {
        self.nacks.set_round_trip(round_trip);
        self.assembler.set_round_trip(self.nacks.repairs().answer_time());
    }

    /// When to hand over a picture that is whole now.
    fn due(&mut self, now: Instant, timestamp: u32) -> Instant {
        self.cushion.due(now, timestamp, self.nacks.repairs().cushion())
    }
}
