//! Video out: encoded pictures as packets for the peer.

use super::VideoNetStats;
use super::bitrate::Bitrate;
use super::congestion::Congestion;
use super::departures::Departures;
use super::history::{History, as_repair};
use super::pacer::Pacer;
use super::step::VIDEO_CLOCK;
use super::tap::Report;
use crate::contract::Event;
use crate::options::{Seed, VideoOptions};
use crate::sdp::VideoSection;
use crate::setup::derived;
use bytes::Bytes;
use parley_video::{Codec, EncodedFrame, MAX_PAYLOAD, Packetiser, Rotation, h264_pieces};
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtp::Packet;
use rtc::rtp::header::Header;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Least time between two wishes for a key frame.
const KEY_FRAME_PAUSE: Duration = Duration::from_millis(200);
/// Most numbers that one message of the peer has answered: two hundred packets are a quarter of a megabyte.
const MAX_ANSWERED: usize = 200;
/// A peer that knows when packets were sent, and tells how much it can get, does so within this time: libwebrtc after five
/// seconds on a way that is wide enough. Of another one it is found out, if it tells arrivals.
const REMB_COMES: Duration = Duration::from_secs(7);

/// Sends pictures, and again what the peer missed.
pub(super) struct VideoSender {
    began: Instant,
    section: VideoSection,
    /// Whether the peer takes pictures now.
    sends: bool,
    source: u32,
    repair_source: u32,
    number: u16,
    repair_number: u16,
    first_timestamp: u32,
    packetiser: Packetiser,
    pacer: Pacer,
    history: History,
    bitrate: Bitrate,
    max_bitrate: u32,
    /// When the first packet was sent, and whether the peer said how much it can get.
    began_at: Option<Instant>,
    has_remb: bool,
    /// Whether packets are numbered, for the peer to tell when they came.
    is_measured: bool,
    departures: Departures,
    congestion: Option<Congestion>,
    round_trip: Option<Duration>,
    /// When a key frame was last wished for, and when one is to be next.
    wished_at: Option<Instant>,
    wish_at: Option<Instant>,
    fir_number: Option<u8>,
    packets: u32,
    octets: u32,
    reported_until: Option<u32>,
    repairs: VecDeque<Packet>,
    events: VecDeque<Event>,
    stats: VideoNetStats,
}

impl VideoSender {
    pub(super) fn new(now: Instant, section: VideoSection, options: VideoOptions, seed: Seed) -> Self {
        let numbers = seed.derive(derived::VIDEO_NUMBERS);
        Self {
            began: now,
            section,
            sends: false,
            source: seed.derive(derived::VIDEO_SOURCE),
            repair_source: seed.derive(derived::REPAIR_SOURCE),
            // The upper half stays free, so that the peer can't mistake the first wrap (RFC 3711, section 3.3.1).
            number: numbers as u16 >> 1,
            repair_number: (numbers >> 16) as u16 >> 1,
            first_timestamp: seed.derive(derived::VIDEO_TIMESTAMP),
            packetiser: Packetiser::new(numbers as u16),
            pacer: Pacer::new(options.framerate),
            history: History::new(),
            bitrate: Bitrate::new(options.max_bitrate),
            max_bitrate: options.max_bitrate,
            began_at: None,
            has_remb: false,
            is_measured: false,
            departures: Departures::default(),
            congestion: None,
            round_trip: None,
            wished_at: None,
            wish_at: None,
            fir_number: None,
            packets: 0,
            octets: 0,
            reported_until: None,
            repairs: VecDeque::new(),
            events: VecDeque::new(),
            stats: VideoNetStats::default(),
        }
    }

    pub(super) fn source(&self) -> u32 {
        self.source
    }

    /// What the last negotiation agreed on; `sends` is whether the peer takes pictures from now on.
    pub(super) fn set_section(&mut self, now: Instant, section: VideoSection, sends: bool) {
        self.bitrate.limit(section.max_bitrate.unwrap_or(u32::MAX).min(self.max_bitrate));
        let began = sends && (!self.sends || section.codec != self.section.codec);
        self.section = section;
        if self.sends && !sends {
            self.pacer.clear();
            self.history.clear();
            self.events.push_back(Event::VideoBitrate(0));
        }
        self.sends = sends;
        if began {
            self.events.push_back(Event::VideoCodec(self.section.codec));
            self.bitrate.forget_told();
            self.tell_bitrate(now);
            self.wish_for_key_frame(now);
        }
    }

    pub(super) fn set_round_trip(&mut self, round_trip: Duration) {
        self.round_trip = Some(round_trip);
    }

