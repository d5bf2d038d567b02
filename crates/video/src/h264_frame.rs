//! What of a peer's frame of H.264 a decoder is given.

use crate::error::CodecError;
use crate::parameters::Parameters;
use crate::units::{KEY_SLICE, PARAMETERS, PICTURE_PARAMETERS, SLICE, START_CODE, kind, units};

/// Most units of a frame: a decoder keeps kilobytes of each. Encoders cut a picture into tens of slices, or one for each
/// packet.
const MAX_UNITS: usize = 512;
/// Most macroblocks of all pictures that are kept to make others from: level 5.1 (ITU-T H.264, table A-1).
const MAX_KEPT: u32 = 184_320;
const MACROBLOCK: u32 = 16 * 16;

/// A frame that a decoder can bear: what it asks for in memory is bounded, and what it shows lies within its pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct H264Frame {
    /// Slices and parameter sets behind start codes. All else is left out.
    pub data: Vec<u8>,
    /// There are parameters in it and a slice of a key frame: it may be decoded by itself.
    pub is_key: bool,
}

impl H264Frame {
    /// Checks a frame behind start codes.
    ///
    /// # Errors
    /// [`CodecError::TooLarge`] when its pictures have more than `max_pixels`, and [`CodecError::Damaged`] when they are not
    /// of the baseline profile, when what is shown lies outside of them, or when there are more of them or of its units than
    /// is allowed.
    pub fn check(frame: &[u8], max_pixels: u32) -> Result<Self, CodecError> {
        let (mut data, mut count) = (Vec::with_capacity(frame.len()), 0);
        let (mut has_parameters, mut has_key_slice) = (false, false);
        for unit in units(frame) {
            match kind(unit[0]) {
                SLICE | PICTURE_PARAMETERS => {}
                KEY_SLICE => has_key_slice = true,
                PARAMETERS => {
                    check_parameters(&unit[1..], max_pixels)?;
                    has_parameters = true;
                }
                _ => continue,
            }
            data.extend_from_slice(&START_CODE);
            data.extend_from_slice(unit);
            count += 1;
        }
        match count {
            0 => Err(CodecError::Damaged("there is no picture in it")),
            1..=MAX_UNITS => Ok(Self { data, is_key: has_parameters && has_key_slice }),
            _ => Err(CodecError::Damaged("it is in too many pieces")),
        }
    }
}

fn check_parameters(body: &[u8], max_pixels: u32) -> Result<(), CodecError> {
    let read = Parameters::read(body).ok_or(CodecError::Damaged("its parameters can't be used"))?;
    let Parameters { width, height, kept } = read;
    let pixels = u64::from(width) * u64::from(height);
    if pixels > max_pixels.into() {
        return Err(CodecError::TooLarge(width, height));
    }
    if pixels * u64::from(kept) > u64::from(MAX_KEPT * MACROBLOCK) {
        return Err(CodecError::Damaged("it keeps too many pictures"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::tests::{Set, VGA};

    const MAX_PIXELS: u32 = 4096 * 2304;

    fn frame(units: &[&[u8]]) -> Vec<u8> {
        units.iter().flat_map(|unit| [&[0, 0, 1], *unit].concat()).collect()
    }

    fn parameters(set: Set) -> Vec<u8> {
        [&[0x67], &*set.body()].concat()
    }

    fn check(set: Set) -> Result<H264Frame, CodecError> {
        H264Frame::check(&frame(&[&parameters(set), &[0x68, 0xce], &[0x65, 0x88]]), MAX_PIXELS)
    }

    #[test]
    fn slices_and_parameters_are_left() {
        let set = parameters(VGA);
        let all =
            frame(&[&[9, 0xf0], &set, &[0x68, 0xce], &[6, 5, 4], &[0x6e, 1], &[0x6f, 2], &[0x65, 0x88]]);
        let checked = H264Frame::check(&all, MAX_PIXELS).expect("sound");
        assert!(checked.is_key);
        assert_eq!(units(&checked.data).collect::<Vec<_>>(), [&*set, &[0x68, 0xce], &[0x65, 0x88]]);
        let slice = H264Frame::check(&frame(&[&[0x41, 0x9a]]), MAX_PIXELS).expect("sound");
        assert!(!slice.is_key);
        assert!(!H264Frame::check(&frame(&[&[0x65, 0x88]]), MAX_PIXELS).expect("sound").is_key);
        for nothing in [&[][..], &[1, 2, 3], &frame(&[&[9, 0xf0], &[0x74, 1]])] {
            assert!(H264Frame::check(nothing, MAX_PIXELS).is_err(), "{nothing:?}");
        }
    }

    #[test]
    fn pictures_are_bounded_by_themselves_and_together() {
        let largest = Set { sides: [256, 144], kept: 5, ..VGA };
        assert!(check(largest).is_ok());
        assert_eq!(check(Set { sides: [257, 144], ..VGA }), Err(CodecError::TooLarge(4112, 2304)));
        assert_eq!(
            check(Set { sides: [65_535, 65_535], ..VGA }),
            Err(CodecError::TooLarge(1_048_560, 1_048_560))
        );
        assert!(matches!(check(Set { kept: 6, ..largest }), Err(CodecError::Damaged(_))));
        assert!(check(Set { sides: [120, 68], kept: 16, ..VGA }).is_ok());
    }

    #[test]
    fn a_frame_in_thousands_of_pieces_is_refused() {
        let pieces = |count: usize| H264Frame::check(&frame(&vec![&[0x41, 0x9a][..]; count]), MAX_PIXELS);
        assert!(pieces(512).is_ok());
        assert!(pieces(513).is_err() && pieces(100_000).is_err());
    }
}
