//! A picture in memory, and how it is turned.

use crate::pixels::PixelError;
use crate::samples::Samples;

/// The longest side of a picture that VP8 has room for (RFC 6386, section 9.1).
pub const MAX_SIDE: u32 = 16_383;
/// Black in limited range.
const BLACK: (u8, u8) = (16, 128);

/// A picture of three planes without padding: luma (Y) of `width` x `height`, then the two of chroma (U, V) of half
/// that in both directions, rounded up. One byte a sample, ITU-R BT.601, limited range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct I420 {
    width: u32,
    height: u32,
    data: Samples,
}

/// How a picture is to be turned, clockwise, before it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rotation {
    /// It stands upright.
    #[default]
    None,
    /// By a quarter.
    By90,
    /// By half.
    By180,
    /// By three quarters.
    By270,
}

impl Rotation {
    /// Reads the one byte of the header extension `urn:3gpp:video-orientation` (3GPP TS 26.114, section 7.4.5). Which
    /// camera it was, and that it may be a mirror, changes nothing.
    #[must_use]
    pub fn from_cvo(byte: u8) -> Self {
        [Self::None, Self::By90, Self::By180, Self::By270][usize::from(byte & 3)]
    }

    /// Width and height after the turn.
    #[must_use]
    pub fn turn(self, width: u32, height: u32) -> (u32, u32) {
        match self {
            Self::None | Self::By180 => (width, height),
            Self::By90 | Self::By270 => (height, width),
        }
    }
}

