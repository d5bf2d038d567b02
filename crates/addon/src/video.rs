//! Pictures across the boundary: converted here, straight into and from the handler's arrays.

use crate::errors::{Code, Result};
use crate::session::{NativeSession, count};
use napi::bindgen_prelude::{Float32ArraySlice, Uint8ArraySlice, Uint16ArraySlice};
use napi_derive::napi;
use parley_transport::{
    EmittedPicture, PixelFormat, Pixels, PixelsMut, Snapshot, VideoOptions, VideoQueue, VideoWriteError,
};
use std::time::Duration;

/// How pictures are received and sent.
#[napi(object)]
pub struct VideoSettings {
    /// Whether the peer's pictures are received.
    pub receives: bool,
    /// Whether pictures are sent to the peer.
    pub sends: bool,
    /// Received pictures that may wait for the handler, 1 to 300; beyond them the oldest is skipped.
    pub queue_frames: u32,
    /// Whether only the newest picture waits.
    pub newest_only: bool,
    /// The most that the encoder aims at, bit/s.
    pub max_bitrate: u32,
    /// The most pictures a second that are sent.
    pub max_framerate: f64,
}

/// Most pictures that may wait.
const MAX_QUEUE: u32 = 300;

impl VideoSettings {
    /// What is kept of received pictures.
    pub fn queue(&self) -> VideoQueue {
        VideoQueue { frames: self.queue_frames as usize, newest_only: self.newest_only }
    }
}

impl TryFrom<VideoSettings> for VideoOptions {
    type Error = napi::Error<Code>;

    fn try_from(settings: VideoSettings) -> Result<Self> {
        let VideoSettings { queue_frames, max_framerate, .. } = settings;
        if !(1..=MAX_QUEUE).contains(&queue_frames) {
            let message = format!("queueFrames is {queue_frames}; it must be 1 to {MAX_QUEUE}");
            return Err(Code::INVALID_ARGUMENT.error(message));
        }
        if !(max_framerate.is_finite() && max_framerate > 0.0) {
            let message = format!("maxFramerate is {max_framerate}; it must be a positive number");
            return Err(Code::INVALID_ARGUMENT.error(message));
        }
        Ok(Self {
            receive: settings.receives,
            send: settings.sends,
            max_bitrate: settings.max_bitrate,
            max_framerate: max_framerate as f32,
        })
    }
}

/// A picture that is being read.
#[napi(object)]
pub struct NativePicture {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Seconds of the stream.
    pub timestamp: f64,
}

/// How emitted pixels lie.
#[napi(object)]
pub struct PictureLayout {
    /// 'bgr24', 'rgb24', 'rgba' or 'i420'.
    pub format: String,
    /// In pixels, even.
    pub width: u32,
    /// In pixels, even.
    pub height: u32,
    /// Seconds of the stream; only the distance to that of the picture before counts.
    pub timestamp: Option<f64>,
}

/// Counters of a session's video.
#[napi(object)]
pub struct NativeVideoStats {
    pub packets_in: i64,
    pub bytes_in: i64,
    pub packets_out: i64,
    pub bytes_out: i64,
    /// Whole pictures received.
    pub frames_in: i64,
    /// Pictures sent.
    pub frames_out: i64,
    pub key_frames_in: i64,
    pub key_frames_out: i64,
    /// Pictures decoded.
    pub frames_decoded: i64,
    /// Pictures that could not be decoded.
    pub decode_errors: i64,
    /// Received pictures that were incomplete, made from such, or came while the decoder was behind.
    pub frames_dropped_in: i64,
    /// Emitted pictures left out to keep to the bitrate or the frame rate, or because the peer takes none.
    pub frames_dropped_out: i64,
    /// Decoded pictures that the handler did not get.
    pub skipped: i64,
    /// Key frames that the peer asked for.
    pub pli_in: i64,
    /// The same by full intra requests.
    pub fir_in: i64,
    /// Key frames that the peer was asked for.
    pub pli_out: i64,
    /// Packets that the peer asked for again.
    pub nacks_in: i64,
    /// Packets that the peer was asked for again.
    pub nacks_out: i64,
    /// Packets that came again…
    pub retransmitted_in: i64,
    /// …and were sent again.
    pub retransmitted_out: i64,
    /// Packets that never came.
    pub lost: i64,
    /// What the encoder aims at, bit/s.
    pub bitrate: u32,
    /// Size of the last picture received, 0 before the first.
    pub width_in: u32,
    pub height_in: u32,
    /// Size of the last picture emitted, 0 before the first.
    pub width_out: u32,
    pub height_out: u32,
    /// Pictures that wait for the handler.
    pub queued_in: u32,
}

