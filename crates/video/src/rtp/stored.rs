//! The packets that wait until their frame is whole.

use super::h264::H264Payload;
use super::payload::{PictureId, Vp8Payload};
use crate::picture::Rotation;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Packets that wait, and their bytes: more than a second of the best camera.
const MAX_PACKETS: usize = 2048;
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// A packet that waits.
pub(super) struct Stored {
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    pub(super) rotation: Option<Rotation>,
    /// `None` when there is nothing in it but padding.
    pub(super) part: Option<Part>,
}

/// A part of a frame.
pub(super) struct Part {
    begins: Begins,
    /// A picture begins here, to count them.
    is_counted: bool,
    /// A key frame begins here; of H.264, a part of one.
    is_key: bool,
    pub(super) number: Number,
    pub(super) data: Box<[u8]>,
}

/// Whether a frame begins with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    Yes,
    No,
    /// H.264: when the packet before it is of another frame.
    After,
    /// H.264: even when nothing is known of the packet before it.
    Opens,
}

/// What a frame says about its place among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Number {
    pub(super) picture_id: Option<PictureId>,
    pub(super) base_layer_index: Option<u8>,
    pub(super) temporal_layer: Option<(u8, bool)>,
}

impl From<Vp8Payload<'_>> for Part {
    fn from(payload: Vp8Payload<'_>) -> Self {
        let Vp8Payload { picture_id, base_layer_index, temporal_layer, .. } = payload;
        Self {
            begins: if payload.starts_frame { Begins::Yes } else { Begins::No },
            is_counted: payload.starts_frame,
            is_key: payload.starts_key_frame,
            number: Number { picture_id, base_layer_index, temporal_layer },
            data: payload.data.into(),
        }
    }
}

impl From<H264Payload> for Part {
    fn from(payload: H264Payload) -> Self {
        let begins = match (payload.may_begin, payload.opens) {
            (_, true) => Begins::Opens,
            (true, false) => Begins::After,
            (false, false) => Begins::No,
        };
        Self {
            begins,
            is_counted: payload.has_first_slice,
            is_key: payload.has_key_slice,
            number: Number::default(),
            data: payload.data.into(),
        }
    }
}

impl Stored {
    fn begins(&self) -> Begins {
        self.part.as_ref().map_or(Begins::No, |part| part.begins)
    }
}

/// Packets by their sequence numbers, which don't wrap here.
#[derive(Default)]
pub(super) struct Packets {
    packets: BTreeMap<u64, Stored>,
    bytes: usize,
}

/// What is found where a frame should begin.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// All its packets.
    Whole(RangeInclusive<u64>),
    /// What is there is whole so far, and this is the next packet to come.
    UpTo(u64),
    /// What is there is no frame.
    Broken,
}

fn bytes(packet: &Stored) -> usize {
    packet.part.as_ref().map_or(0, |part| part.data.len())
}

impl Packets {
    /// False when it is there already.
    pub(super) fn insert(&mut self, sequence: u64, packet: Stored) -> bool {
        if self.packets.contains_key(&sequence) {
            return false;
        }
        self.bytes += bytes(&packet);
        self.packets.insert(sequence, packet);
        true
    }

    pub(super) fn is_full(&self) -> bool {
        self.packets.len() > MAX_PACKETS || self.bytes > MAX_BYTES
    }

    pub(super) fn drop_oldest(&mut self) {
        if let Some((_, packet)) = self.packets.pop_first() {
            self.bytes -= bytes(&packet);
        }
    }

    /// Drops all before that one. Returns the number of frames that began among them.
    pub(super) fn drop_before(&mut self, sequence: u64) -> u64 {
        let kept = self.packets.split_off(&sequence);
        let dropped = std::mem::replace(&mut self.packets, kept);
        self.bytes -= dropped.values().map(bytes).sum::<usize>();
        dropped.values().filter(|packet| packet.part.as_ref().is_some_and(|part| part.is_counted)).count()
            as u64
    }

    /// Takes the packets of a frame.
    pub(super) fn take(&mut self, frame: &RangeInclusive<u64>) -> Vec<Stored> {
        let packets: Vec<Stored> =
            frame.clone().filter_map(|sequence| self.packets.remove(&sequence)).collect();
        self.bytes -= packets.iter().map(bytes).sum::<usize>();
        packets
    }

    /// Whether nothing but padding is at that number; then it is taken.
    pub(super) fn take_padding(&mut self, sequence: u64) -> bool {
        let is_padding = self.packets.get(&sequence).is_some_and(|packet| packet.part.is_none());
        is_padding && self.packets.remove(&sequence).is_some()
    }

    /// What the frame that begins at that number is.
    pub(super) fn frame_at(&self, first: u64) -> Found {
        let mut timestamp = None;
        let mut next = first;
        for (&sequence, packet) in self.packets.range(first..) {
            if sequence != next {
                break;
            }
            let fits = match packet.begins() {
                Begins::Yes => sequence == first,
                Begins::No => sequence != first,
                Begins::After | Begins::Opens => true,
            };
            if !fits || *timestamp.get_or_insert(packet.timestamp) != packet.timestamp {
                return Found::Broken;
            }
            if packet.marker {
                return Found::Whole(first..=sequence);
            }
            next += 1;
        }
        Found::UpTo(next)
    }

    /// What the frame at that number says about its place.
    pub(super) fn number_at(&self, first: u64) -> Number {
        self.part(first).map(|part| part.number).unwrap_or_default()
    }

    fn part(&self, sequence: u64) -> Option<&Part> {
        self.packets.get(&sequence)?.part.as_ref()
    }

    /// Whether a key frame begins at that number.
    pub(super) fn is_key_frame(&self, first: u64) -> bool {
        let Some(packet) = self.packets.get(&first) else { return false };
        match packet.begins() {
            Begins::Yes => self.part(first).is_some_and(|part| part.is_key),
            Begins::No => false,
            Begins::After | Begins::Opens => {
                let frame = self.packets.range(first..).map(|(_, other)| other);
                let mut frame = frame.take_while(|other| other.timestamp == packet.timestamp);
                frame.any(|other| other.part.as_ref().is_some_and(|part| part.is_key))
            }
        }
    }

    /// Where frames begin, from that number on.
    pub(super) fn starts_from(&self, sequence: u64) -> impl Iterator<Item = u64> {
        self.packets
            .range(sequence..)
            .filter(|(_, packet)| packet.begins() == Begins::Yes)
            .map(|(sequence, _)| *sequence)
    }

    /// Where the frame begins that this packet belongs to, if its beginning is here.
    pub(super) fn start_of(&self, sequence: u64) -> Option<u64> {
        let timestamp = self.packets.get(&sequence)?.timestamp;
        let mut first = sequence;
        for (&before, packet) in self.packets.range(..=sequence).rev() {
            if packet.timestamp != timestamp {
                return self.begins_after(first, first - before == 1).then_some(first);
            }
            if packet.begins() == Begins::Yes {
                return Some(before);
            }
            first = before;
        }
        self.begins_after(first, false).then_some(first)
    }

    /// Whether a frame of H.264 begins there; `is_known`: the packet before it is here, and of another.
    fn begins_after(&self, first: u64, is_known: bool) -> bool {
        match self.packets.get(&first).map(Stored::begins) {
            Some(Begins::Opens) => true,
            Some(Begins::After) => is_known,
            _ => false,
        }
    }
}
