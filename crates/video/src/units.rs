//! NAL units of H.264, and the start codes that they stand behind (ITU-T H.264, annex B).

pub(crate) const SLICE: u8 = 1;
pub(crate) const KEY_SLICE: u8 = 5;
pub(crate) const PARAMETERS: u8 = 7;
pub(crate) const PICTURE_PARAMETERS: u8 = 8;
pub(crate) const DELIMITER: u8 = 9;
pub(crate) const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// What a unit is, by its first byte.
pub(crate) fn kind(header: u8) -> u8 {
    header & 31
}

/// The NAL units between start codes of three or four bytes.
pub(crate) fn units(frame: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = frame;
    let mut first = true;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            let found = rest.windows(3).position(|three| three == [0, 0, 1]);
            let (unit, after) = match found {
                Some(at) => (&rest[..at], &rest[at + 3..]),
                None => (rest, &[][..]),
            };
            rest = after;
            // What is before the first start code is nothing; zeros at an end belong to the next start code.
            let length = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            if !std::mem::take(&mut first) && length > 0 {
                return Some(&unit[..length]);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_codes_of_three_bytes_and_zeros_between_are_read() {
        let frame = [0, 0, 1, 0x67, 9, 0, 0, 0, 1, 0x68, 8, 0, 0, 0, 0, 1, 0x65, 0x88];
        let found: Vec<_> = units(&frame).collect();
        assert_eq!(found, [&[0x67, 9][..], &[0x68, 8], &[0x65, 0x88]]);
        assert_eq!(units(&[1, 2, 3]).count() + units(&[]).count(), 0);
    }
}
