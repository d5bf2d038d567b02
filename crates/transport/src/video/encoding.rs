//! One session's video to send: the picture that waits, and the encoder.

use super::clock::EmitClock;
use super::framerate_limit::FramerateLimit;
use super::pictures::Spare;
use super::pool::{lock, threads};
use crate::sync::Mutex;
use parley_session::VideoOptions;
use parley_video::{
    Codec, CodecError, EncodedFrame, EncoderOptions, I420, PixelError, PixelFormat, Pixels, VideoEncoder,
    from_pixels,
};
use std::time::Duration;

/// What is sent before the session has said how much the network takes.
const FIRST_BITRATE: u32 = 500_000;

/// A picture as a handler emits it.
#[derive(Debug, Clone, Copy)]
pub struct EmittedPicture<'a> {
    /// How its pixels lie.
    pub format: PixelFormat,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// [`PixelFormat::samples`] of them.
    pub pixels: Pixels<'a>,
    /// When it is to be shown. Only the distance to that of the picture before counts, and only when it is later; else it
    /// is shown at once.
    pub timestamp: Option<Duration>,
}

/// Counters of video to send, beyond the network's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EncodeStats {
    /// Pictures encoded.
    pub encoded: u64,
    /// Key frames among them.
    pub key_frames: u64,
    /// Pictures that the encoder failed with.
    pub failed: u64,
    /// Pictures left out to keep to the bitrate or to the frame rate, or because the peer takes none.
    pub dropped: u64,
    /// Pictures refused because the encoder was behind.
    pub refused: u64,
    /// Size of the last picture; 0 before the first.
    pub width: u32,
    /// See [`width`](Self::width).
    pub height: u32,
}

pub(crate) struct Encoding {
    desk: Mutex<Desk>,
    /// Held by the thread whose turn it is.
    encoder: Mutex<Option<VideoEncoder>>,
    framerate: f32,
    /// The next picture's encoding is to panic.
    #[cfg(any(test, feature = "fault-injection"))]
    pub(crate) fault: std::sync::atomic::AtomicBool,
}

struct Desk {
    waiting: Option<(I420, Duration)>,
    spare: Spare,
    clock: EmitClock,
    limit: FramerateLimit,
    codec: Codec,
    bitrate: u32,
    wants_key_frame: bool,
    wants_room: bool,
    is_scheduled: bool,
    is_closed: bool,
    /// The session is to be drained, and closed then if so, when all pictures are encoded.
    drain: Option<bool>,
    stats: EncodeStats,
}

/// What became of a picture.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// The encoder is behind.
    Refused,
    /// It is seen to.
    Taken,
    /// And the session's encoding is to be scheduled.
    Schedule,
}

/// What follows a turn of encoding.
#[derive(Debug, PartialEq, Eq, Default)]
pub(crate) struct Next {
    /// There is another picture to encode.
    pub(crate) more: bool,
    /// The session can be drained, as it was asked to, and closed then if so.
    pub(crate) drain: Option<bool>,
}

impl Encoding {
    pub(crate) fn new(options: VideoOptions) -> Self {
        let desk = Desk {
            waiting: None,
            spare: Spare::default(),
            clock: EmitClock::default(),
            limit: FramerateLimit::new(options.max_framerate),
            codec: Codec::default(),
            bitrate: options.max_bitrate.min(FIRST_BITRATE),
            wants_key_frame: false,
            wants_room: false,
            is_scheduled: false,
            is_closed: false,
            drain: None,
            stats: EncodeStats::default(),
        };
        Self {
            desk: Mutex::new(desk),
            encoder: Mutex::new(None),
            framerate: options.framerate,
            #[cfg(any(test, feature = "fault-injection"))]
            fault: false.into(),
        }
    }

    /// Takes a picture that is emitted at `now`, unless another waits.
    pub(crate) fn give(&self, now: Duration, picture: &EmittedPicture<'_>) -> Result<Given, PixelError> {
        let mut upright = {
            let mut desk = lock(&self.desk);
            if !desk.limit.allows(now) {
                desk.stats.dropped += 1;
                return Ok(Given::Taken);
            }
            if desk.waiting.is_some() {
                desk.wants_room = true;
                desk.stats.refused += 1;
                return Ok(Given::Refused);
            }
            desk.spare.take()
        };
        // The encoder may go on meanwhile.
        let EmittedPicture { format, width, height, pixels, timestamp } = *picture;
        from_pixels(format, width, height, pixels, &mut upright)?;
        let mut desk = lock(&self.desk);
        if desk.bitrate == 0 || desk.is_closed {
            desk.stats.dropped += 1;
            desk.spare.give(upright);
            return Ok(Given::Taken);
        }
        desk.limit.passed(now);
        let at = desk.clock.stamp(now, timestamp);
        (desk.stats.width, desk.stats.height) = (width, height);
        if let Some((older, _)) = desk.waiting.replace((upright, at)) {
            desk.stats.dropped += 1;
            desk.spare.give(older);
        }
        let is_scheduled = std::mem::replace(&mut desk.is_scheduled, true);
        Ok(if is_scheduled { Given::Taken } else { Given::Schedule })
    }

