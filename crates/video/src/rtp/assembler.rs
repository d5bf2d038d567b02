//! RTP packets to frames that can be decoded, in order.

use super::continuity::Continuity;
use super::h264::H264Payload;
use super::payload::Vp8Payload;
use super::stored::{Found, Packets, Stored};
use crate::codec::Codec;
use crate::picture::Rotation;
use bytes::Bytes;
use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// A lost packet is waited for so long: enough for some tries at sending it again.
const BASE_WAIT: Duration = Duration::from_millis(120);
const WAIT_ROUND_TRIPS: u32 = 4;
const MIN_WAIT: Duration = Duration::from_millis(200);
/// A key frame that is asked for is faster than this.
const MAX_WAIT: Duration = Duration::from_millis(400);
/// At the beginning, a key frame may come by itself.
const FIRST_PATIENCE: Duration = Duration::from_millis(50);
/// A request for a key frame, or its first packets, may be lost as well.
const ASK_AGAIN: Duration = Duration::from_millis(200);
/// A sequence number further away than this is of another stream.
const MAX_STEP: u64 = 3000;
/// So that none is negative.
const FIRST_SEQUENCE: u64 = 1 << 32;

/// One RTP packet of a stream of video.
#[derive(Debug, Clone, Copy)]
pub struct VideoPacket<'a> {
    /// Of its RTP header; of the packet that was lost, when it was sent again.
    pub sequence_number: u16,
    /// Of its RTP header: 90 kHz.
    pub timestamp: u32,
    /// The last of a frame.
    pub marker: bool,
    /// Without padding. A packet of nothing else still shows that none is lost.
    pub payload: &'a [u8],
    /// Of its header extension, if it has that.
    pub rotation: Option<Rotation>,
}

/// What comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assembled {
    /// A frame, after all those that it is made from.
    Frame(AssembledFrame),
    /// Nothing comes out until the peer sends a key frame, and should be asked for one. Told again while none comes.
    NeedsKeyFrame,
}

/// A whole frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssembledFrame {
    /// The frame; of H.264 with start codes.
    pub data: Bytes,
    /// It needs no frame before it.
    pub is_key: bool,
    /// Of RTP: 90 kHz.
    pub timestamp: u32,
    /// The last that the peer told.
    pub rotation: Rotation,
}

/// Counters since the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AssemblerStats {
    /// Frames handed over.
    pub frames: u64,
    /// Key frames among them.
    pub key_frames: u64,
    /// Frames of which something came, and which were not handed over.
    pub frames_dropped: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets that came after they were given up.
    pub late: u64,
    /// Packets that are no part of a frame of the codec.
    pub malformed: u64,
    /// Key frames asked for.
    pub key_frames_wanted: u64,
}

/// Puts frames together from the packets of one stream, which may come in any order, twice or not at all.
///
/// A frame comes out only when all that it is made from came out before. A packet that is missing is waited for; when it
/// doesn't come, nothing comes out until a key frame does.
pub struct FrameAssembler {
    codec: Codec,
    packets: Packets,
    highest: u64,
    /// The number after the last frame handed over; `None` while a key frame is waited for.
    next: Option<u64>,
    continuity: Continuity,
    /// Since when a packet is missing.
    missing_since: Option<Instant>,
    /// When to ask for a key frame, if one is still needed then.
    ask_at: Option<Instant>,
    /// Something came since a key frame was asked for.
    is_heard: bool,
    round_trip: Duration,
    rotation: Rotation,
    ready: VecDeque<AssembledFrame>,
    stats: AssemblerStats,
}

impl FrameAssembler {
    /// Waits for the first packet.
    #[must_use]
    pub fn new(codec: Codec) -> Self {
        Self {
            codec,
            packets: Packets::default(),
            highest: 0,
            next: None,
            continuity: Continuity::default(),
            missing_since: None,
            ask_at: None,
            is_heard: false,
            round_trip: Duration::ZERO,
            rotation: Rotation::None,
            ready: VecDeque::new(),
            stats: AssemblerStats::default(),
        }
    }

