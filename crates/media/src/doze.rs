//! Packets of a stream that is too faint for speech, while somebody waits for speech: most of them need no decoding.

use crate::slew::Pace;

/// One packet of so many is looked at.
const BATCH: usize = 4;

/// The last packets, in order: first a batch that was faint, then those that nobody has looked at yet.
#[derive(Debug, Default)]
pub(crate) struct Doze {
    is_wanted: bool,
    packets: [Kept; 2 * BATCH],
    count: usize,
}

/// A packet that may have to be decoded yet.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) payload: Vec<u8>,
    pub(crate) ticks: u32,
    pub(crate) pace: Pace,
}

impl Default for Kept {
    fn default() -> Self {
        Self { payload: Vec::new(), ticks: 0, pace: Pace::Even }
    }
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
    pub(crate) fn push(&mut self, payload: &[u8], ticks: u32, pace: Pace) {
        let kept = &mut self.packets[self.count];
        kept.payload.clear();
        kept.payload.extend_from_slice(payload);
        (kept.ticks, kept.pace) = (ticks, pace);
        self.count += 1;
    }

    /// Whether it is time to look at the last packet.
    pub(crate) fn is_full(&self) -> bool {
        self.count == self.packets.len()
    }

    /// The packets that wait to be looked at.
    pub(crate) fn waiting(&self) -> &[Kept] {
        self.packets[..self.count].get(BATCH..).unwrap_or_default()
    }

    /// The faint ones before those.
    pub(crate) fn before(&self) -> &[Kept] {
        &self.packets[..self.count.min(BATCH)]
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
