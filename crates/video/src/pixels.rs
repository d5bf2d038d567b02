//! Between pictures and the pixels that a program works with, straight from and into its own memory.

use crate::picture::{I420, MAX_SIDE};
use yuv::{
    BufferStoreMut, YuvConversionMode, YuvError, YuvPlanarImage, YuvPlanarImageMut, YuvRange,
    YuvStandardMatrix,
};

/// How pixels lie in memory: rows from top to bottom, without padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PixelFormat {
    /// Blue, green, red.
    #[default]
    Bgr24,
    /// Red, green, blue.
    Rgb24,
    /// Red, green, blue, opacity: 255 when received, ignored when sent.
    Rgba,
    /// All of Y, then U, then V, as in [`I420`].
    I420,
}

impl PixelFormat {
    /// How many samples a picture of that size has.
    #[must_use]
    pub fn samples(self, width: u32, height: u32) -> usize {
        match self.channels() {
            Some(channels) => width as usize * height as usize * channels,
            None => I420::samples(width, height),
        }
    }

    /// Samples of one pixel; `None` when they don't lie side by side.
    fn channels(self) -> Option<usize> {
        match self {
            Self::Bgr24 | Self::Rgb24 => Some(3),
            Self::Rgba => Some(4),
            Self::I420 => None,
        }
    }
}

/// Pixels to read, 0 to 255 in each type. What is above or below counts as the end of that range; fractions are rounded.
#[derive(Debug, Clone, Copy)]
pub enum Pixels<'a> {
    /// Bytes.
    U8(&'a [u8]),
    /// 16-bit numbers.
    U16(&'a [u16]),
    /// Floating-point numbers.
    F32(&'a [f32]),
}

/// Pixels to write, 0 to 255 in each type.
#[derive(Debug)]
pub enum PixelsMut<'a> {
    /// Bytes.
    U8(&'a mut [u8]),
    /// Floating-point numbers.
    F32(&'a mut [f32]),
}

/// Why pixels are no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelError {
    /// A side is not 1 to [`MAX_SIDE`].
    Size {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// There are more or fewer samples than such a picture has.
    Length {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// Samples of such a picture.
        expected: usize,
        /// Samples that there are.
        got: usize,
    },
}

impl PixelError {
    /// Checks that a picture of that size is possible and has `expected` samples.
    pub(crate) fn check(width: u32, height: u32, expected: usize, got: usize) -> Result<(), Self> {
        let sides = 1..=MAX_SIDE;
        if !sides.contains(&width) || !sides.contains(&height) {
            return Err(Self::Size { width, height });
        }
        if got != expected {
            return Err(Self::Length { width, height, expected, got });
        }
        Ok(())
    }
}

impl std::fmt::Display for PixelError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Size { width, height } => {
                write!(f, "a picture of {width} x {height} pixels: each side must be 1 to {MAX_SIDE}")
            }
            Self::Length { width, height, expected, got } => {
                write!(
                    f,
                    "a picture of {width} x {height} pixels has {expected} samples in this format, not {got}"
                )
            }
        }
    }
}

impl std::error::Error for PixelError {}

impl Pixels<'_> {
    fn len(&self) -> usize {
        match self {
            Self::U8(samples) => samples.len(),
            Self::U16(samples) => samples.len(),
            Self::F32(samples) => samples.len(),
        }
    }

    /// Copies so many samples from there on as bytes.
    fn copy_to(&self, from: usize, into: &mut [u8]) {
        match self {
            Self::U8(samples) => into.copy_from_slice(&samples[from..][..into.len()]),
            Self::U16(samples) => {
                for (to, sample) in into.iter_mut().zip(&samples[from..]) {
                    *to = (*sample).min(255) as u8;
                }
            }
            Self::F32(samples) => {
                for (to, sample) in into.iter_mut().zip(&samples[from..]) {
                    *to = round(*sample);
                }
            }
        }
    }
}