    /// Takes a packet.
    pub fn receive(&mut self, now: Instant, packet: VideoPacket<'_>) {
        let sequence = self.extend(now, packet.sequence_number);
        if self.next.is_some_and(|next| sequence < next) {
            self.stats.late += 1;
            return;
        }
        let part = match self.codec {
            Codec::Vp8 => Vp8Payload::parse(packet.payload).map(Into::into),
            Codec::H264 => H264Payload::parse(packet.payload).map(Into::into),
        };
        if part.is_none() && !packet.payload.is_empty() {
            // Its place stays empty, as if it were lost.
            self.stats.malformed += 1;
            return;
        }
        let VideoPacket { timestamp, marker, rotation, .. } = packet;
        if !self.packets.insert(sequence, Stored { timestamp, marker, rotation, part }) {
            self.stats.duplicates += 1;
            return;
        }
        self.is_heard = true;
        self.highest = self.highest.max(sequence);
        self.bound(now);
        self.advance(now);
        if self.begin_at_key_frame(sequence) {
            self.advance(now);
        }
    }

    /// What comes next, if anything does at this time.
    pub fn poll(&mut self, now: Instant) -> Option<Assembled> {
        self.give_up_waiting(now);
        if let Some(frame) = self.ready.pop_front() {
            return Some(Assembled::Frame(frame));
        }
        let is_due = self.ask_at.is_some_and(|at| at <= now);
        if !is_due || (!self.is_heard && self.stats.key_frames_wanted > 0) {
            return None;
        }
        self.ask_at = Some(now + ASK_AGAIN + self.round_trip);
        self.is_heard = false;
        self.stats.key_frames_wanted += 1;
        Some(Assembled::NeedsKeyFrame)
    }

    /// When [`poll`](Self::poll) may have something though no packet came.
    #[must_use]
    pub fn wake_at(&self) -> Option<Instant> {
        let asks = self.is_heard || self.stats.key_frames_wanted == 0;
        let give_up = self.missing_since.map(|since| since + self.patience());
        [self.ask_at.filter(|_| asks), give_up].into_iter().flatten().min()
    }

    /// How long a packet and its answer travel now: a lost one is waited for accordingly.
    pub fn set_round_trip(&mut self, round_trip: Duration) {
        self.round_trip = round_trip.min(MAX_WAIT);
    }

    /// The decoder could not do with a frame: nothing comes out until a key frame, which is asked for.
    pub fn want_key_frame(&mut self, now: Instant) {
        if self.next.is_some() {
            self.stats.frames_dropped += self.ready.len() as u64;
            self.ready.clear();
            self.give_up(now);
        }
    }

    /// Counters since the beginning.
    #[must_use]
    pub fn stats(&self) -> AssemblerStats {
        self.stats
    }

    fn patience(&self) -> Duration {
        (BASE_WAIT + self.round_trip * WAIT_ROUND_TRIPS).clamp(MIN_WAIT, MAX_WAIT)
    }

    /// Extends a sequence number to the one nearest to the highest (RFC 3550, appendix A.1).
    fn extend(&mut self, now: Instant, wire: u16) -> u64 {
        if self.highest == 0 {
            self.highest = FIRST_SEQUENCE | u64::from(wire);
            self.ask_at = Some(now + FIRST_PATIENCE);
        }
        let step = wire.wrapping_sub(self.highest as u16).cast_signed();
        let sequence = self.highest.saturating_add_signed(step.into());
        if sequence.abs_diff(self.highest) <= MAX_STEP {
            return sequence;
        }
        // The peer began anew.
        self.stats.frames_dropped += self.packets.drop_before(u64::MAX);
        self.give_up(now);
        // Far from all that was, so that nothing of before is mistaken for something new.
        self.highest = ((self.highest >> 16) + 2) << 16 | u64::from(wire);
        self.highest
    }