    /// Takes the picture that waits. The first of the result says whether somebody wished for the room that it leaves.
    pub(crate) fn begin_turn(&self) -> (bool, Option<(I420, Duration)>) {
        let mut desk = lock(&self.desk);
        let picture = desk.waiting.take();
        desk.is_scheduled = picture.is_some();
        (picture.is_some() && std::mem::take(&mut desk.wants_room), picture)
    }

    /// Encodes the picture that the turn began with.
    pub(crate) fn encode(&self, (picture, at): (I420, Duration)) -> Option<EncodedFrame> {
        let (codec, bitrate, wants_key_frame) = {
            let mut desk = lock(&self.desk);
            (desk.codec, desk.bitrate, std::mem::take(&mut desk.wants_key_frame))
        };
        let encoded = self.encode_as(codec, bitrate, (&picture, at, wants_key_frame));
        let mut desk = lock(&self.desk);
        desk.spare.give(picture);
        let frame = match encoded {
            Ok(frame) => frame,
            Err(error) => {
                log::warn!("a picture could not be encoded: {error}");
                desk.stats.failed += 1;
                None
            }
        };
        desk.count(frame.as_ref());
        // A key frame that was left out is still wanted.
        desk.wants_key_frame |= wants_key_frame && frame.is_none();
        frame
    }

    /// Ends the turn, when what was encoded is handed over.
    pub(crate) fn end_turn(&self) -> Next {
        let mut desk = lock(&self.desk);
        desk.is_scheduled = desk.waiting.is_some();
        let drain = if desk.is_scheduled { None } else { desk.drain.take() };
        let next = Next { more: desk.is_scheduled, drain };
        if desk.is_closed {
            drop(desk);
            self.let_go();
        }
        next
    }

    /// Whether all pictures are encoded and handed over; else a later turn says that the session can be drained.
    pub(crate) fn drain(&self, close: bool) -> bool {
        let mut desk = lock(&self.desk);
        desk.drain = desk.is_scheduled.then_some(close);
        !desk.is_scheduled
    }

    fn encode_as(
        &self,
        codec: Codec,
        bitrate: u32,
        (picture, at, force_key): (&I420, Duration, bool),
    ) -> Result<Option<EncodedFrame>, CodecError> {
        let mut current = lock(&self.encoder);
        #[cfg(any(test, feature = "fault-injection"))]
        assert!(!self.fault.swap(false, std::sync::atomic::Ordering::SeqCst), "injected");
        let mut encoder = match current.take().filter(|encoder| encoder.codec() == codec) {
            Some(encoder) => encoder,
            None => {
                let options =
                    EncoderOptions { bitrate, framerate: self.framerate, threads: threads() as u32 };
                VideoEncoder::new(codec, options)?
            }
        };
        encoder.set_bitrate(bitrate);
        let encoded = encoder.encode(picture, at, force_key);
        *current = Some(encoder);
        encoded
    }

    pub(crate) fn set_codec(&self, codec: Codec) {
        lock(&self.desk).codec = codec;
    }

    pub(crate) fn want_key_frame(&self) {
        lock(&self.desk).wants_key_frame = true;
    }

    /// Bits a second; 0 when the peer takes none.
    pub(crate) fn set_bitrate(&self, bitrate: u32) {
        lock(&self.desk).bitrate = bitrate;
    }

    pub(crate) fn stats(&self) -> EncodeStats {
        lock(&self.desk).stats
    }

    /// The session has ended.
    pub(crate) fn close(&self) {
        {
            let mut desk = lock(&self.desk);
            desk.is_closed = true;
            desk.waiting = None;
            desk.spare.clear();
        }
        self.let_go();
    }

    /// Frees the encoder, unless a thread has it, which does so itself then.
    fn let_go(&self) {
        if let Ok(mut encoder) = self.encoder.try_lock() {
            *encoder = None;
        }
    }
}

impl Desk {
    fn count(&mut self, frame: Option<&EncodedFrame>) {
        match frame {
            Some(frame) => {
                self.stats.encoded += 1;
                self.stats.key_frames += u64::from(frame.is_key);
            }
            None => self.stats.dropped += 1,
        }
    }
}