/// 0 to 255, by operations that a compiler can do on many samples at once: a conversion by `as` isn't among them, for it
/// has its own idea of what is out of range.
fn round(sample: f32) -> u8 {
    // 2^15: a float of this size counts in steps of 1/256, so its lowest byte is the fraction and the next one the number.
    const STEPS: f32 = 32_768.0;
    // What is not a number is not above 0.
    let at_least_0 = if sample > 0.0 { sample } else { 0.0 };
    let in_range = if at_least_0 < 255.0 { at_least_0 } else { 255.0 };
    ((in_range + 0.5 + STEPS).to_bits() >> 8) as u8
}

fn widen(from: &[u8], into: &mut [f32]) {
    for (to, sample) in into.iter_mut().zip(from) {
        *to = f32::from(*sample);
    }
}

/// So many rows are converted by way of bytes at a time: they stay in the cache. Even, for chroma has half of them.
const STRIP: usize = 16;

/// Writes a picture as pixels of that format.
///
/// # Errors
/// [`PixelError::Length`] when `into` has not as many samples as [`PixelFormat::samples`] says.
pub fn to_pixels(picture: &I420, format: PixelFormat, into: PixelsMut<'_>) -> Result<(), PixelError> {
    let (width, height) = (picture.width(), picture.height());
    let got = match &into {
        PixelsMut::U8(samples) => samples.len(),
        PixelsMut::F32(samples) => samples.len(),
    };
    PixelError::check(width, height, format.samples(width, height), got)?;
    match (into, format.channels()) {
        (PixelsMut::U8(into), None) => into.copy_from_slice(picture.data()),
        (PixelsMut::F32(into), None) => widen(picture.data(), into),
        (PixelsMut::U8(into), Some(channels)) => to_rows(picture, 0..height as usize, format, channels, into),
        (PixelsMut::F32(into), Some(channels)) => to_floats(picture, format, channels, into),
    }
    Ok(())
}

fn to_floats(picture: &I420, format: PixelFormat, channels: usize, into: &mut [f32]) {
    let (row, height) = (picture.width() as usize * channels, picture.height() as usize);
    let mut strip = vec![0; row * STRIP.min(height)];
    for (index, into) in into.chunks_mut(row * STRIP).enumerate() {
        let rows = into.len() / row;
        let bytes = &mut strip[..into.len()];
        to_rows(picture, index * STRIP..index * STRIP + rows, format, channels, bytes);
        widen(bytes, into);
    }
}

/// Converts those rows, of which the first is even.
fn to_rows(
    picture: &I420,
    rows: std::ops::Range<usize>,
    format: PixelFormat,
    channels: usize,
    into: &mut [u8],
) {
    let [y, u, v] = picture.planes();
    let part = YuvPlanarImage {
        y_plane: &y.samples[rows.start * y.stride..rows.end * y.stride],
        y_stride: y.stride as u32,
        u_plane: &u.samples[rows.start / 2 * u.stride..rows.end.div_ceil(2) * u.stride],
        u_stride: u.stride as u32,
        v_plane: &v.samples[rows.start / 2 * v.stride..rows.end.div_ceil(2) * v.stride],
        v_stride: v.stride as u32,
        width: picture.width(),
        height: rows.len() as u32,
    };
    let convert = match format {
        PixelFormat::Bgr24 => yuv::yuv420_to_bgr,
        PixelFormat::Rgb24 => yuv::yuv420_to_rgb,
        PixelFormat::Rgba | PixelFormat::I420 => yuv::yuv420_to_rgba,
    };
    let stride = picture.width() * channels as u32;
    let done = convert(&part, into, stride, YuvRange::Limited, YuvStandardMatrix::Bt601);
    done.expect("the lengths are those of the picture");
}

/// Makes a picture of pixels of that format; `into` gets their size.
///
/// # Errors
/// [`PixelError`] when a side is out of range, or there are not as many samples as [`PixelFormat::samples`] says.
pub fn from_pixels(
    format: PixelFormat,
    width: u32,
    height: u32,
    pixels: Pixels<'_>,
    into: &mut I420,
) -> Result<(), PixelError> {
    PixelError::check(width, height, format.samples(width, height), pixels.len())?;
    into.resize(width, height);
    match (pixels, format.channels()) {
        (pixels, None) => pixels.copy_to(0, into.data_mut()),
        (Pixels::U8(bytes), Some(channels)) => from_rows(into, 0..height as usize, format, channels, bytes),
        (pixels, Some(channels)) => from_wide(into, format, channels, &pixels),
    }
    Ok(())
}

