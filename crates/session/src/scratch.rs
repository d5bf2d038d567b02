//! Bytes for the core, which wants to own what it gets, without an allocation for each packet.

use bytes::BytesMut;

/// Memory that is lent out and comes back by itself when what was lent is dropped.
#[derive(Debug, Default)]
pub(crate) struct Scratch(BytesMut);

impl Scratch {
    /// A copy of `bytes`. Nothing is allocated when the copies made before are gone and this one is no longer.
    pub(crate) fn copy(&mut self, bytes: &[u8]) -> BytesMut {
        self.0.extend_from_slice(bytes);
        self.0.split()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_that_live_on_keep_their_bytes_and_dropped_ones_lend_their_memory_again() {
        let mut scratch = Scratch::default();
        let first = scratch.copy(b"first");
        let second = scratch.copy(b"the second");
        assert_eq!((&first[..], &second[..]), (&b"first"[..], &b"the second"[..]));
        drop((first, second));
        let mut places: Vec<_> = (0..1_000).map(|_| scratch.copy(&[7; 10]).as_ptr()).collect();
        places.sort_unstable();
        assert!(
            *places.last().expect("a thousand") as usize - (places[0] as usize) < 1_000,
            "one small piece"
        );
    }
}
