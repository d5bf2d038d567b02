//! The heads of frames (RFC 6455, section 5.2).

/// Why a far end's bytes are none that it may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No frame, or not where it is.
    Frame,
    /// Text that is no UTF-8.
    Text,
    /// A message that is too long.
    TooLong,
    /// A message in too many pieces.
    TooManyFragments,
}

impl Fault {
    /// The close code that says so (section 7.4.1).
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::Frame => 1002,
            Self::Text => 1007,
            Self::TooManyFragments => 1008,
            Self::TooLong => 1009,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Opcode {
    fn new(bits: u8) -> Result<Self, Fault> {
        Ok(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return Err(Fault::Frame),
        })
    }

    pub(crate) fn is_control(self) -> bool {
        self as u8 >= Self::Close as u8
    }
}

/// The longest payload of a control frame, and of one whose second byte tells its length.
pub(crate) const SHORT: usize = 125;

/// A frame's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) is_last: bool,
    pub(crate) opcode: Opcode,
    pub(crate) mask: [u8; 4],
    /// Bytes of the head.
    pub(crate) size: usize,
    /// Bytes behind it.
    pub(crate) length: usize,
}

impl Head {
    /// Reads the head of a client's frame; none while bytes of it are missing.
    pub(crate) fn read(bytes: &[u8]) -> Result<Option<Self>, Fault> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        // No extension was agreed upon, and clients must mask.
        if first & 0x70 != 0 || second & 0x80 == 0 {
            return Err(Fault::Frame);
        }
        let (is_last, opcode) = (first & 0x80 != 0, Opcode::new(first & 0x0f)?);
        let short = usize::from(second & 0x7f);
        if opcode.is_control() && (!is_last || short > SHORT) {
            return Err(Fault::Frame);
        }
        let Some((length, rest)) = read_length(short, rest) else { return Ok(None) };
        let Some((mask, _)) = rest.split_first_chunk() else { return Ok(None) };
        let size = bytes.len() - rest.len() + mask.len();
        Ok(Some(Self { is_last, opcode, mask: *mask, size, length }))
    }
}

fn read_length(short: usize, rest: &[u8]) -> Option<(usize, &[u8])> {
    match short {
        126 => {
            let (length, rest) = rest.split_first_chunk()?;
            Some((u16::from_be_bytes(*length).into(), rest))
        }
        127 => {
            let (length, rest) = rest.split_first_chunk()?;
            // One that doesn't fit is too long by far.
            Some((usize::try_from(u64::from_be_bytes(*length)).unwrap_or(usize::MAX), rest))
        }
        _ => Some((short, rest)),
    }
}

/// Takes the mask from a payload, or puts it on.
pub(crate) fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = payload.as_chunks_mut();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip([a, b, c, d, a, b, c]) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_of_payloads_of_any_length_come_off() {
        for length in 0..40_u8 {
            let plain: Vec<u8> = (0..length).collect();
            let mask = [0x11, 0x22, 0x44, 0x88];
            let mut payload: Vec<u8> =
                plain.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]).collect();
            unmask(&mut payload, mask);
            assert_eq!(payload, plain);
        }
    }

    #[test]
    fn heads_are_read_once_they_are_whole() {
        for (length, bytes) in [
            (5, vec![0x81, 0x85, 1, 2, 3, 4]),
            (300, vec![0x81, 0xfe, 1, 44, 1, 2, 3, 4]),
            (70_000, vec![0x81, 0xff, 0, 0, 0, 0, 0, 1, 0x11, 0x70, 1, 2, 3, 4]),
            (usize::MAX, [&[0x81, 0xff], &[0xff; 8][..], &[1, 2, 3, 4]].concat()),
        ] {
            for cut in 0..bytes.len() {
                assert_eq!(Head::read(&bytes[..cut]), Ok(None), "{cut} of {bytes:?}");
            }
            let size = bytes.len();
            let head = Head { is_last: true, opcode: Opcode::Text, mask: [1, 2, 3, 4], size, length };
            assert_eq!(Head::read(&bytes), Ok(Some(head)));
        }
    }

    #[test]
    fn what_no_client_may_send_is_no_head() {
        for [first, second] in [
            [0x81, 0x05],
            [0xc1, 0x85],
            [0xa1, 0x85],
            [0x91, 0x85],
            [0x83, 0x80],
            [0x87, 0x80],
            [0x8b, 0x80],
            [0x8f, 0x80],
            [0x09, 0x80],
            [0x89, 0xfe],
        ] {
            assert_eq!(Head::read(&[first, second]), Err(Fault::Frame), "{first:x} {second:x}");
        }
    }
}