    /// Sends a picture, spread if it is large.
    pub(super) fn send(&mut self, now: Instant, frame: &EncodedFrame) {
        if !self.sends || frame.codec != self.section.codec {
            self.stats.frames_dropped_out += 1;
            return;
        }
        let payloads = match frame.codec {
            Codec::Vp8 => self.packetiser.packetise(&frame.data, MAX_PAYLOAD),
            Codec::H264 => h264_pieces(&frame.data, MAX_PAYLOAD),
        };
        let (last, timestamp) = (payloads.len().saturating_sub(1), self.timestamp_at(frame.timestamp));
        let first_number = self.number;
        let packet = |(index, payload): (usize, Bytes)| {
            let marker = index == last;
            let mut header = Header {
                version: 2,
                marker,
                payload_type: self.section.payload_type,
                sequence_number: first_number.wrapping_add(index as u16),
                timestamp,
                ssrc: self.source,
                ..Header::default()
            };
            if marker && frame.rotation != Rotation::None {
                set_extension(&mut header, self.section.extensions.orientation, &[cvo(frame.rotation)]);
            }
            Packet { header, payload }
        };
        let packets: Vec<Packet> = payloads.into_iter().enumerate().map(packet).collect();
        let count = packets.len() as u16;
        if self.pacer.push(now, packets, self.bitrate.at(now)) {
            self.number = self.number.wrapping_add(count);
            self.stats.frames_out += 1;
            self.stats.key_frames_out += u64::from(frame.is_key);
        } else {
            self.stats.frames_dropped_out += 1;
            self.wish_for_key_frame(now);
        }
    }

    fn timestamp_at(&self, time: Duration) -> u32 {
        let ticks = time.as_nanos() * u128::from(VIDEO_CLOCK) / 1_000_000_000;
        self.first_timestamp.wrapping_add(ticks as u32)
    }

    /// The next packet to be sent now.
    pub(super) fn next_packet(&mut self, now: Instant) -> Option<Packet> {
        if let Some(mut repair) = self.repairs.pop_front() {
            // One of the picture's own source is sent as it was: under one number nothing else may ever be encrypted
            // (RFC 3711, section 9.1).
            if repair.header.ssrc == self.repair_source {
                self.mark(now, &mut repair);
            }
            return Some(repair);
        }
        let mut packet = self.pacer.pop(now)?;
        self.mark(now, &mut packet);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(packet.payload.len() as u32);
        self.stats.packets_out += 1;
        self.stats.bytes_out += packet.payload.len() as u64;
        if self.section.feedback.nack {
            self.history.sent(now, packet.clone());
        }
        Some(packet)
    }

    /// Tells the peer when the packet leaves, and its number, if the way is measured here.
    fn mark(&mut self, now: Instant, packet: &mut Packet) {
        stamp(&mut packet.header, self.section.extensions.send_time, now - self.began);
        let began_at = *self.began_at.get_or_insert(now);
        let VideoSection { feedback, extensions, .. } = &self.section;
        let may_say = feedback.remb && extensions.send_time.is_some();
        let waits = may_say && now.saturating_duration_since(began_at) < REMB_COMES;
        self.is_measured |= !self.has_remb && !waits;
        let is_told = self.is_measured && feedback.transport_cc;
        if let Some(id) = extensions.transport_number.filter(|_| is_told) {
            let number = self.departures.number(now, packet.payload.len());
            set_extension(&mut packet.header, Some(id), &number.to_be_bytes());
        }
    }

    /// What the peer says of our pictures. What concerns other sources is passed over.
    pub(super) fn report(&mut self, now: Instant, report: &Report) {
        match report {
            Report::PictureLoss(source) if *source == self.source => {
                self.stats.pli_in += 1;
                self.wish_for_key_frame(now);
            }
            Report::FullIntra(source, number) if *source == self.source => {
                self.stats.fir_in += 1;
                // A repeated number is the same wish (RFC 5104, section 4.3.1.1).
                if self.fir_number.replace(*number) != Some(*number) {
                    self.wish_for_key_frame(now);
                }
            }
            Report::Bitrate(bitrate) => {
                self.has_remb = true;
                self.bitrate.remb(now, *bitrate);
            }
            Report::Came(came) => self.came(now, came),
            Report::Missing(source, numbers) if *source == self.source => self.repair(now, numbers),
            Report::Reception(report) if report.ssrc == self.source => self.reception(now, report),
            _ => return,
        }
        self.tell_bitrate(now);
    }

    fn came(&mut self, now: Instant, came: &[(u16, i64)]) {
        let arrivals = self.departures.told(came);
        if !arrivals.is_empty() {
            let rate = f64::from(self.bitrate.at(now));
            let congestion = self.congestion.get_or_insert_with(|| Congestion::new(rate));
            let found = congestion.arrived(now, &arrivals, self.round_trip, self.bitrate.least());
            self.bitrate.found(now, found);
        }
    }