    /// Keeps what waits within its bounds.
    fn bound(&mut self, now: Instant) {
        if self.packets.is_full() {
            if self.next.is_some() {
                self.give_up(now);
            }
            self.packets.drop_oldest();
        }
    }

    /// The frames that are made from one that is missing will not come.
    fn give_up(&mut self, now: Instant) {
        self.next = None;
        self.missing_since = None;
        // At once the first time, or when it was long ago.
        let again = self.ask_at.filter(|at| *at > now && self.stats.key_frames_wanted > 0);
        self.ask_at = Some(again.unwrap_or(now));
        self.is_heard = true;
    }

    /// Goes on at the key frame that this packet made whole, when that is ahead of a packet that is missing.
    fn begin_at_key_frame(&mut self, sequence: u64) -> bool {
        let is_needed = self.next.is_none() || self.missing_since.is_some();
        let first =
            self.packets.start_of(sequence).filter(|first| is_needed && self.packets.is_key_frame(*first));
        let Some(first) = first.filter(|first| matches!(self.packets.frame_at(*first), Found::Whole(_)))
        else {
            return false;
        };
        self.stats.frames_dropped += self.packets.drop_before(first);
        self.next = Some(first);
        self.missing_since = None;
        self.ask_at = None;
        true
    }

    /// Hands over the frames that are whole.
    fn advance(&mut self, now: Instant) {
        while let Some(next) = self.next {
            if self.packets.take_padding(next) {
                self.next = Some(next + 1);
                continue;
            }
            match self.packets.frame_at(next) {
                Found::Whole(frame) => self.hand_over(&frame, false),
                Found::Broken => {
                    self.stats.malformed += 1;
                    self.packets.drop_before(next + 1);
                    self.stats.frames_dropped += 1;
                    self.give_up(now);
                }
                Found::UpTo(awaited) => {
                    let is_missing = awaited <= self.highest;
                    self.missing_since = is_missing.then(|| self.missing_since.unwrap_or(now));
                    return;
                }
            }
        }
    }

    /// Ends the wait for a packet when it was long enough.
    fn give_up_waiting(&mut self, now: Instant) {
        let patience = self.patience();
        let is_over =
            self.missing_since.is_some_and(|since| now.saturating_duration_since(since) >= patience);
        let Some(next) = self.next.filter(|_| is_over) else { return };
        self.missing_since = None;
        match self.survivor(next) {
            Some(frame) => {
                self.stats.frames_dropped += self.packets.drop_before(*frame.start());
                self.hand_over(&frame, true);
                self.advance(now);
            }
            None => self.give_up(now),
        }
    }

    /// The first whole frame that needs nothing of what is missing.
    fn survivor(&self, next: u64) -> Option<RangeInclusive<u64>> {
        self.packets.starts_from(next).find_map(|first| match self.packets.frame_at(first) {
            Found::Whole(frame) if self.continuity.survives(self.packets.number_at(first)) => Some(frame),
            _ => None,
        })
    }

    fn hand_over(&mut self, frame: &RangeInclusive<u64>, after_loss: bool) {
        let first = *frame.start();
        let is_key = self.packets.is_key_frame(first);
        let number = self.packets.number_at(first);
        let packets = self.packets.take(frame);
        self.next = Some(frame.end() + 1);
        self.missing_since = None;
        self.rotation = packets.iter().rev().find_map(|packet| packet.rotation).unwrap_or(self.rotation);
        if !self.continuity.accept(number, is_key, after_loss) {
            self.stats.frames_dropped += 1;
            return;
        }
        let timestamp = packets.first().map_or(0, |packet| packet.timestamp);
        let parts: Vec<&[u8]> =
            packets.iter().filter_map(|packet| packet.part.as_ref()).map(|part| &*part.data).collect();
        let frame =
            AssembledFrame { data: parts.concat().into(), is_key, timestamp, rotation: self.rotation };
        self.stats.frames += 1;
        self.stats.key_frames += u64::from(is_key);
        self.ready.push_back(frame);
    }
}
