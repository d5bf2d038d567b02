//! Which codecs there are, and decoders and encoders of whichever it is.

use crate::decoder::{DecoderOptions, Picture, Vp8Decoder};
use crate::encoder::{EncoderOptions, Vp8Encoder};
use crate::error::CodecError;
use crate::frame::{EncodedFrame, KeyFrameSize, key_frame_size};
#[cfg(feature = "h264")]
use crate::h264::{H264Decoder, H264Encoder};
use crate::picture::I420;
use std::time::Duration;

/// How pictures are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Codec {
    /// RFC 6386; in RTP RFC 7741.
    #[default]
    Vp8,
    /// ITU-T H.264, constrained baseline profile; in RTP RFC 6184, packetization mode 1.
    H264,
}

impl Codec {
    /// What this build can decode and encode, the preferred first: H.264 only with the feature `h264`.
    pub const BUILT: &[Self] = if cfg!(feature = "h264") { &[Self::Vp8, Self::H264] } else { &[Self::Vp8] };

    /// What SDP calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vp8 => "VP8",
            Self::H264 => "H264",
        }
    }

    /// The size that a key frame tells of itself in a place that is known.
    #[must_use]
    pub fn key_frame_size(self, frame: &[u8]) -> Option<KeyFrameSize> {
        match self {
            Self::Vp8 => key_frame_size(frame),
            Self::H264 => None,
        }
    }
}

/// Decodes one stream; see [`Vp8Decoder`] for what every decoder keeps to.
pub struct VideoDecoder(AnyDecoder);

enum AnyDecoder {
    Vp8(Vp8Decoder),
    #[cfg(feature = "h264")]
    H264(H264Decoder),
}

impl VideoDecoder {
    /// # Errors
    /// [`CodecError::Library`] when the codec's library can't be set up, or isn't part of this build.
    pub fn new(codec: Codec, options: DecoderOptions) -> Result<Self, CodecError> {
        Ok(Self(match codec {
            Codec::Vp8 => AnyDecoder::Vp8(Vp8Decoder::new(options)?),
            #[cfg(feature = "h264")]
            Codec::H264 => AnyDecoder::H264(H264Decoder::new(options)?),
            #[cfg(not(feature = "h264"))]
            Codec::H264 => return Err(CodecError::NOT_BUILT),
        }))
    }

    /// Decodes one frame. `None` when it is not to be shown.
    ///
    /// # Errors
    /// See [`CodecError`]; the next key frame mends it.
    pub fn decode(&mut self, frame: &[u8]) -> Result<Option<Picture<'_>>, CodecError> {
        match &mut self.0 {
            AnyDecoder::Vp8(decoder) => decoder.decode(frame),
            #[cfg(feature = "h264")]
            AnyDecoder::H264(decoder) => decoder.decode(frame),
        }
    }
}

/// Encodes one stream; see [`Vp8Encoder`] for what every encoder keeps to.
pub struct VideoEncoder(AnyEncoder);

enum AnyEncoder {
    Vp8(Vp8Encoder),
    #[cfg(feature = "h264")]
    H264(Box<H264Encoder>),
}

impl VideoEncoder {
    /// An encoder that waits for its first picture. Options out of range are brought into it.
    ///
    /// # Errors
    /// [`CodecError::Library`] when the codec isn't part of this build.
    pub fn new(codec: Codec, options: EncoderOptions) -> Result<Self, CodecError> {
        Ok(Self(match codec {
            Codec::Vp8 => AnyEncoder::Vp8(Vp8Encoder::new(options)),
            #[cfg(feature = "h264")]
            Codec::H264 => AnyEncoder::H264(Box::new(H264Encoder::new(options))),
            #[cfg(not(feature = "h264"))]
            Codec::H264 => return Err(CodecError::NOT_BUILT),
        }))
    }

    /// What it makes.
    #[must_use]
    pub fn codec(&self) -> Codec {
        match &self.0 {
            AnyEncoder::Vp8(_) => Codec::Vp8,
            #[cfg(feature = "h264")]
            AnyEncoder::H264(_) => Codec::H264,
        }
    }

    /// Encodes a picture shown at `timestamp`, which should rise. With `force_key` it is a key frame. `None` when the rate
    /// control left the picture out to keep to the bitrate.
    ///
    /// # Errors
    /// [`CodecError::Library`]. The next picture begins anew.
    pub fn encode(
        &mut self,
        picture: &I420,
        timestamp: Duration,
        force_key: bool,
    ) -> Result<Option<EncodedFrame>, CodecError> {
        match &mut self.0 {
            AnyEncoder::Vp8(encoder) => encoder.encode(picture, timestamp, force_key),
            #[cfg(feature = "h264")]
            AnyEncoder::H264(encoder) => encoder.encode(picture, timestamp, force_key),
        }
    }

    /// Bits a second; counts from the next picture on.
    pub fn set_bitrate(&mut self, bits_per_second: u32) {
        match &mut self.0 {
            AnyEncoder::Vp8(encoder) => encoder.set_bitrate(bits_per_second),
            #[cfg(feature = "h264")]
            AnyEncoder::H264(encoder) => encoder.set_bitrate(bits_per_second),
        }
    }
}