/// One plane: samples, and how many of them lie between the beginnings of two rows.
#[derive(Clone, Copy)]
pub(crate) struct Plane<'a> {
    pub(crate) samples: &'a [u8],
    pub(crate) stride: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl I420 {
    /// A black picture. Sides are 1 to [`MAX_SIDE`], and are brought into that range.
    #[must_use]
    pub fn blank(width: u32, height: u32) -> Self {
        let mut picture = Self { width: 0, height: 0, data: Samples::new() };
        picture.resize(width, height);
        let luma = picture.luma_samples();
        picture.data[..luma].fill(BLACK.0);
        picture.data[luma..].fill(BLACK.1);
        picture
    }

    /// A picture with a copy of these samples.
    ///
    /// # Errors
    /// [`PixelError`] when a side is out of range, or `data` has another length than such a picture.
    pub fn new(width: u32, height: u32, data: &[u8]) -> Result<Self, PixelError> {
        PixelError::check(width, height, Self::samples(width, height), data.len())?;
        Ok(Self { width, height, data: data.into() })
    }

    /// In pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// In pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All samples: Y, U, V.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// All samples, to be changed.
    pub fn data_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// Gives the picture another size, within its memory as far as that goes. What it shows then is undefined.
    pub fn resize(&mut self, width: u32, height: u32) {
        (self.width, self.height) = (width.clamp(1, MAX_SIDE), height.clamp(1, MAX_SIDE));
        self.data.resize(Self::samples(self.width, self.height));
    }

    /// How many samples such a picture has.
    pub(crate) fn samples(width: u32, height: u32) -> usize {
        let (wide, high) = (width as usize, height as usize);
        wide * high + 2 * (wide.div_ceil(2) * high.div_ceil(2))
    }

    fn luma_samples(&self) -> usize {
        self.width as usize * self.height as usize
    }

    /// Width and height of Y, U and V.
    pub(crate) fn sides(width: u32, height: u32) -> [(usize, usize); 3] {
        let (wide, high) = (width as usize, height as usize);
        let chroma = (wide.div_ceil(2), high.div_ceil(2));
        [(wide, high), chroma, chroma]
    }

    pub(crate) fn planes(&self) -> [Plane<'_>; 3] {
        let mut rest = self.data();
        Self::sides(self.width, self.height).map(|(width, height)| {
            let (samples, after) = rest.split_at(width * height);
            rest = after;
            Plane { samples, stride: width, width, height }
        })
    }

    pub(crate) fn planes_mut(&mut self) -> [&mut [u8]; 3] {
        let [(luma_width, luma_height), (width, height), _] = Self::sides(self.width, self.height);
        let (luma, chroma) = self.data.split_at_mut(luma_width * luma_height);
        let (u, v) = chroma.split_at_mut(width * height);
        [luma, u, v]
    }

    /// Copies the three planes here, turned; this picture gets the size that they have then.
    pub(crate) fn copy_from(&mut self, width: u32, height: u32, planes: &[Plane<'_>; 3], rotation: Rotation) {
        let (turned_width, turned_height) = rotation.turn(width, height);
        self.resize(turned_width, turned_height);
        for (plane, into) in planes.iter().zip(self.planes_mut()) {
            plane.copy_to(rotation, into);
        }
    }
}

/// A block of so many rows and columns is turned at a time, so that both sides of it stay in the cache.
const BLOCK: usize = 32;

impl Plane<'_> {
    fn row(&self, y: usize) -> &[u8] {
        &self.samples[y * self.stride..][..self.width]
    }

    /// Copies the plane to `into`, turned and without padding.
    fn copy_to(&self, rotation: Rotation, into: &mut [u8]) {
        match rotation {
            Rotation::None => {
                for (y, to) in into.chunks_exact_mut(self.width).enumerate() {
                    to.copy_from_slice(self.row(y));
                }
            }
            Rotation::By180 => {
                for (y, to) in into.chunks_exact_mut(self.width).enumerate() {
                    to.copy_from_slice(self.row(self.height - 1 - y));
                    to.reverse();
                }
            }
            Rotation::By90 => self.transpose(into, |to_y| to_y, |y| self.height - 1 - y),
            Rotation::By270 => self.transpose(into, |to_y| self.width - 1 - to_y, |y| y),
        }
    }

    /// Makes rows of columns: row `to_y` of the result is the column `column(to_y)`, and row `y` goes to `place(y)` in it.
    fn transpose(&self, into: &mut [u8], column: impl Fn(usize) -> usize, place: impl Fn(usize) -> usize) {
        let turned_width = self.height;
        for from_y in (0..self.height).step_by(BLOCK) {
            let until_y = (from_y + BLOCK).min(self.height);
            for (to_y, to) in into.chunks_exact_mut(turned_width).enumerate() {
                let x = column(to_y);
                for y in from_y..until_y {
                    to[place(y)] = self.samples[y * self.stride + x];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 3 x 2 with chroma 2 x 1.
    fn picture() -> I420 {
        I420::new(3, 2, &[1, 2, 3, 4, 5, 6, 11, 12, 21, 22]).expect("the right length")
    }

    fn turned(rotation: Rotation) -> I420 {
        let from = picture();
        let mut into = I420::blank(1, 1);
        into.copy_from(3, 2, &from.planes(), rotation);
        into
    }

    #[test]
    fn a_picture_is_turned_clockwise() {
        assert_eq!(turned(Rotation::None), picture());
        let by_90 = I420::new(2, 3, &[4, 1, 5, 2, 6, 3, 11, 12, 21, 22]);
        assert_eq!(turned(Rotation::By90), by_90.expect("the right length"));
        let by_180 = I420::new(3, 2, &[6, 5, 4, 3, 2, 1, 12, 11, 22, 21]);
        assert_eq!(turned(Rotation::By180), by_180.expect("the right length"));
        let by_270 = I420::new(2, 3, &[3, 6, 2, 5, 1, 4, 12, 11, 22, 21]);
        assert_eq!(turned(Rotation::By270), by_270.expect("the right length"));
    }

    #[test]
    fn a_wrong_length_is_told_with_both_numbers() {
        let error = I420::new(3, 2, &[0; 9]).expect_err("9 samples");
        assert_eq!(error, PixelError::Length { width: 3, height: 2, expected: 10, got: 9 });
        assert!(I420::new(0, 2, &[]).is_err());
        assert!(I420::new(MAX_SIDE + 1, 2, &[]).is_err());
    }

    #[test]
    fn the_orientation_of_a_header_extension_ignores_camera_and_mirror() {
        let rotations = [0, 1, 2, 3, 0b1101].map(Rotation::from_cvo);
        let expected = [Rotation::None, Rotation::By90, Rotation::By180, Rotation::By270, Rotation::By90];
        assert_eq!(rotations, expected);
    }
}
