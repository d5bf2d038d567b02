//! A peer's camera: pictures at a steady rate, as RTP packets, and again those that the other end missed.

use crate::film::picture;
use crate::peer_options::PeerVideo;
use bytes::{BufMut, Bytes, BytesMut};
use parley_video::{Codec, MAX_PAYLOAD, Packetiser, h264_pieces};
use rtc::rtp::header::Header;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// How many packets are kept for who missed one.
const KEPT: usize = 1_000;

/// A packet on its way to the core.
pub(crate) type Leaving = (Header, Bytes);

/// Films at 30 pictures a second while it is on.
pub(crate) struct Camera {
    options: PeerVideo,
    began: Instant,
    on_until: Option<Instant>,
    next_at: Instant,
    packetiser: Packetiser,
    number: u16,
    repair_number: u16,
    transport_number: u16,
    picture: u32,
    key_wanted: bool,
    sent: VecDeque<(Header, Bytes)>,
    /// When each picture was filmed.
    pub(crate) filmed: Vec<Instant>,
    /// How often a packet was sent again.
    pub(crate) repaired: usize,
    /// Which were asked for, how often.
    pub(crate) asked: BTreeMap<u16, usize>,
    pub(crate) extensions: CameraExtensions,
}

/// The numbers of the header extensions.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CameraExtensions {
    pub(crate) transport_number: Option<u8>,
    pub(crate) orientation: Option<u8>,
}

impl Camera {
    pub(crate) fn new(now: Instant, options: PeerVideo) -> Self {
        Self {
            options,
            began: now,
            on_until: None,
            next_at: now,
            packetiser: Packetiser::new(30_000),
            number: 65_000,
            repair_number: 500,
            transport_number: 65_500,
            picture: 0,
            key_wanted: true,
            sent: VecDeque::new(),
            filmed: Vec::new(),
            repaired: 0,
            asked: BTreeMap::new(),
            extensions: CameraExtensions::default(),
        }
    }

    pub(crate) fn film_until(&mut self, now: Instant, until: Instant) {
        self.on_until = Some(until);
        self.next_at = self.next_at.max(now);
    }

    /// From now on it films for another source, as a page does whose track moves to another section.
    pub(crate) fn become_source(&mut self, ssrc: u32, rtx: Option<u32>) {
        (self.options.ssrc, self.options.rtx) = (ssrc, rtx);
        self.number = self.number.wrapping_add(20_000);
        self.sent.clear();
        self.key_wanted = true;
    }

    pub(crate) fn want_key_frame(&mut self) {
        self.key_wanted = true;
    }

    /// Whether a key frame was asked for since the last call, or none was made yet.
    pub(crate) fn take_key_wish(&mut self) -> bool {
        std::mem::take(&mut self.key_wanted)
    }

    pub(crate) fn wake_at(&self) -> Option<Instant> {
        self.on_until.filter(|until| self.next_at < *until).map(|_| self.next_at)
    }

    /// The packets of the pictures that are due.
    pub(crate) fn film(&mut self, now: Instant) -> Vec<Leaving> {
        let mut leaving = Vec::new();
        while self.wake_at().is_some_and(|at| at <= now) {
            let at = self.next_at;
            self.next_at += Duration::from_nanos(33_333_333);
            self.take(at, &mut leaving);
        }
        leaving
    }

    fn take(&mut self, at: Instant, leaving: &mut Vec<Leaving>) {
        let is_key = std::mem::take(&mut self.key_wanted);
        let bytes = if is_key { self.options.key_bytes } else { self.options.bytes };
        let frame = picture(self.picture, is_key, bytes);
        self.picture += 1;
        self.send(at, &frame, leaving);
    }

    /// The packets of a picture.
    pub(crate) fn send(&mut self, at: Instant, frame: &[u8], leaving: &mut Vec<Leaving>) {
        self.filmed.push(at);
        let ticks = (at - self.began).as_nanos() * 90_000 / 1_000_000_000;
        let payloads = match self.options.codec {
            Codec::Vp8 => self.packetiser.packetise(frame, MAX_PAYLOAD),
            Codec::H264 => h264_pieces(frame, MAX_PAYLOAD),
        };
        let last = payloads.len() - 1;
        for (index, payload) in payloads.into_iter().enumerate() {
            let mut header = Header {
                version: 2,
                marker: index == last,
                payload_type: 96,
                sequence_number: self.number,
                timestamp: self.options.first_timestamp.wrapping_add(ticks as u32),
                ssrc: self.options.ssrc,
                ..Header::default()
            };
            self.number = self.number.wrapping_add(1);
            self.extend(&mut header);
            self.sent.push_back((header.clone(), payload.clone()));
            leaving.push((header, payload));
        }
        while self.sent.len() > KEPT {
            self.sent.pop_front();
        }
    }

    fn extend(&mut self, header: &mut Header) {
        if let Some(id) = self.extensions.transport_number {
            let number = Bytes::copy_from_slice(&self.transport_number.to_be_bytes());
            self.transport_number = self.transport_number.wrapping_add(1);
            header.set_extension(id, number).expect("a short extension");
        }
        if let Some(id) = self.extensions.orientation.filter(|_| self.options.orientation != 0) {
            header.set_extension(id, vec![self.options.orientation].into()).expect("a short extension");
        }
    }

    /// The packets that the other end asks for.
    pub(crate) fn again(&mut self, numbers: &[u16]) -> Vec<Leaving> {
        let mut leaving = Vec::new();
        for number in numbers {
            *self.asked.entry(*number).or_default() += 1;
            let kept = self.sent.iter().find(|(header, _)| header.sequence_number == *number).cloned();
            let (Some((mut header, payload)), true) = (kept, self.options.answers_nacks) else { continue };
            let mut repaired = payload;
            if let Some(rtx) = self.options.rtx {
                let mut repair = BytesMut::new();
                repair.put_u16(header.sequence_number);
                repair.put_slice(&repaired);
                header.ssrc = rtx;
                header.payload_type = 97;
                header.sequence_number = self.repair_number;
                self.repair_number = self.repair_number.wrapping_add(1);
                repaired = repair.freeze();
            }
            self.repaired += 1;
            leaving.push((header, repaired));
        }
        leaving
    }
}
