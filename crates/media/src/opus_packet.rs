//! What an Opus packet says of itself without being decoded (RFC 6716).

use crate::opus::packet_ticks;

/// How much of what came before it a packet repeats, coarser (in-band FEC, RFC 6716, section 2.1.7), in ticks of the
/// RTP clock: 10 to 60 ms. `None` when it repeats nothing.
pub(crate) fn fec_ticks(payload: &[u8]) -> Option<u32> {
    let (&toc, rest) = payload.split_first()?;
    let frame = first_frame(toc, rest)?;
    let ticks = packet_ticks(&[toc & !3, 0])?;
    (has_copy(toc, ticks, *frame.first()?)).then_some(ticks)
}

/// Whether a packet is of the mode that repeats nothing: CELT alone (section 3.1, table 2).
pub(crate) fn is_celt(payload: &[u8]) -> bool {
    payload.first().is_some_and(|toc| toc & 0x80 != 0)
}

/// The header bits of a SILK frame (section 4.2.3): for each channel, an activity bit for each 20 ms, then a bit that
/// says whether there is a copy of what came before.
fn has_copy(toc: u8, ticks: u32, first: u8) -> bool {
    if toc & 0x80 != 0 {
        return false;
    }
    let frames = (ticks / 960).max(1);
    let mid = first >> (7 - frames) & 1 == 1;
    let side = toc & 4 != 0 && first >> (6 - 2 * frames.min(3)) & 1 == 1;
    mid || side
}

/// The first frame of a packet (section 3.2).
fn first_frame(toc: u8, rest: &[u8]) -> Option<&[u8]> {
    match toc & 3 {
        0 | 1 => Some(rest),
        2 => rest.get(length_bytes(*rest.first()?)..),
        _ => {
            let (&count, mut rest) = rest.split_first()?;
            if count & 0x40 != 0 {
                rest = after_padding(rest)?;
            }
            let lengths = if count & 0x80 == 0 { 0 } else { usize::from(count & 0x3f).saturating_sub(1) };
            for _ in 0..lengths {
                rest = rest.get(length_bytes(*rest.first()?)..)?;
            }
            Some(rest)
        }
    }
}

/// How many bytes a frame's length takes (section 3.2.1).
fn length_bytes(first: u8) -> usize {
    if first < 252 { 1 } else { 2 }
}

/// What follows the bytes that say how much padding there is (section 3.2.5).
fn after_padding(rest: &[u8]) -> Option<&[u8]> {
    let last = rest.iter().position(|&byte| byte != 255)?;
    rest.get(last + 1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A SILK configuration of 20 ms, wideband, mono: 9 (section 3.1, table 2).
    const SILK_20: u8 = 9 << 3;
    const SILK_60: u8 = 11 << 3;

    #[test]
    fn the_bit_behind_the_activity_bits_says_that_there_is_a_copy() {
        assert_eq!(fec_ticks(&[SILK_20, 0b1100_0000, 0]), Some(960));
        assert_eq!(fec_ticks(&[SILK_20, 0b1000_0000, 0]), None);
        assert_eq!(fec_ticks(&[SILK_60, 0b0001_0000, 0]), Some(2_880));
        assert_eq!(fec_ticks(&[SILK_60, 0b1110_0000, 0]), None);
    }

    #[test]
    fn in_stereo_either_channel_may_have_one() {
        assert_eq!(fec_ticks(&[SILK_20 | 4, 0b0001_0000, 0]), Some(960));
        assert_eq!(fec_ticks(&[SILK_60 | 4, 0b0000_0001, 0]), Some(2_880));
        assert_eq!(fec_ticks(&[SILK_20 | 4, 0b1010_1111, 0]), None);
    }

    #[test]
    fn the_first_frame_is_found_behind_lengths_and_padding() {
        assert_eq!(fec_ticks(&[SILK_20 | 2, 1, 0x40, 0]), Some(960));
        assert_eq!(fec_ticks(&[SILK_20 | 3, 0x82, 1, 0x40, 0]), Some(960));
        assert_eq!(fec_ticks(&[SILK_20 | 3, 0x42, 255, 1, 0x40, 0]), Some(960));
    }

    #[test]
    fn celt_has_no_copy_and_nonsense_none_either() {
        assert_eq!(fec_ticks(&[16 << 3, 0xff]), None);
        for payload in [&[][..], &[SILK_20], &[SILK_20 | 2], &[SILK_20 | 3, 0x7f, 255], &[SILK_20 | 2, 255]] {
            assert_eq!(fec_ticks(payload), None, "{payload:?}");
        }
    }
}
