//! VP8 to pictures.

use crate::error::CodecError;
use crate::frame::key_frame_size;
use crate::picture::{I420, Rotation};
use crate::vpx::{Decoder, Planes};

/// How a decoder is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecoderOptions {
    /// Threads of its own that share a picture's work; 1 (the default) is none beside the caller's.
    pub threads: u32,
    /// A key frame with more pixels than this is refused, for a hundred bytes can ask for a gigabyte. 4096 x 2304 unless
    /// said otherwise.
    pub max_pixels: u32,
}

impl Default for DecoderOptions {
    fn default() -> Self {
        Self { threads: 1, max_pixels: 4096 * 2304 }
    }
}

/// Decodes one stream of VP8 (RFC 6386), whose size may change with each key frame.
///
/// After a frame that it can't decode it refuses everything before the next key frame, so a picture is whole or isn't
/// there.
pub struct Vp8Decoder {
    decoder: Decoder,
    options: DecoderOptions,
    needs_key: bool,
}

/// A picture in the decoder's memory, until that is used again.
pub struct Picture<'a> {
    width: u32,
    height: u32,
    memory: Memory<'a>,
}

enum Memory<'a> {
    Vpx(Planes<'a>),
    #[cfg(feature = "h264")]
    H264(openh264::decoder::DecodedYUV<'a>),
}

impl Vp8Decoder {
    /// # Errors
    /// [`CodecError::Library`] when libvpx has no memory, or isn't the version that the crate was built with.
    pub fn new(options: DecoderOptions) -> Result<Self, CodecError> {
        Ok(Self { decoder: Decoder::new(options.threads.max(1))?, options, needs_key: true })
    }

    /// Decodes one frame. `None` when it is not to be shown.
    ///
    /// # Errors
    /// See [`CodecError`]; the next key frame mends it.
    pub fn decode(&mut self, frame: &[u8]) -> Result<Option<Picture<'_>>, CodecError> {
        self.check(frame)?;
        // Until it has succeeded.
        self.needs_key = true;
        let picture = self.decoder.decode(frame)?;
        self.needs_key = false;
        Ok(picture.map(Picture::of_vpx))
    }

    fn check(&self, frame: &[u8]) -> Result<(), CodecError> {
        if frame.len() < 3 {
            // libvpx takes an empty frame for a lost one, and shows the picture before it again.
            return Err(CodecError::Damaged("too short"));
        }
        match key_frame_size(frame) {
            Some(size) if size.width == 0 || size.height == 0 => {
                Err(CodecError::Damaged("a picture without pixels"))
            }
            Some(size) if size.width * size.height > self.options.max_pixels => {
                Err(CodecError::TooLarge(size.width, size.height))
            }
            None if frame[0] & 1 == 0 => Err(CodecError::Damaged("a key frame without a size")),
            None if self.needs_key => Err(CodecError::NeedsKeyFrame),
            _ => Ok(()),
        }
    }
}

impl<'a> Picture<'a> {
    fn of_vpx(planes: Planes<'a>) -> Self {
        Self { width: planes.width, height: planes.height, memory: Memory::Vpx(planes) }
    }

    /// `None` when a plane is shorter than the sides say.
    #[cfg(feature = "h264")]
    pub(crate) fn of_h264(decoded: openh264::decoder::DecodedYUV<'a>) -> Option<Self> {
        use openh264::formats::YUVSource;
        let (width, height) = decoded.dimensions();
        let (width, height) = (width as u32, height as u32);
        planes_of(&decoded, width, height)?;
        Some(Self { width, height, memory: Memory::H264(decoded) })
    }
}

#[cfg(feature = "h264")]
fn planes_of<'b>(
    decoded: &'b openh264::decoder::DecodedYUV<'_>,
    width: u32,
    height: u32,
) -> Option<[crate::picture::Plane<'b>; 3]> {
    use openh264::formats::YUVSource;
    let strides = decoded.strides();
    let parts = [(decoded.y(), strides.0), (decoded.u(), strides.1), (decoded.v(), strides.2)];
    let sides = I420::sides(width, height);
    let mut planes = [crate::picture::Plane { samples: &[], stride: 0, width: 0, height: 0 }; 3];
    for ((plane, (samples, stride)), (width, height)) in planes.iter_mut().zip(parts).zip(sides) {
        let is_there = width > 0 && height > 0 && stride >= width;
        if !is_there || samples.len() < stride * (height - 1) + width {
            return None;
        }
        *plane = crate::picture::Plane { samples, stride, width, height };
    }
    Some(planes)
}

impl Picture<'_> {
    /// In pixels, before any turn.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// In pixels, before any turn.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Copies the picture, turned, to one that gets its size.
    pub fn copy_to(&self, rotation: Rotation, into: &mut I420) {
        match &self.memory {
            Memory::Vpx(planes) => into.copy_from(self.width, self.height, &planes.planes, rotation),
            #[cfg(feature = "h264")]
            Memory::H264(decoded) => {
                if let Some(planes) = planes_of(decoded, self.width, self.height) {
                    into.copy_from(self.width, self.height, &planes, rotation);
                }
            }
        }
    }
}
