//! The packets that wait until their frame is whole.

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
    pub(super) starts_frame: bool,
    pub(super) starts_key_frame: bool,
    pub(super) number: Number,
    pub(super) data: Box<[u8]>,
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
            starts_frame: payload.starts_frame,
            starts_key_frame: payload.starts_key_frame,
            number: Number { picture_id, base_layer_index, temporal_layer },
            data: payload.data.into(),
        }
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
        dropped.values().filter(|packet| packet.part.as_ref().is_some_and(|part| part.starts_frame)).count()
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
            let starts = packet.part.as_ref().is_some_and(|part| part.starts_frame);
            if starts != (sequence == first) || *timestamp.get_or_insert(packet.timestamp) != packet.timestamp
            {
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
        self.part(first).is_some_and(|part| part.starts_key_frame)
    }

    /// Where frames begin, from that number on.
    pub(super) fn starts_from(&self, sequence: u64) -> impl Iterator<Item = u64> {
        self.packets
            .range(sequence..)
            .filter(|(_, packet)| packet.part.as_ref().is_some_and(|part| part.starts_frame))
            .map(|(sequence, _)| *sequence)
    }

    /// Where the frame begins that this packet belongs to, if its beginning is here.
    pub(super) fn start_of(&self, sequence: u64) -> Option<u64> {
        let timestamp = self.packets.get(&sequence)?.timestamp;
        self.packets
            .range(..=sequence)
            .rev()
            .take_while(|(_, packet)| packet.timestamp == timestamp)
            .find(|(_, packet)| packet.part.as_ref().is_some_and(|part| part.starts_frame))
            .map(|(sequence, _)| *sequence)
    }
}
