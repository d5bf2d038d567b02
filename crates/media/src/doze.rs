//! Packets of a stream that is too faint for speech, while somebody waits for speech: most of them need no decoding.

use crate::opus::MAX_FRAME_BYTES;

/// One packet of so many is looked at.
pub(crate) const BATCH: usize = 4;

/// The last packets, in order: first a batch that was faint, then those that nobody has looked at yet.
#[derive(Debug, Default)]
pub(crate) struct Doze {
    is_wanted: bool,
    packets: [Kept; 2 * BATCH],
    count: usize,
}

#[derive(Debug, Default)]
struct Kept {
    payload: Vec<u8>,
    ticks: u32,
}

impl Doze {
    /// Says whether anything fainter than speech may be left undecoded.
    pub(crate) fn want(&mut self, is_wanted: bool) {
        self.is_wanted = is_wanted;
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// Whether the packets of a faint batch are here, so that a decoder that left some out can be led back to where it was.
    pub(crate) fn is_deep(&self) -> bool {
        self.count >= BATCH
    }

    /// Takes a packet in.
    pub(crate) fn push(&mut self, payload: &[u8], ticks: u32) {
        let kept = &mut self.packets[self.count];
        kept.payload.clear();
        // Once for all packets that a voice is coded in.
        kept.payload.reserve(payload.len().min(MAX_FRAME_BYTES));
        kept.payload.extend_from_slice(payload);
        kept.ticks = ticks;
        self.count += 1;
    }

    /// Whether it is time to look at the last packet.
    pub(crate) fn is_full(&self) -> bool {
        self.count == self.packets.len()
    }

    /// How many packets wait to be looked at.
    pub(crate) fn waiting(&self) -> usize {
        self.count.saturating_sub(BATCH)
    }

    /// How long those are, in ticks.
    pub(crate) fn waiting_ticks(&self) -> u32 {
        (0..self.waiting()).map(|n| self.packets[BATCH + n].ticks).sum()
    }

    /// The `n`th packet and its length in ticks.
    pub(crate) fn packet(&self, n: usize) -> Option<(&[u8], u32)> {
        self.packets[..self.count].get(n).map(|kept| (kept.payload.as_slice(), kept.ticks))
    }

    /// The batch that waited was faint.
    pub(crate) fn settle(&mut self) {
        self.packets.rotate_left(BATCH);
        self.count = BATCH;
    }

    /// Lets go of all packets.
    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }
}
