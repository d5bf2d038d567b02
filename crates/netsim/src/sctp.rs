//! The little of SCTP (RFC 9260) that a peer without a stack needs to send whatever it likes.

use std::collections::HashMap;

/// One association as its client sees it: what to send to open it, and packets with any content once it is open.
#[derive(Debug, Default)]
pub(crate) struct Sctp {
    peer_tag: u32,
    sequence: u32,
    /// How many messages each stream had.
    streams: HashMap<u16, u16>,
    open: bool,
}

const INIT: u8 = 1;
const INIT_ACK: u8 = 2;
const COOKIE_ECHO: u8 = 10;
const COOKIE_ACK: u8 = 11;
/// An unfragmented DATA chunk: both its first and its last piece.
const DATA_WHOLE: [u8; 2] = [0, 3];
const STATE_COOKIE: u16 = 7;
/// Ours: our tag and our first sequence number.
const TAG: u32 = 0x0001_0203;

impl Sctp {
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// The packet that asks for an association, with tag, window, streams and first sequence number.
    pub(crate) fn init(&mut self) -> Vec<u8> {
        self.sequence = TAG;
        let body =
            [TAG.to_be_bytes(), 1_000_000_u32.to_be_bytes(), [0xff, 0xff, 0xff, 0xff], TAG.to_be_bytes()]
                .concat();
        packet(0, &chunk([INIT, 0], &body))
    }

    /// Takes a packet, and gives the one to answer it with while the association opens.
    pub(crate) fn receive(&mut self, packet_bytes: &[u8]) -> Option<Vec<u8>> {
        let body = packet_bytes.get(16..)?;
        match *packet_bytes.get(12)? {
            INIT_ACK => {
                self.peer_tag = u32::from_be_bytes(body.get(..4)?.try_into().ok()?);
                Some(packet(self.peer_tag, &chunk([COOKIE_ECHO, 0], cookie(body.get(16..)?)?)))
            }
            COOKIE_ACK => {
                self.open = true;
                None
            }
            _ => None,
        }
    }

    /// A packet with a whole user message on a stream, for that protocol (RFC 8831, section 8).
    pub(crate) fn message(&mut self, stream: u16, protocol: u32, payload: &[u8]) -> Vec<u8> {
        let mut body = self.sequence.to_be_bytes().to_vec();
        body.extend(stream.to_be_bytes());
        let number = self.streams.entry(stream).or_default();
        body.extend(number.to_be_bytes());
        *number = number.wrapping_add(1);
        body.extend(protocol.to_be_bytes());
        body.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        packet(self.peer_tag, &chunk(DATA_WHOLE, &body))
    }

    /// A packet with right tag and checksum around any chunks.
    pub(crate) fn packet(&self, chunks: &[u8]) -> Vec<u8> {
        packet(self.peer_tag, chunks)
    }
}

/// The parameter of an INIT ACK that is to be sent back.
fn cookie(mut parameters: &[u8]) -> Option<&[u8]> {
    loop {
        let kind = u16::from_be_bytes(parameters.get(..2)?.try_into().ok()?);
        let length = usize::from(u16::from_be_bytes(parameters.get(2..4)?.try_into().ok()?));
        if kind == STATE_COOKIE {
            return parameters.get(4..length);
        }
        parameters = parameters.get(length.max(4).next_multiple_of(4)..)?;
    }
}

fn chunk(kind_and_flags: [u8; 2], body: &[u8]) -> Vec<u8> {
    let mut chunk = kind_and_flags.to_vec();
    chunk.extend((4 + body.len() as u16).to_be_bytes());
    chunk.extend(body);
    chunk.resize(chunk.len().next_multiple_of(4), 0);
    chunk
}

/// The common header, with the ports that WebRTC uses, around chunks.
fn packet(tag: u32, chunks: &[u8]) -> Vec<u8> {
    let mut packet = [5_000_u16.to_be_bytes(), 5_000_u16.to_be_bytes()].concat();
    packet.extend(tag.to_be_bytes());
    packet.extend([0; 4]);
    packet.extend(chunks);
    let checksum = crc32c(&packet).to_le_bytes();
    packet[8..12].copy_from_slice(&checksum);
    packet
}

/// CRC-32C (RFC 9260, appendix A), bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_published_one() {
        // RFC 3720, appendix B.4.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }
}
