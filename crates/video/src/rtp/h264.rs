//! H.264 in RTP (RFC 6184), packetization mode 1: single NAL units, STAP-A and FU-A, both ways.

use crate::units::{DELIMITER, KEY_SLICE, PARAMETERS, SLICE, START_CODE, kind, units};
use bytes::Bytes;

const STAP_A: u8 = 24;
const FU_A: u8 = 28;
/// What FU-A puts before each piece.
const FU_HEADER: usize = 2;

/// What a payload holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct H264Payload {
    /// It may be the first of a frame; false for the middle of a NAL unit, and for slices after a picture's first.
    pub(super) may_begin: bool,
    /// It begins with what stands before a frame alone: parameters or a delimiter.
    pub(super) opens: bool,
    /// A slice of a key frame begins here.
    pub(super) has_key_slice: bool,
    /// A picture's first slice begins here.
    pub(super) has_first_slice: bool,
    /// NAL units behind start codes, or the middle of one.
    pub(super) data: Vec<u8>,
}

impl H264Payload {
    /// Reads a payload; `None` when it is of another mode, or ends early.
    pub(super) fn parse(payload: &[u8]) -> Option<Self> {
        let (&header, rest) = payload.split_first()?;
        let mut parsed = Self::default();
        match kind(header) {
            1..=23 if !rest.is_empty() => parsed.unit(header, rest, true),
            STAP_A => parsed.units(rest)?,
            FU_A => parsed.fragment(header, rest)?,
            _ => return None,
        }
        Some(parsed)
    }

