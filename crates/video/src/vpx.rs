//! libvpx, through the functions of `shim.c`.

use crate::error::CodecError;
use crate::picture::{I420, Plane};
use std::ffi::{CStr, c_char, c_int, c_longlong, c_uint, c_ulong};
use std::ptr::NonNull;

#[repr(C)]
struct Opaque {
    _private: [u8; 0],
}

#[repr(C)]
struct RawPicture {
    planes: [*const u8; 3],
    strides: [c_int; 3],
    width: c_uint,
    height: c_uint,
}

#[repr(C)]
struct RawPacket {
    data: *const u8,
    size: usize,
    is_key: c_int,
}

/// How an encoder is made.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) width: c_uint,
    pub(crate) height: c_uint,
    /// Thousands of bits a second.
    pub(crate) kbits: c_uint,
    pub(crate) threads: c_uint,
    /// The number of partitions as a power of two, 0 to 3.
    pub(crate) token_partitions: c_uint,
    /// A key frame's size at most, in percent of an average frame.
    pub(crate) max_key_percent: c_uint,
}

// SAFETY: `shim.c` defines these functions with these arguments and results, and the structures with these fields in this
// order; `Opaque` stands for its own two.
unsafe extern "C" {
    fn parley_vpx_error(code: c_int) -> *const c_char;
    fn parley_vp8_decoder_new(threads: c_uint, result: *mut *mut Opaque) -> c_int;
    fn parley_vp8_decoder_free(decoder: *mut Opaque);
    fn parley_vp8_decode(
        decoder: *mut Opaque,
        data: *const u8,
        size: c_uint,
        picture: *mut RawPicture,
    ) -> c_int;
    fn parley_vp8_encoder_new(settings: *const Settings, result: *mut *mut Opaque) -> c_int;
    fn parley_vp8_encoder_free(encoder: *mut Opaque);
    fn parley_vp8_encoder_set_bitrate(encoder: *mut Opaque, kbits: c_uint) -> c_int;
    fn parley_vp8_encode(
        encoder: *mut Opaque,
        picture: *const RawPicture,
        pts: c_longlong,
        duration: c_ulong,
        force_key: c_int,
        packet: *mut RawPacket,
    ) -> c_int;
}

/// libvpx's words for a code that is less than 0.
fn words(code: c_int) -> &'static str {
    // SAFETY: the function takes any number, and returns text that is part of the program.
    let text = unsafe { CStr::from_ptr(parley_vpx_error(code)) };
    text.to_str().unwrap_or("unknown")
}

fn made(code: c_int, result: *mut Opaque) -> Result<NonNull<Opaque>, CodecError> {
    match NonNull::new(result) {
        Some(result) if code >= 0 => Ok(result),
        _ => Err(CodecError::Library("libvpx", words(code))),
    }
}

/// A libvpx decoder.
pub(crate) struct Decoder(NonNull<Opaque>);

// SAFETY: a codec of libvpx is bound to no thread; `&mut` keeps two of them from using it at once.
unsafe impl Send for Decoder {}

impl Decoder {
    pub(crate) fn new(threads: u32) -> Result<Self, CodecError> {
        let mut result = std::ptr::null_mut();
        // SAFETY: `result` may be written to; it is looked at only when that succeeded.
        let code = unsafe { parley_vp8_decoder_new(threads, &raw mut result) };
        made(code, result).map(Self)
    }

    /// Width, height and planes of the picture, if there is one to show.
    pub(crate) fn decode(&mut self, data: &[u8]) -> Result<Option<Planes<'_>>, CodecError> {
        let size = c_uint::try_from(data.len()).map_err(|_| CodecError::Damaged("too long"))?;
        let mut raw = RawPicture { planes: [std::ptr::null(); 3], strides: [0; 3], width: 0, height: 0 };
        // SAFETY: the decoder is alive, `data` is `size` bytes long, and `raw` may be written to.
        match unsafe { parley_vp8_decode(self.0.as_ptr(), data.as_ptr(), size, &raw mut raw) } {
            code @ ..0 => Err(CodecError::Damaged(words(code))),
            0 => Ok(None),
            // SAFETY: libvpx filled `raw`, and its planes stay until the decoder is used again, which `&mut self` rules
            // out for as long as the result lives.
            1.. => Ok(unsafe { Planes::from_raw(&raw) }),
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: it is alive, and nobody can use it afterwards.
        unsafe { parley_vp8_decoder_free(self.0.as_ptr()) }
    }
}

