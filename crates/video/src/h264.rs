//! H.264 by OpenH264 (BSD-2-Clause, compiled from its source). Only with the feature `h264`: who hands on a program with
//! it needs a licence for the patents.

use crate::codec::Codec;
use crate::decoder::{DecoderOptions, Picture};
use crate::encoder::EncoderOptions;
use crate::error::CodecError;
use crate::frame::EncodedFrame;
use crate::h264_frame::H264Frame;
use crate::picture::{I420, Rotation};
use openh264::decoder::{Decoder, DecoderConfig, Flush};
use openh264::encoder::{
    BitRate, Complexity, Encoder, EncoderConfig, FrameRate, FrameType, Profile, RateControlMode,
};
use openh264::formats::YUVSource;
use openh264::{OpenH264API, Timestamp};
use openh264_sys2::{
    ENCODER_OPTION, ENCODER_OPTION_BITRATE, ENCODER_OPTION_MAX_BITRATE, LAYER_NUM, SBitrateInfo,
    SPATIAL_LAYER_0, SPATIAL_LAYER_ALL,
};
use std::time::Duration;

fn failed(why: &'static str) -> CodecError {
    CodecError::Library("OpenH264", why)
}

/// Decodes one stream of H.264, whose size may change with each key frame. OpenH264 conceals nothing here, and
/// sees nothing of a frame but what [`H264Frame`] leaves of it.
pub(crate) struct H264Decoder {
    decoder: Decoder,
    options: DecoderOptions,
    needs_key: bool,
}

impl H264Decoder {
    pub(crate) fn new(options: DecoderOptions) -> Result<Self, CodecError> {
        Ok(Self { decoder: library()?, options, needs_key: true })
    }

    pub(crate) fn decode(&mut self, frame: &[u8]) -> Result<Option<Picture<'_>>, CodecError> {
        // Until it has succeeded.
        let needs_key = std::mem::replace(&mut self.needs_key, true);
        let frame = H264Frame::check(frame, self.options.max_pixels)?;
        if needs_key {
            if !frame.is_key {
                return Err(CodecError::NeedsKeyFrame);
            }
            // Nothing of what failed stays behind.
            self.decoder = library()?;
        }
        let decoded = self.decoder.decode(&frame.data);
        let decoded = decoded.map_err(|_| CodecError::Damaged("OpenH264 refused it"))?;
        let picture = decoded.ok_or(CodecError::Damaged("there is no whole picture in it"))?;
        self.needs_key = false;
        Picture::of_h264(picture).map(Some).ok_or_else(|| failed("a plane is too short"))
    }
}

fn library() -> Result<Decoder, CodecError> {
    let config = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
    Decoder::with_api_config(OpenH264API::from_source(), config).map_err(|_| failed("there is no decoder"))
}

/// Encodes one stream of H.264 in real time: constrained baseline profile, key frames on request only.
///
/// It takes the size of the first picture; another size begins anew with a key frame. Sides are even, 16 at least.
pub(crate) struct H264Encoder {
    options: EncoderOptions,
    current: Option<Current>,
}

struct Current {
    encoder: Encoder,
    sides: (u32, u32),
    bitrate: u32,
}

impl H264Encoder {
    pub(crate) fn new(options: EncoderOptions) -> Self {
        Self { options, current: None }
    }

    pub(crate) fn set_bitrate(&mut self, bits_per_second: u32) {
        self.options.bitrate = bits_per_second;
    }

    pub(crate) fn encode(
        &mut self,
        picture: &I420,
        timestamp: Duration,
        force_key: bool,
    ) -> Result<Option<EncodedFrame>, CodecError> {
        let sides = (picture.width(), picture.height());
        let mut current = match self.current.take() {
            Some(current) if current.sides == sides => current,
            _ => self.begin(sides)?,
        };
        current.follow(self.bitrate())?;
        if force_key {
            current.encoder.force_intra_frame();
        }
        let at = Timestamp::from_millis(u64::try_from(timestamp.as_millis()).unwrap_or(u64::MAX >> 1));
        let encoded = current.encoder.encode_at(&Source(picture), at);
        let encoded = encoded.map_err(|_| failed("a picture could not be encoded"))?;
        let frame = match encoded.frame_type() {
            FrameType::Skip | FrameType::Invalid => None,
            kind => Some(EncodedFrame {
                codec: Codec::H264,
                data: encoded.to_vec().into(),
                is_key: kind == FrameType::IDR,
                timestamp,
                rotation: Rotation::None,
            }),
        };
        self.current = Some(current);
        Ok(frame.filter(|frame| !frame.data.is_empty()))
    }

    fn begin(&self, sides: (u32, u32)) -> Result<Current, CodecError> {
        if sides.0 % 2 + sides.1 % 2 > 0 || sides.0.min(sides.1) < 16 {
            return Err(failed("a picture's sides must be even, and 16 or more"));
        }
        let bitrate = self.bitrate();
        let config = EncoderConfig::new()
            .bitrate(BitRate::from_bps(bitrate))
            .max_frame_rate(FrameRate::from_hz(self.options.framerate.clamp(1.0, 60.0)))
            .rate_control_mode(RateControlMode::Bitrate)
            .profile(Profile::Baseline)
            .complexity(Complexity::Low)
            .scene_change_detect(false);
        let encoder = Encoder::with_api_config(OpenH264API::from_source(), config);
        let encoder = encoder.map_err(|_| failed("there is no encoder"))?;
        Ok(Current { encoder, sides, bitrate })
    }