    fn units(&mut self, mut rest: &[u8]) -> Option<()> {
        let mut is_first = true;
        while !rest.is_empty() {
            let (length, after) = rest.split_first_chunk::<2>()?;
            let (unit, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
            let (&header, body) = unit.split_first()?;
            // None within another.
            if !(1..=23).contains(&kind(header)) || body.is_empty() {
                return None;
            }
            self.unit(header, body, is_first);
            (rest, is_first) = (after, false);
        }
        (!is_first).then_some(())
    }

    fn fragment(&mut self, indicator: u8, rest: &[u8]) -> Option<()> {
        let (&header, body) = rest.split_first()?;
        let (starts, ends) = (header & 0x80 != 0, header & 0x40 != 0);
        if body.is_empty() || (starts && ends) || !(1..=23).contains(&kind(header)) {
            return None;
        }
        match starts {
            true => self.unit(indicator & 0xe0 | kind(header), body, true),
            false => self.data.extend_from_slice(body),
        }
        Some(())
    }

    /// Adds a unit, or the beginning of one.
    fn unit(&mut self, header: u8, body: &[u8], is_first: bool) {
        let kind = kind(header);
        let is_slice = kind == SLICE || kind == KEY_SLICE;
        // A picture's first slice begins at macroblock 0, which is one bit (ITU-T H.264, section 7.3.3).
        let is_first_slice = is_slice && body.first().is_some_and(|byte| byte & 0x80 != 0);
        if is_first {
            self.opens = kind == PARAMETERS || kind == DELIMITER;
            self.may_begin = !is_slice || is_first_slice;
        }
        self.has_key_slice |= kind == KEY_SLICE;
        self.has_first_slice |= is_first_slice;
        self.data.extend_from_slice(&START_CODE);
        self.data.push(header);
        self.data.extend_from_slice(body);
    }
}

/// The payloads of one frame behind start codes, of at most `max_payload` bytes each, which must be 100 at least: small units
/// share one, large ones are cut. The last one's RTP packet has the marker.
pub fn h264_pieces(frame: &[u8], max_payload: usize) -> Vec<Bytes> {
    let mut payloads = Vec::new();
    let mut small: Vec<&[u8]> = Vec::new();
    for unit in units(frame) {
        let together: usize = 1 + small.iter().chain([&unit]).map(|unit| 2 + unit.len()).sum::<usize>();
        if together > max_payload {
            payloads.extend(gathered(&mut small));
        }
        match unit.len() > max_payload {
            true => payloads.extend(cut(unit, max_payload)),
            false => small.push(unit),
        }
    }
    payloads.extend(gathered(&mut small));
    payloads
}

fn gathered(units: &mut Vec<&[u8]>) -> Option<Bytes> {
    let units = std::mem::take(units);
    let payload = match units[..] {
        [] => return None,
        [unit] => unit.to_vec(),
        _ => {
            // The most important of them says how important it is.
            let importance = units.iter().map(|unit| unit[0] & 0x60).max().unwrap_or(0);
            let mut payload = vec![importance | STAP_A];
            for unit in units {
                payload.extend_from_slice(&(unit.len() as u16).to_be_bytes());
                payload.extend_from_slice(unit);
            }
            payload
        }
    };
    Some(payload.into())
}

fn cut(unit: &[u8], max_payload: usize) -> Vec<Bytes> {
    let (header, body) = (unit[0], &unit[1..]);
    let pieces = body.len().div_ceil(max_payload.saturating_sub(FU_HEADER).max(1)).max(2);
    let mut rest = body;
    let piece = |index: usize| {
        let (piece, after) = rest.split_at(rest.len().div_ceil(pieces - index));
        rest = after;
        let edge = if index == 0 {
            0x80
        } else if index + 1 == pieces {
            0x40
        } else {
            0
        };
        Bytes::from([&[header & 0xe0 | FU_A, edge | kind(header)], piece].concat())
    };
    (0..pieces).map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Units of those kinds and lengths, whose bytes contain no start code.
    fn frame(units: &[(u8, usize)]) -> Vec<u8> {
        let unit = |&(header, length): &(u8, usize)| {
            let body = (1..length).map(|n| (n % 251) as u8 | 0x80);
            [&START_CODE[..], &[header], &body.collect::<Vec<_>>()].concat()
        };
        units.iter().flat_map(unit).collect()
    }

    #[test]
    fn pieces_put_together_are_the_frame() {
        for units in [
            &[(0x67, 12), (0x68, 5), (0x65, 9_000)][..],
            &[(0x41, 40)],
            &[(0x41, 1200)],
            &[(0x41, 1201)],
            &[(0x65, 700), (0x65, 700), (0x65, 30)],
        ] {
            let frame = frame(units);
            let payloads = h264_pieces(&frame, 1200);
            assert!(payloads.iter().all(|payload| payload.len() <= 1200), "{units:?}");
            let parsed: Vec<_> =
                payloads.iter().map(|payload| H264Payload::parse(payload).expect("whole")).collect();
            assert_eq!(parsed.iter().flat_map(|payload| payload.data.clone()).collect::<Vec<_>>(), frame);
            assert!(parsed[0].may_begin, "{units:?}");
            assert_eq!(parsed[0].opens, units[0].0 == 0x67);
        }
    }

    #[test]
    fn parameters_share_a_payload_and_large_slices_are_cut_evenly() {
        let payloads = h264_pieces(&frame(&[(0x67, 12), (0x68, 5), (0x65, 3_000)]), 1200);
        assert_eq!(payloads.iter().map(|payload| payload[0] & 31).collect::<Vec<_>>(), [24, 28, 28, 28]);
        assert_eq!(payloads.iter().map(|payload| payload[1] >> 6).collect::<Vec<_>>()[1..], [2, 0, 1]);
        assert!(payloads[1..].iter().all(|payload| payload.len().abs_diff(1_002) <= 1));
    }

    #[test]
    fn what_is_of_another_mode_or_ends_early_is_refused() {
        for payload in [
            &[][..],
            &[0x41],
            &[24],
            &[24, 0],
            &[24, 0, 3, 0x41, 9],
            &[24, 0, 1, 0x41],
            &[24, 0, 2, 24, 9],
            &[28],
            &[28, 0x85],
            &[28, 0xc5, 9],
            &[28, 0x9c, 9],
            &[25, 1, 2, 3],
            &[29, 0x85, 1, 2, 3],
            &[0, 1, 2],
            &[31, 1, 2],
        ] {
            assert_eq!(H264Payload::parse(payload), None, "{payload:?}");
        }
    }
}
