//! A peer's screen: shows whole pictures, and asks for what it misses.

use crate::film::{Seen, read_picture};
use bytes::Bytes;
use parley_video::{Assembled, AssembledFrame, Codec, FrameAssembler, VideoPacket};
use rtc::rtp::Packet;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long it waits before it asks for a packet once more.
const PAUSE: Duration = Duration::from_millis(60);
/// How often it asks.
const MOST_ASKED: u32 = 6;

/// What the screen wants to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    KeyFrame,
    Packets(Vec<u16>),
}

/// Shows what comes.
pub(crate) struct Screen {
    assembler: FrameAssembler,
    highest: Option<u16>,
    missing: BTreeMap<u16, (Instant, u32)>,
    /// Whole pictures that wait for whoever decodes them; none when they say by themselves what they are.
    pub(crate) frames: Option<Vec<(Instant, Bytes)>>,
    /// Pictures that are not whole.
    pub(crate) broken: usize,
    pub(crate) seen: Vec<Seen>,
    /// When each packet came, with its number and length.
    pub(crate) came: Vec<(Instant, u16, usize)>,
    /// How many packets had a transport-wide number.
    pub(crate) numbered: usize,
}

impl Screen {
    pub(crate) fn new(codec: Codec, is_coded: bool) -> Self {
        Self {
            frames: is_coded.then(Vec::new),
            assembler: FrameAssembler::new(codec),
            highest: None,
            missing: BTreeMap::new(),
            broken: 0,
            seen: Vec::new(),
            came: Vec::new(),
            numbered: 0,
        }
    }

    pub(crate) fn receive(&mut self, now: Instant, packet: &Packet) {
        let number = packet.header.sequence_number;
        self.came.push((now, number, packet.payload.len()));
        // The one extension of two bytes.
        self.numbered += usize::from(packet.header.extensions.iter().any(|each| each.payload.len() == 2));
        let highest = *self.highest.get_or_insert(number);
        let step = number.wrapping_sub(highest);
        if step < 1_000 {
            for missing in (1..step).map(|step| highest.wrapping_add(step)) {
                self.missing.insert(missing, (now, 0));
            }
            self.highest = Some(number);
        } else {
            self.missing.remove(&number);
        }
        let header = &packet.header;
        self.assembler.receive(
            now,
            VideoPacket {
                sequence_number: number,
                timestamp: header.timestamp,
                marker: header.marker,
                payload: &packet.payload,
                rotation: None,
            },
        );
    }

    /// What it wants now.
    pub(crate) fn wishes(&mut self, now: Instant) -> Vec<Wish> {
        let mut wishes = Vec::new();
        while let Some(assembled) = self.assembler.poll(now) {
            match assembled {
                Assembled::NeedsKeyFrame => wishes.push(Wish::KeyFrame),
                Assembled::Frame(frame) => self.show(now, frame),
            }
        }
        let due = self.missing.iter_mut().filter(|(_, (at, _))| *at <= now);
        let mut numbers = Vec::new();
        for (number, (at, asked)) in due {
            (*at, *asked) = (now + PAUSE, *asked + 1);
            numbers.push(*number);
        }
        self.missing.retain(|_, (_, asked)| *asked < MOST_ASKED);
        if !numbers.is_empty() {
            wishes.push(Wish::Packets(numbers));
        }
        wishes
    }

    fn show(&mut self, at: Instant, AssembledFrame { data, timestamp, .. }: AssembledFrame) {
        if let Some(frames) = &mut self.frames {
            return frames.push((at, data));
        }
        match read_picture(&data) {
            Some((number, is_key)) => self.seen.push(Seen { at, number, is_key, timestamp }),
            None => self.broken += 1,
        }
    }

    /// A picture could not be decoded: none comes before a key frame.
    pub(crate) fn want_key_frame(&mut self, now: Instant) {
        self.assembler.want_key_frame(now);
    }

    pub(crate) fn wake_at(&self) -> Option<Instant> {
        let missing = self.missing.values().map(|(at, _)| *at).min();
        [missing, self.assembler.wake_at()].into_iter().flatten().min()
    }
}
