//! Bytes that are to leave.

use crate::base64_text;
use crate::frame::{Opcode, SHORT};

/// Memory that is kept while nothing waits: some messages of audio.
const KEPT: usize = 4096;

/// Frames, whole and unmasked (RFC 6455, section 5.1), in order.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    bytes: Vec<u8>,
    /// So many of them have left.
    left: usize,
}

impl Outgoing {
    /// What is to leave.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.left..).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.left
    }

    /// So many bytes have left.
    pub(crate) fn wrote(&mut self, bytes: usize) {
        self.left = (self.left + bytes).min(self.bytes.len());
        if self.left == self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(KEPT);
            self.left = 0;
        }
    }

    /// Nothing leaves any more.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Appends a frame whose payload is these pieces.
    pub(crate) fn frame(&mut self, opcode: Opcode, pieces: &[&[u8]]) {
        self.head(opcode, pieces.iter().map(|piece| piece.len()).sum());
        for piece in pieces {
            self.bytes.extend_from_slice(piece);
        }
    }

    /// Appends a text: base64 between a head and a tail.
    pub(crate) fn base64(&mut self, (head, tail): (&str, &str), payload: &[u8]) {
        let digits = base64_text::encoded_length(payload.len());
        self.head(Opcode::Text, head.len() + digits + tail.len());
        self.bytes.extend_from_slice(head.as_bytes());
        base64_text::encode(payload, &mut self.bytes);
        self.bytes.extend_from_slice(tail.as_bytes());
    }

    fn head(&mut self, opcode: Opcode, length: usize) {
        self.make_room();
        self.bytes.push(0x80 | opcode as u8);
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short), _) if length <= SHORT => self.bytes.push(short),
            (_, Ok(medium)) => {
                self.bytes.push(126);
                self.bytes.extend_from_slice(&medium.to_be_bytes());
            }
            _ => {
                self.bytes.push(127);
                self.bytes.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
    }

    /// Bytes that have left are forgotten once they are the most.
    fn make_room(&mut self) {
        if self.left > self.bytes.len() / 2 {
            self.bytes.drain(..self.left);
            self.left = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_tell_their_length_in_the_shortest_way() {
        for (length, head) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 0xff, 0xff]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let payload = vec![b'a'; length];
            let mut out = Outgoing::default();
            out.frame(Opcode::Text, &[&payload]);
            assert_eq!(out.bytes(), [head, payload].concat(), "{length}");
        }
    }

    #[test]
    fn base64_stands_between_head_and_tail() {
        let mut out = Outgoing::default();
        out.base64(("<", ">"), &[0, 0, 0, 0]);
        assert_eq!(out.bytes(), b"\x81\x0a<AAAAAA==>");
    }

    #[test]
    fn what_has_left_is_no_more_there_and_its_memory_is_used_again() {
        let mut out = Outgoing::default();
        for n in 0..10_000_u32 {
            out.frame(Opcode::Binary, &[&n.to_be_bytes(), &[0; 96]]);
            out.wrote(if n < 10 { 90 } else { 102 });
        }
        assert_eq!(out.len(), 120);
        assert!(out.bytes.capacity() < 2000, "{}", out.bytes.capacity());
        assert_eq!(
            out.bytes().first_chunk::<2>().map(|_| out.bytes()[18 + 2..18 + 6].to_vec()),
            Some(9_999_u32.to_be_bytes().to_vec())
        );
        out.wrote(120);
        assert_eq!((out.len(), out.bytes()), (0, &[][..]));
    }
}