fn from_wide(picture: &mut I420, format: PixelFormat, channels: usize, pixels: &Pixels<'_>) {
    let (row, height) = (picture.width() as usize * channels, picture.height() as usize);
    let mut strip = vec![0; row * STRIP.min(height)];
    for first in (0..height).step_by(STRIP) {
        let rows = first..(first + STRIP).min(height);
        let bytes = &mut strip[..rows.len() * row];
        pixels.copy_to(first * row, bytes);
        from_rows(picture, rows, format, channels, bytes);
    }
}

/// Converts to those rows, of which the first is even.
fn from_rows(
    picture: &mut I420,
    rows: std::ops::Range<usize>,
    format: PixelFormat,
    channels: usize,
    bytes: &[u8],
) {
    let width = picture.width();
    let (luma, chroma) = (width as usize, width.div_ceil(2) as usize);
    let [y, u, v] = picture.planes_mut();
    let half = rows.start / 2 * chroma..rows.end.div_ceil(2) * chroma;
    let mut part = YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(&mut y[rows.start * luma..rows.end * luma]),
        y_stride: luma as u32,
        u_plane: BufferStoreMut::Borrowed(&mut u[half.clone()]),
        u_stride: chroma as u32,
        v_plane: BufferStoreMut::Borrowed(&mut v[half]),
        v_stride: chroma as u32,
        width,
        height: rows.len() as u32,
    };
    type Convert = fn(
        &mut YuvPlanarImageMut<u8>,
        &[u8],
        u32,
        YuvRange,
        YuvStandardMatrix,
        YuvConversionMode,
    ) -> Result<(), YuvError>;
    let convert: Convert = match format {
        PixelFormat::Bgr24 => yuv::bgr_to_yuv420,
        PixelFormat::Rgb24 => yuv::rgb_to_yuv420,
        PixelFormat::Rgba | PixelFormat::I420 => yuv::rgba_to_yuv420,
    };
    let stride = width * channels as u32;
    let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt601);
    let done = convert(&mut part, bytes, stride, range, matrix, YuvConversionMode::Balanced);
    done.expect("the lengths are those of the picture");
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMATS: [PixelFormat; 4] =
        [PixelFormat::Bgr24, PixelFormat::Rgb24, PixelFormat::Rgba, PixelFormat::I420];
    /// Even, odd, one pixel, and more than one strip of rows.
    const SIZES: [(u32, u32); 6] = [(4, 2), (5, 3), (1, 1), (33, 35), (64, 48), (2, 17)];

    fn gradient(width: u32, height: u32) -> I420 {
        let [luma, chroma, _] = I420::sides(width, height);
        let plane = |(wide, high): (usize, usize), low: usize, span: usize| {
            (0..wide * high).map(move |n| (low + span * (n % wide + n / wide) / (wide + high)) as u8)
        };
        let data = plane(luma, 40, 150).chain(plane(chroma, 110, 30)).chain(plane(chroma, 120, 20));
        I420::new(width, height, &data.collect::<Vec<_>>()).expect("the right length")
    }

    fn bytes_of(picture: &I420, format: PixelFormat) -> Vec<u8> {
        let mut pixels = vec![0; format.samples(picture.width(), picture.height())];
        to_pixels(picture, format, PixelsMut::U8(&mut pixels)).expect("the right length");
        pixels
    }

    fn largest_difference(a: &[u8], b: &[u8]) -> u8 {
        assert_eq!(a.len(), b.len());
        a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
    }

    #[test]
    fn pure_colours_have_the_values_of_bt_601() {
        // Y, Cb and Cr of ITU-R BT.601 in limited range, by hand: 16 + 65.481 r + 128.553 g + 24.966 b, and so on.
        for ([r, g, b], yuv) in [
            ([255, 0, 0], [81, 90, 240]),
            ([0, 255, 0], [145, 54, 34]),
            ([0, 0, 255], [41, 240, 110]),
            ([255; 3], [235, 128, 128]),
        ] {
            let mut picture = I420::blank(1, 1);
            for (format, pixels) in [
                (PixelFormat::Rgb24, vec![r, g, b]),
                (PixelFormat::Bgr24, vec![b, g, r]),
                (PixelFormat::Rgba, vec![r, g, b, 7]),
            ] {
                let pixels: Vec<u8> = pixels.repeat(4);
                from_pixels(format, 2, 2, Pixels::U8(&pixels), &mut picture).expect("the right length");
                let found = [picture.data()[0], picture.data()[4], picture.data()[5]];
                assert!(largest_difference(&found, &yuv) <= 1, "{format:?}: {found:?} for {yuv:?}");
                let mut back = bytes_of(&picture, format);
                if format == PixelFormat::Rgba {
                    assert_eq!(back[3], 255, "opaque");
                    back.iter_mut().skip(3).step_by(4).for_each(|alpha| *alpha = 7);
                }
                assert!(largest_difference(&back, &pixels) <= 3, "{format:?}: {back:?} for {pixels:?}");
            }
        }
    }

    #[test]
    fn a_picture_survives_the_way_there_and_back_in_every_format_and_size() {
        for (width, height) in SIZES {
            let picture = gradient(width, height);
            for format in FORMATS {
                let mut back = I420::blank(1, 1);
                let pixels = bytes_of(&picture, format);
                from_pixels(format, width, height, Pixels::U8(&pixels), &mut back).expect("the right length");
                let most = if format == PixelFormat::I420 { 0 } else { 10 };
                let difference = largest_difference(picture.data(), back.data());
                assert!(difference <= most, "{width} x {height} {format:?}: {difference}");
            }
        }
    }

    #[test]
    fn every_type_has_the_same_pixels() {
        for (width, height) in SIZES {
            let picture = gradient(width, height);
            for format in FORMATS {
                let bytes = bytes_of(&picture, format);
                let mut floats = vec![0.0; bytes.len()];
                to_pixels(&picture, format, PixelsMut::F32(&mut floats)).expect("the right length");
                assert_eq!(floats, bytes.iter().copied().map(f32::from).collect::<Vec<_>>());
                let shorts: Vec<u16> = bytes.iter().copied().map(u16::from).collect();
                let mut pictures = [I420::blank(1, 1), I420::blank(1, 1), I420::blank(1, 1)];
                let given = [Pixels::U8(&bytes), Pixels::U16(&shorts), Pixels::F32(&floats)];
                for (into, pixels) in pictures.iter_mut().zip(given) {
                    from_pixels(format, width, height, pixels, into).expect("the right length");
                }
                assert!(
                    pictures[0] == pictures[1] && pictures[1] == pictures[2],
                    "{width} x {height} {format:?}"
                );
            }
        }
    }

    #[test]
    fn numbers_out_of_range_count_as_its_ends() {
        let mut picture = I420::blank(1, 1);
        let mut bytes = |pixels: Pixels<'_>| {
            from_pixels(PixelFormat::I420, 2, 2, pixels, &mut picture).expect("the right length");
            picture.data().to_vec()
        };
        let floats = [-1.0, 0.4, 0.5, 254.6, 300.0, f32::NAN];
        assert_eq!(bytes(Pixels::F32(&floats)), [0, 0, 1, 255, 255, 0]);
        assert_eq!(bytes(Pixels::U16(&[0, 1, 254, 255, 256, u16::MAX])), [0, 1, 254, 255, 255, 255]);
    }

    #[test]
    fn a_wrong_length_is_an_error_that_says_both_numbers() {
        let error = from_pixels(PixelFormat::Bgr24, 4, 2, Pixels::U8(&[0; 25]), &mut I420::blank(1, 1));
        let text = error.expect_err("a sample too many").to_string();
        assert_eq!(text, "a picture of 4 x 2 pixels has 24 samples in this format, not 25");
        let into = PixelsMut::F32(&mut [0.0; 23]);
        assert!(to_pixels(&I420::blank(4, 2), PixelFormat::Bgr24, into).is_err());
        let none = from_pixels(PixelFormat::Rgba, 0, 4, Pixels::U8(&[]), &mut I420::blank(1, 1));
        assert_eq!(none, Err(PixelError::Size { width: 0, height: 4 }));
    }
}
