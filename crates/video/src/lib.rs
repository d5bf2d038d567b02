//! Video between RTP and pixels, as pure values: VP8 by libvpx, its RTP payload (RFC 7741), frame assembly, colour.
//!
//! Nothing here waits, spawns or reads a clock: whoever owns a decoder or an encoder has the thread for it.

#![deny(unsafe_code)]

mod decoder;
mod encoder;
mod frame;
mod picture;
mod pixels;
mod rtp;
#[allow(unsafe_code, reason = "calls libvpx, behind functions that are safe")]
mod vpx;

pub use decoder::{DecoderOptions, Picture, Vp8Decoder};
pub use encoder::{EncoderOptions, Vp8Encoder};
pub use frame::{EncodedFrame, KeyFrameSize, key_frame_size};
pub use picture::{I420, MAX_SIDE, Rotation};
pub use pixels::{PixelError, PixelFormat, Pixels, PixelsMut, from_pixels, to_pixels};
pub use rtp::{
    Assembled, AssembledFrame, AssemblerStats, FrameAssembler, MAX_PAYLOAD, Packetiser, PictureId,
    VideoPacket, Vp8Payload,
};
pub use vpx::CodecError;
