//! Numbers and times of outgoing RTP packets (RFC 3550, section 5.1; RFC 7587, section 4.1).

use std::time::Instant;

use crate::units::TICKS_PER_FRAME;
use crate::{FRAME_DURATION, RtpStart};

/// A packet for the peer, to be given a header and encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodedPacket<'a> {
    /// Its place in the stream.
    pub sequence_number: u16,
    /// Its time, in units of 1/48,000 s.
    pub timestamp: u32,
    /// Set on the first packet after a pause.
    pub marker: bool,
    /// An Opus packet of 20 ms.
    pub payload: &'a [u8],
}

/// Numbers packets without a gap, and times them by the real time since the first one.
#[derive(Debug)]
pub(crate) struct Packetiser {
    start: RtpStart,
    /// When the first packet was due.
    anchor: Option<Instant>,
    /// Where the next packet's time is at the earliest, in frames since the first.
    next_frame: u64,
    sequence_number: u16,
}

impl Packetiser {
    pub(crate) fn new(start: RtpStart) -> Self {
        Self { start, anchor: None, next_frame: 0, sequence_number: start.sequence_number }
    }

    /// The timestamp of a frame that is due at `due`. It moves by at least one frame each time, and by as many as have
    /// passed in real time: a pause is a gap in time, and not a delay of all that follows.
    pub(crate) fn stamp(&mut self, due: Instant) -> u32 {
        let anchor = *self.anchor.get_or_insert(due);
        let elapsed = due.saturating_duration_since(anchor).as_nanos() / FRAME_DURATION.as_nanos();
        let frame = self.next_frame.max(elapsed as u64);
        self.next_frame = frame + 1;
        let ticks = frame.wrapping_mul(u64::from(TICKS_PER_FRAME));
        self.start.timestamp.wrapping_add(ticks as u32)
    }

    /// The sequence number of the next packet that is really sent.
    pub(crate) fn number(&mut self) -> u16 {
        let number = self.sequence_number;
        self.sequence_number = number.wrapping_add(1);
        number
    }
}