impl NativeVideoStats {
    /// None for a session without video.
    pub fn new(snapshot: &Snapshot) -> Option<Self> {
        let (decode, encode) = snapshot.video.map(|video| (video.decode, video.encode))?;
        let net = snapshot.session.video.clone().unwrap_or_default();
        Some(Self {
            packets_in: count(net.packets_in),
            bytes_in: count(net.bytes_in),
            packets_out: count(net.packets_out),
            bytes_out: count(net.bytes_out),
            frames_in: count(net.frames_in),
            frames_out: count(net.frames_out),
            key_frames_in: count(net.key_frames_in),
            key_frames_out: count(net.key_frames_out),
            frames_decoded: count(decode.decoded),
            decode_errors: count(decode.failed),
            frames_dropped_in: count(net.frames_dropped_in + decode.dropped),
            frames_dropped_out: count(net.frames_dropped_out + encode.dropped),
            skipped: count(decode.skipped),
            pli_in: count(net.pli_in),
            fir_in: count(net.fir_in),
            pli_out: count(net.pli_out),
            nacks_in: count(net.nacks_in),
            nacks_out: count(net.nacks_out),
            retransmitted_in: count(net.retransmitted_in),
            retransmitted_out: count(net.retransmitted_out),
            lost: count(net.unrecoverable),
            bitrate: net.bitrate,
            width_in: decode.width,
            height_in: decode.height,
            width_out: encode.width,
            height_out: encode.height,
            queued_in: u32::try_from(decode.waiting).unwrap_or(u32::MAX),
        })
    }
}

#[napi]
impl NativeSession {
    /// Takes the oldest picture that waits, for `readPicture` to convert. Pictures from before `fromSeconds` of the stream
    /// are skipped.
    #[napi(catch_unwind)]
    pub fn next_picture(&mut self, from_seconds: f64) -> Option<NativePicture> {
        let from = Duration::try_from_secs_f64(from_seconds).unwrap_or_default();
        self.picture = self.session.read_video(from);
        self.picture.as_ref().map(|picture| NativePicture {
            width: picture.width(),
            height: picture.height(),
            timestamp: picture.timestamp().as_secs_f64(),
        })
    }

    /// Writes the values of the picture that `nextPicture` took, and lets go of it. Throws ERR_PARLEY_INVALID_ARGUMENT when
    /// the array has another length than the format asks for, or there is no picture.
    #[napi(catch_unwind)]
    pub fn read_picture(&mut self, mut into: Uint8ArraySlice<'_>, format: String) -> Result<()> {
        // SAFETY: JavaScript stands still during the call, and src/native makes these arrays itself, on memory that no other
        // thread shares; it hands one out only after this call has filled it. A detached array has no length here.
        let values = unsafe { into.as_mut() };
        self.convert(&format, PixelsMut::U8(values))
    }

    /// The same, as floats from 0 to 255.
    #[napi(catch_unwind)]
    pub fn read_picture_float(&mut self, mut into: Float32ArraySlice<'_>, format: String) -> Result<()> {
        // SAFETY: see `read_picture`.
        let values = unsafe { into.as_mut() };
        self.convert(&format, PixelsMut::F32(values))
    }

    /// Hands a picture to the encoder; false when that is behind, and VIDEO_ROOM follows. Where none are sent it counts as
    /// sent. Throws ERR_PARLEY_SESSION_CLOSED after the end, ERR_PARLEY_INVALID_ARGUMENT for a picture that can't be.
    #[napi(catch_unwind)]
    pub fn write_picture(&self, values: Uint8ArraySlice<'_>, layout: PictureLayout) -> Result<bool> {
        self.emit(Pixels::U8(&values), &layout)
    }

    /// The same for 16-bit values from 0 to 255.
    #[napi(catch_unwind)]
    pub fn write_picture_u16(&self, values: Uint16ArraySlice<'_>, layout: PictureLayout) -> Result<bool> {
        self.emit(Pixels::U16(&values), &layout)
    }

    /// The same for floats from 0 to 255.
    #[napi(catch_unwind)]
    pub fn write_picture_float(&self, values: Float32ArraySlice<'_>, layout: PictureLayout) -> Result<bool> {
        self.emit(Pixels::F32(&values), &layout)
    }
}

impl NativeSession {
    fn convert(&mut self, format: &str, into: PixelsMut<'_>) -> Result<()> {
        let format = pixel_format(format)?;
        let picture =
            self.picture.take().ok_or_else(|| Code::INVALID_ARGUMENT.error("no picture is being read"))?;
        picture.to_pixels(format, into).map_err(|error| Code::INVALID_ARGUMENT.error(error.to_string()))
    }

    fn emit(&self, pixels: Pixels<'_>, layout: &PictureLayout) -> Result<bool> {
        let picture = EmittedPicture {
            format: pixel_format(&layout.format)?,
            width: layout.width,
            height: layout.height,
            pixels,
            timestamp: layout.timestamp.and_then(|at| Duration::try_from_secs_f64(at).ok()),
        };
        match self.session.write_video(&picture) {
            Ok(taken) => Ok(taken),
            Err(VideoWriteError::NoVideo) => Ok(true),
            Err(VideoWriteError::Closed) => Err(Code::SESSION_CLOSED.error("the session has ended")),
            Err(VideoWriteError::Pixels(error)) => Err(Code::INVALID_ARGUMENT.error(error.to_string())),
        }
    }
}

/// Reads the name of a format.
pub fn pixel_format(name: &str) -> Result<PixelFormat> {
    match name {
        "bgr24" => Ok(PixelFormat::Bgr24),
        "rgb24" => Ok(PixelFormat::Rgb24),
        "rgba" => Ok(PixelFormat::Rgba),
        "i420" => Ok(PixelFormat::I420),
        _ => Err(Code::INVALID_ARGUMENT
            .error(format!("the format is {name:?}; it must be \"bgr24\", \"rgb24\", \"rgba\" or \"i420\""))),
    }
}
