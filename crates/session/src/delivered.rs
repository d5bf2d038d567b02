//! Which packets of audio were delivered lately, so that one which comes again is known for that.
//!
//! The core (rtc 0.21.1) drops what its replay window knows, and says nothing: without this, a network's duplicates would look
//! like forgeries.

/// So many numbers back; the core's window is no longer.
const WINDOW: u16 = u128::BITS as u16;

/// Most packets that wait to be decrypted and are told from one another.
const MAX_WAITING: usize = 64;

/// The numbers that one source's packets had.
#[derive(Debug, Default)]
pub(crate) struct Delivered {
    source: u32,
    newest: u16,
    /// Bit n: the packet with the number n before the newest.
    numbers: u128,
    /// Sources and numbers of packets that the core has got, and has not given back yet. Nobody knows who sent those.
    waiting: Vec<[u8; 6]>,
    /// How often one came again.
    repeated: u64,
}

impl Delivered {
    /// A packet was decrypted.
    pub(crate) fn note(&mut self, source: u32, number: u16) {
        if source != self.source || self.numbers == 0 {
            (self.source, self.newest, self.numbers) = (source, number, 1);
            return;
        }
        let (ahead, behind) = (number.wrapping_sub(self.newest), self.newest.wrapping_sub(number));
        if behind < WINDOW {
            self.numbers |= 1 << behind;
        } else {
            self.numbers = self.numbers.checked_shl(ahead.into()).unwrap_or(0) | 1;
            self.newest = number;
        }
    }

    /// The core gets a packet. Whether it has another one with that source and that number, which may be the same.
    pub(crate) fn hands_over(&mut self, packet: &[u8]) -> bool {
        let &[_, _, high, low, _, _, _, _, a, b, c, d, ..] = packet else { return false };
        let named = [a, b, c, d, high, low];
        let is_known = self.waiting.contains(&named);
        if !is_known && self.waiting.len() < MAX_WAITING {
            self.waiting.push(named);
        }
        is_known
    }

    /// The core has given back what it could decrypt.
    pub(crate) fn nothing_waits(&mut self) {
        self.waiting.clear();
    }

    /// Whether a packet, as it came, is one that was delivered, which is counted.
    pub(crate) fn repeats(&mut self, packet: &[u8]) -> bool {
        let is_repeated = self.knows(packet);
        self.repeated += u64::from(is_repeated);
        is_repeated
    }

    /// How often one came again.
    pub(crate) fn repeated(&self) -> u64 {
        self.repeated
    }

    fn knows(&self, packet: &[u8]) -> bool {
        let &[_, _, high, low, _, _, _, _, a, b, c, d, ..] = packet else { return false };
        let behind = self.newest.wrapping_sub(u16::from_be_bytes([high, low]));
        u32::from_be_bytes([a, b, c, d]) == self.source && behind < WINDOW && self.numbers >> behind & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knows(delivered: &Delivered, source: u32, number: u16) -> bool {
        let mut packet = [0x80, 111, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        packet[2..4].copy_from_slice(&number.to_be_bytes());
        packet[8..12].copy_from_slice(&source.to_be_bytes());
        delivered.knows(&packet)
    }

    #[test]
    fn what_was_delivered_is_known_again_and_nothing_else_is() {
        let mut delivered = Delivered::default();
        assert!(!knows(&delivered, 0, 0), "nothing was");
        for number in [65_534, 65_535, 1, 0] {
            assert!(!knows(&delivered, 7, number));
            delivered.note(7, number);
            assert!(knows(&delivered, 7, number));
        }
        assert!([65_534, 65_535, 0, 1].into_iter().all(|number| knows(&delivered, 7, number)));
        assert!(![65_533, 2, 100].into_iter().any(|number| knows(&delivered, 7, number)));
        assert!(!knows(&delivered, 8, 1), "another source");
        delivered.note(7, 120);
        assert!(knows(&delivered, 7, 1) && !knows(&delivered, 7, 2));
        delivered.note(7, 2_000);
        assert!(knows(&delivered, 7, 2_000) && !knows(&delivered, 7, 120), "too long ago");
        delivered.note(9, 5);
        assert!(knows(&delivered, 9, 5) && !knows(&delivered, 7, 2_000));
        assert!(!delivered.knows(&[0x80, 111, 0, 5]), "cut off");
    }

    #[test]
    fn what_waits_to_be_decrypted_is_known_until_it_is() {
        let mut delivered = Delivered::default();
        let (mut one, mut other) = ([0x80; 12], [0x80; 12]);
        (one[3], other[11]) = (1, 1);
        assert!(!delivered.hands_over(&one) && !delivered.hands_over(&other));
        assert!(delivered.hands_over(&one) && delivered.hands_over(&other));
        delivered.nothing_waits();
        assert!(!delivered.hands_over(&one));
    }
}
