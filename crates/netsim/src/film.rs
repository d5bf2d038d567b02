//! Pictures that need no codec: each says which it is, and what it must look like when it is whole.

/// Makes the picture of that number, `bytes` long or a little more: as VP8 begins (RFC 6386, section 9.1), then its number,
/// then bytes that follow from the number.
#[must_use]
pub fn picture(number: u32, is_key: bool, bytes: usize) -> Vec<u8> {
    let mut picture: Vec<u8> = match is_key {
        true => vec![0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01],
        false => vec![0x11, 0, 0],
    };
    picture.extend_from_slice(&number.to_be_bytes());
    let rest = bytes.saturating_sub(picture.len());
    picture.extend((0..rest).map(|n| filler(number, n)));
    picture
}

/// The number of a picture and whether it is a key frame; none when it is not one of [`picture`]'s from end to end.
#[must_use]
pub fn read_picture(picture: &[u8]) -> Option<(u32, bool)> {
    let is_key = picture.first()? & 1 == 0;
    let (number, rest) = picture.get(if is_key { 10 } else { 3 }..)?.split_first_chunk::<4>()?;
    let number = u32::from_be_bytes(*number);
    let is_whole = rest.iter().enumerate().all(|(n, byte)| *byte == filler(number, n));
    is_whole.then_some((number, is_key))
}

fn filler(number: u32, index: usize) -> u8 {
    (number as usize).wrapping_mul(31).wrapping_add(index / 7) as u8
}

/// What was seen of a film.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// When it was shown.
    pub at: std::time::Instant,
    /// Which picture.
    pub number: u32,
    /// Whether it is a key frame.
    pub is_key: bool,
    /// Its RTP timestamp.
    pub timestamp: u32,
}

/// Says whether each picture refers to the one that was shown before it, as it must.
#[must_use]
pub fn is_unbroken(numbers: impl IntoIterator<Item = (u32, bool)>) -> bool {
    let mut last = None;
    numbers.into_iter().all(|(number, is_key)| {
        let follows = is_key || last == Some(number.wrapping_sub(1));
        last = Some(number);
        follows
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_tells_whether_it_is_whole() {
        for (is_key, bytes) in [(true, 20_000), (false, 2_000), (false, 0)] {
            let whole = picture(70_000, is_key, bytes);
            assert_eq!(read_picture(&whole), Some((70_000, is_key)));
        }
        let mut other = picture(1, false, 3_000);
        other.drain(1_000..2_000);
        assert_eq!(read_picture(&other), None);
        assert!(is_unbroken([(4, true), (5, false), (9, true)]));
        assert!(!is_unbroken([(4, true), (6, false)]) && !is_unbroken([(4, false)]));
    }
}