    fn reception(&mut self, now: Instant, report: &ReceptionReport) {
        let reported = self.reported_until.replace(report.last_sequence_number);
        let packets = reported.map_or(0, |until| report.last_sequence_number.wrapping_sub(until));
        if packets < u32::MAX / 2 {
            self.bitrate.loss(now, f32::from(report.fraction_lost) / 256.0, packets);
        }
    }

    fn repair(&mut self, now: Instant, numbers: &[u16]) {
        self.stats.nacks_in += numbers.len() as u64;
        let bitrate = self.bitrate.at(now);
        for number in numbers.iter().take(MAX_ANSWERED) {
            let Some(packet) = self.history.again(now, *number, self.round_trip, bitrate) else { continue };
            let repair = match self.section.rtx {
                Some(payload_type) => {
                    let number = self.repair_number;
                    self.repair_number = number.wrapping_add(1);
                    as_repair(packet, self.repair_source, number, payload_type)
                }
                None => {
                    let number = self.section.extensions.transport_number;
                    let number = number.and_then(|id| packet.header.get_extension(id));
                    if let Some([high, low]) = number.as_deref() {
                        self.departures.forget(u16::from_be_bytes([*high, *low]));
                    }
                    packet.clone()
                }
            };
            self.stats.retransmitted_out += 1;
            self.repairs.push_back(repair);
        }
    }

    /// One wish at a time: what the peer repeats is the same, until the encoder had its time.
    fn wish_for_key_frame(&mut self, now: Instant) {
        if self.sends {
            let earliest = self.wished_at.map_or(now, |at| at + KEY_FRAME_PAUSE);
            self.wish_at.get_or_insert(earliest.max(now));
            self.tell_wish(now);
        }
    }

    fn tell_wish(&mut self, now: Instant) {
        if self.wish_at.take_if(|at| *at <= now).is_some() {
            self.wished_at = Some(now);
            self.events.push_back(Event::KeyFrameWanted);
        }
    }

    fn tell_bitrate(&mut self, now: Instant) {
        if self.sends
            && let Some(bitrate) = self.bitrate.news(now)
        {
            self.events.push_back(Event::VideoBitrate(bitrate));
        }
    }

    pub(super) fn wake(&mut self, now: Instant) {
        self.tell_wish(now);
    }

    pub(super) fn wake_at(&self) -> Option<Instant> {
        [self.pacer.wake_at(), self.wish_at].into_iter().flatten().min()
    }

    /// What is told of our source, once something was sent.
    pub(super) fn sender_report(&self, now: Instant) -> Option<SenderReport> {
        let is_sending = self.sends && self.packets > 0;
        is_sending.then(|| SenderReport {
            ssrc: self.source,
            rtp_time: self.timestamp_at(now.saturating_duration_since(self.began)),
            packet_count: self.packets,
            octet_count: self.octets,
            ..SenderReport::default()
        })
    }

    pub(super) fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether nothing waits to be sent.
    pub(super) fn is_idle(&self) -> bool {
        self.pacer.is_empty() && self.repairs.is_empty()
    }

    /// Adds what this half counted.
    pub(super) fn count(&self, now: Instant, stats: &mut VideoNetStats) {
        let ours = &self.stats;
        stats.packets_out = ours.packets_out;
        stats.bytes_out = ours.bytes_out;
        stats.frames_out = ours.frames_out;
        stats.key_frames_out = ours.key_frames_out;
        stats.pli_in = ours.pli_in;
        stats.fir_in = ours.fir_in;
        stats.nacks_in = ours.nacks_in;
        stats.retransmitted_out = ours.retransmitted_out;
        stats.frames_dropped_out = ours.frames_dropped_out;
        stats.bitrate = if self.sends { self.bitrate.at(now) } else { 0 };
    }
}

/// The byte of the orientation extension (3GPP TS 26.114, section 7.4.5).
fn cvo(rotation: Rotation) -> u8 {
    match rotation {
        Rotation::None => 0,
        Rotation::By90 => 1,
        Rotation::By180 => 2,
        Rotation::By270 => 3,
    }
}

/// Says when the packet leaves: 24 bits, of which 18 are a fraction of a second.
fn stamp(header: &mut Header, id: Option<u8>, time: Duration) {
    let time = (time.as_nanos() << 18) / 1_000_000_000;
    set_extension(header, id, &(time as u32).to_be_bytes()[1..]);
}

fn set_extension(header: &mut Header, id: Option<u8>, bytes: &[u8]) {
    if let Some(id) = id
        && let Err(error) = header.set_extension(id, Bytes::copy_from_slice(bytes))
    {
        log::debug!("a header extension was left out: {error}");
    }
}
