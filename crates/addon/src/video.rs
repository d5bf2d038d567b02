//! Pictures across the boundary: converted here, straight into and from the handler's arrays.

use crate::errors::{Code, Result};
use crate::session::NativeSession;
use napi::bindgen_prelude::{Float32ArraySlice, Float64ArraySlice, Uint8ArraySlice, Uint16ArraySlice};
use napi_derive::napi;
use parley_transport::{EmittedPicture, PixelFormat, Pixels, PixelsMut, VideoWriteError};
use std::time::Duration;

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

#[napi]
impl NativeSession {
    /// Takes the oldest picture that waits, for `readPicture` to convert, and writes its width and height in pixels and its
    /// time in seconds of the stream to `into`; false when none waits. Pictures from before `fromSeconds` of the stream are
    /// skipped.
    #[napi(catch_unwind)]
    pub fn next_picture(&mut self, mut into: Float64ArraySlice<'_>, from_seconds: f64) -> bool {
        let from = Duration::try_from_secs_f64(from_seconds).unwrap_or_default();
        self.picture = self.session.read_video(from);
        let Some(picture) = &self.picture else { return false };
        let told = [picture.width().into(), picture.height().into(), picture.timestamp().as_secs_f64()];
        // SAFETY: see `read_picture`: src/native makes this array too, and hands it to nobody.
        unsafe { into.as_mut() }.iter_mut().zip(told).for_each(|(to, value)| *to = value);
        true
    }

    /// Writes the values of the picture that `nextPicture` took, and lets go of it. Throws ERR_PARLEY_INVALID_ARGUMENT when
    /// the array has another length than the format asks for, or there is no picture.
    #[napi(catch_unwind)]
    pub fn read_picture(&mut self, mut into: Uint8ArraySlice<'_>, format: String) -> Result<()> {
        // SAFETY: JavaScript stands still during the call, and src/native/native-link.ts makes these arrays itself, each on an
        // ArrayBuffer of its own. A handler that gets them again and again (`reuseData`) can't share such memory with another
        // thread, only transfer it, and a detached array has no length here. Nothing else of ours points into it.
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
