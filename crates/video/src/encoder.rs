//! Pictures to VP8.

use crate::codec::Codec;
use crate::error::CodecError;
use crate::frame::EncodedFrame;
use crate::picture::{I420, Rotation};
use crate::vpx::{Encoder, Settings};
use bytes::Bytes;
use std::time::Duration;

/// RTP's clock for video (RFC 7741, section 4.1).
const CLOCK: u64 = 90_000;
/// A key frame is at most so much larger than an average frame, in percent: at 500 kbit/s it takes a seventh of a second.
const MAX_KEY_PERCENT: u32 = 450;
/// libvpx counts in thousands of bits a second, and refuses 0.
const MIN_KBITS: u32 = 10;
const MAX_KBITS: u32 = 100_000;

/// How an encoder is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EncoderOptions {
    /// Bits a second, 10,000 to 100,000,000.
    pub bitrate: u32,
    /// Pictures a second that are to be expected, 1 to 120.
    pub framerate: f32,
    /// Threads for a picture of at least 1280 x 720; smaller ones take one. 1 or more.
    pub threads: u32,
}

impl Default for EncoderOptions {
    fn default() -> Self {
        Self { bitrate: 500_000, framerate: 30.0, threads: 1 }
    }
}

/// Encodes one stream of VP8 (RFC 6386) in real time: constant bitrate, no look-ahead, key frames on request only.
///
/// It takes the size of the first picture; another size begins anew with a key frame.
pub struct Vp8Encoder {
    options: EncoderOptions,
    current: Option<Current>,
    last_pts: i64,
}

struct Current {
    encoder: Encoder,
    width: u32,
    height: u32,
    kbits: u32,
}

impl Vp8Encoder {
    /// An encoder that waits for its first picture. Options out of range are brought into it.
    #[must_use]
    pub fn new(options: EncoderOptions) -> Self {
        Self { options, current: None, last_pts: -1 }
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
        let mut current = match self.current.take() {
            Some(current) if (current.width, current.height) == (picture.width(), picture.height()) => {
                current
            }
            _ => self.begin(picture)?,
        };
        let kbits = self.kbits();
        if kbits != current.kbits {
            current.encoder.set_bitrate(kbits)?;
            current.kbits = kbits;
        }
        let times = (self.pts(timestamp), self.duration());
        let encoded = current.encoder.encode(picture, times, force_key)?;
        let frame = encoded.map(|(data, is_key)| EncodedFrame {
            codec: Codec::Vp8,
            data: Bytes::copy_from_slice(data),
            is_key,
            timestamp,
            rotation: Rotation::None,
        });
        self.current = Some(current);
        Ok(frame)
    }

    /// Counts from the next picture on.
    pub fn set_bitrate(&mut self, bits_per_second: u32) {
        self.options.bitrate = bits_per_second;
    }

    /// Counts from the next picture on.
    pub fn set_framerate(&mut self, pictures_per_second: f32) {
        self.options.framerate = pictures_per_second;
    }

    fn begin(&self, picture: &I420) -> Result<Current, CodecError> {
        let (width, height, kbits) = (picture.width(), picture.height(), self.kbits());
        let threads = if width * height < 1280 * 720 { 1 } else { self.options.threads.clamp(1, 8) };
        let token_partitions = threads.ilog2().min(3);
        let max_key_percent = MAX_KEY_PERCENT;
        let settings = Settings { width, height, kbits, threads, token_partitions, max_key_percent };
        Ok(Current { encoder: Encoder::new(&settings)?, width, height, kbits })
    }

    fn kbits(&self) -> u32 {
        (self.options.bitrate / 1000).clamp(MIN_KBITS, MAX_KBITS)
    }

    /// libvpx refuses a time that doesn't rise.
    fn pts(&mut self, timestamp: Duration) -> i64 {
        let ticks = timestamp.as_nanos() * u128::from(CLOCK) / 1_000_000_000;
        self.last_pts = i64::try_from(ticks).unwrap_or(i64::MAX).max(self.last_pts.saturating_add(1));
        self.last_pts
    }

    fn duration(&self) -> u32 {
        (CLOCK as f32 / self.options.framerate.clamp(1.0, 120.0)) as u32
    }
}
