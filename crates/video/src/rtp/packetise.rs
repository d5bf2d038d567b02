//! A frame to RTP payloads.

use bytes::Bytes;

/// A payload that fits into a datagram on any path that video is sent over: 1280 bytes of IPv6 less UDP, SRTP and TURN.
pub const MAX_PAYLOAD: usize = 1200;
/// X and I, then a picture ID of 15 bits.
const DESCRIPTOR: usize = 4;

/// Cuts frames into payloads, with a number for each frame (RFC 7741, section 4.2).
#[derive(Debug)]
pub struct Packetiser {
    picture_id: u16,
}

impl Packetiser {
    /// The first frame's number is the lower 15 bits of this; it should be random.
    #[must_use]
    pub fn new(picture_id: u16) -> Self {
        Self { picture_id }
    }

    /// The payloads of one frame, of at most `max_payload` bytes each ([`MAX_PAYLOAD`] is a good choice, 5 the least) and of
    /// nearly equal length. The last one's RTP packet has the marker.
    pub fn packetise(&mut self, frame: &[u8], max_payload: usize) -> Vec<Bytes> {
        let [high, low] = (self.picture_id | 0x8000).to_be_bytes();
        self.picture_id = self.picture_id.wrapping_add(1);
        let pieces = frame.len().div_ceil(max_payload.saturating_sub(DESCRIPTOR).max(1)).max(1);
        let mut rest = frame;
        let payload = |index: usize| {
            let (piece, after) = rest.split_at(rest.len().div_ceil(pieces - index));
            rest = after;
            let start = if index == 0 { 0x10 } else { 0 };
            Bytes::from([&[0x80 | start, 0x80, high, low], piece].concat())
        };
        (0..pieces).map(payload).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::Vp8Payload;

    #[test]
    fn a_frame_is_cut_into_pieces_that_put_together_are_the_frame() {
        let mut packetiser = Packetiser::new(0x7fff);
        for (picture_id, length) in [(0x7fff, 1), (0, 1196), (1, 1197), (2, 100_000)] {
            let frame: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let payloads = packetiser.packetise(&frame, MAX_PAYLOAD);
            let lengths: Vec<usize> = payloads.iter().map(Bytes::len).collect();
            assert_eq!(lengths.len(), (length as usize).div_ceil(1196));
            assert!(lengths.iter().all(|length| *length <= 1200 && lengths[0] - length <= 1), "{lengths:?}");
            let parsed: Vec<_> =
                payloads.iter().map(|payload| Vp8Payload::parse(payload).expect("whole")).collect();
            assert!(parsed.iter().enumerate().all(|(n, payload)| payload.starts_frame == (n == 0)));
            assert!(parsed.iter().all(|payload| payload.picture_id.map(|id| id.value()) == Some(picture_id)));
            assert_eq!(parsed.iter().flat_map(|payload| payload.data).copied().collect::<Vec<_>>(), frame);
        }
    }
}