    fn bitrate(&self) -> u32 {
        self.options.bitrate.clamp(10_000, 100_000_000)
    }
}

impl Current {
    fn follow(&mut self, bitrate: u32) -> Result<(), CodecError> {
        if bitrate == self.bitrate {
            return Ok(());
        }
        let target = (ENCODER_OPTION_BITRATE, SPATIAL_LAYER_ALL, bitrate);
        // OpenH264 refuses a bitrate above its most, as it would be between the two; the rest is for its rounding.
        let most = (ENCODER_OPTION_MAX_BITRATE, SPATIAL_LAYER_0, bitrate + bitrate / 16);
        let steps = if bitrate > self.bitrate { [most, target] } else { [target, most] };
        self.bitrate = bitrate;
        steps.into_iter().try_for_each(|step| self.tell(step))
    }

    fn tell(&mut self, (option, layer, bitrate): (ENCODER_OPTION, LAYER_NUM, u32)) -> Result<(), CodecError> {
        let mut told = SBitrateInfo { iLayer: layer, iBitrate: bitrate.cast_signed() };
        // SAFETY: the encoder is alive and has encoded a picture, and the option is read from a structure of its type.
        let code = unsafe { self.encoder.raw_api().set_option(option, (&raw mut told).cast()) };
        if code == 0 { Ok(()) } else { Err(failed("the bitrate could not be set")) }
    }
}

/// A picture as OpenH264 reads it.
struct Source<'a>(&'a I420);

impl YUVSource for Source<'_> {
    fn dimensions(&self) -> (usize, usize) {
        (self.0.width() as usize, self.0.height() as usize)
    }

    fn strides(&self) -> (usize, usize, usize) {
        let [y, u, v] = self.0.planes();
        (y.stride, u.stride, v.stride)
    }

    fn y(&self) -> &[u8] {
        self.0.planes()[0].samples
    }

    fn u(&self) -> &[u8] {
        self.0.planes()[1].samples
    }

    fn v(&self) -> &[u8] {
        self.0.planes()[2].samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::tests::{Set, VGA};
    use crate::units::{PARAMETERS, START_CODE, kind, units};

    fn key_frame() -> EncodedFrame {
        let mut encoder = H264Encoder::new(EncoderOptions::default());
        encoder.encode(&I420::blank(640, 480), Duration::ZERO, true).expect("encoded").expect("not left out")
    }

    /// The frame with other parameters.
    fn behind(set: Set, frame: &[u8]) -> Vec<u8> {
        let parameters = [&[0x67][..], &set.body()].concat();
        let changed = units(frame).map(|unit| if kind(unit[0]) == PARAMETERS { &parameters } else { unit });
        changed.flat_map(|unit| [&START_CODE[..], unit].concat()).collect()
    }

    fn size_of(decoder: &mut H264Decoder, frame: &[u8]) -> Result<(u32, u32), CodecError> {
        let picture = decoder.decode(frame)?.expect("shown");
        let mut copy = I420::blank(1, 1);
        picture.copy_to(Rotation::None, &mut copy);
        Ok((copy.width(), copy.height()))
    }

    #[test]
    fn nothing_outside_of_a_picture_is_shown() {
        let frame = key_frame().data;
        let mut decoder = H264Decoder::new(DecoderOptions::default()).expect("it is built");
        let mut shown = |cut| size_of(&mut decoder, &behind(Set { cut: Some(cut), ..VGA }, &frame));
        assert_eq!(shown([4, 6, 0, 5]), Ok((620, 470)));
        // OpenH264 adds two of these in 32 bits, and takes pictures of which nothing is left.
        let ends = [0, 1, 120, 160, 319, (1 << 30) + 5, (1 << 31) - 6, (1 << 31) + 5, 3 << 30, u32::MAX - 1];
        for (first, last) in ends.iter().flat_map(|first| ends.map(|last| (*first, last))) {
            let sum = u64::from(first) + u64::from(last);
            let (width, height) = (640 - 2 * sum.min(320) as u32, 480 - 2 * sum.min(240) as u32);
            assert_eq!(
                shown([first, last, 0, 0]).ok(),
                (width > 0).then_some((width, 480)),
                "{first}, {last}"
            );
            assert_eq!(
                shown([0, 0, first, last]).ok(),
                (height > 0).then_some((640, height)),
                "{first}, {last}"
            );
        }
        assert_eq!(size_of(&mut decoder, &frame), Ok((640, 480)));
    }

    #[test]
    fn a_picture_that_the_parameters_are_not_of_is_refused_and_the_next_key_frame_mends_it() {
        let frame = key_frame().data;
        let mut decoder = H264Decoder::new(DecoderOptions::default()).expect("it is built");
        for sides in [[40, 31], [41, 30], [256, 144], [543, 67], [544, 1], [65_535, 65_535]] {
            for kept in [0, 1, 5, 16] {
                let changed = behind(Set { sides, kept, ..VGA }, &frame);
                assert!(size_of(&mut decoder, &changed).is_err(), "{sides:?}, {kept}");
            }
        }
        assert_eq!(size_of(&mut decoder, &frame), Ok((640, 480)));
    }
}