/// A picture in the decoder's memory.
pub(crate) struct Planes<'a> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) planes: [Plane<'a>; 3],
}

impl Planes<'_> {
    /// # Safety
    /// Each plane has `stride` bytes for each of its rows but the last, and the plane's width for that one, which live
    /// and don't change for as long as the result does.
    unsafe fn from_raw(raw: &RawPicture) -> Option<Self> {
        let mut planes = [Plane { samples: &[], stride: 0, width: 0, height: 0 }; 3];
        for (index, (width, height)) in I420::sides(raw.width, raw.height).into_iter().enumerate() {
            let stride = usize::try_from(raw.strides[index]).ok().filter(|stride| *stride >= width)?;
            if width == 0 || height == 0 || raw.planes[index].is_null() {
                return None;
            }
            let length = stride * (height - 1) + width;
            // SAFETY: the caller vouches for it.
            let samples = unsafe { std::slice::from_raw_parts(raw.planes[index], length) };
            planes[index] = Plane { samples, stride, width, height };
        }
        Some(Self { width: raw.width, height: raw.height, planes })
    }
}

/// A libvpx encoder.
pub(crate) struct Encoder(NonNull<Opaque>);

// SAFETY: as of a decoder.
unsafe impl Send for Encoder {}

impl Encoder {
    pub(crate) fn new(settings: &Settings) -> Result<Self, CodecError> {
        let mut result = std::ptr::null_mut();
        // SAFETY: `settings` may be read and `result` written to; it is looked at only when that succeeded.
        let code = unsafe { parley_vp8_encoder_new(settings, &raw mut result) };
        made(code, result).map(Self)
    }

    pub(crate) fn set_bitrate(&mut self, kbits: u32) -> Result<(), CodecError> {
        // SAFETY: the encoder is alive.
        let code = unsafe { parley_vp8_encoder_set_bitrate(self.0.as_ptr(), kbits) };
        if code < 0 { Err(CodecError::Library("libvpx", words(code))) } else { Ok(()) }
    }

    /// Encodes a picture of the size that the encoder was made for. Times are in 1/90000 s. Returns the frame and whether
    /// it is a key frame; `None` when the rate control left it out.
    pub(crate) fn encode(
        &mut self,
        picture: &I420,
        (pts, duration): (i64, u32),
        force_key: bool,
    ) -> Result<Option<(&[u8], bool)>, CodecError> {
        let planes = picture.planes();
        let raw = RawPicture {
            planes: planes.map(|plane| plane.samples.as_ptr()),
            strides: planes.map(|plane| plane.stride as c_int),
            width: picture.width(),
            height: picture.height(),
        };
        let mut packet = RawPacket { data: std::ptr::null(), size: 0, is_key: 0 };
        // SAFETY: the encoder is alive, the planes have the samples that width, height and strides tell of, libvpx only
        // reads them, and `packet` may be written to.
        let code = unsafe {
            parley_vp8_encode(
                self.0.as_ptr(),
                &raw const raw,
                pts,
                duration.into(),
                force_key.into(),
                &raw mut packet,
            )
        };
        match code {
            ..0 => Err(CodecError::Library("libvpx", words(code))),
            0 => Ok(None),
            1.. if packet.data.is_null() => Ok(None),
            1.. => {
                // SAFETY: libvpx filled `packet`, and its data stays until the encoder is used again, which `&mut self`
                // rules out for as long as the result lives.
                let data = unsafe { std::slice::from_raw_parts(packet.data, packet.size) };
                Ok(Some((data, packet.is_key != 0)))
            }
        }
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: it is alive, and nobody can use it afterwards.
        unsafe { parley_vp8_encoder_free(self.0.as_ptr()) }
    }
}
