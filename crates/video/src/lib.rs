//! Video between RTP and pixels, as pure values: VP8 by libvpx, with the feature `h264` H.264 by OpenH264, their RTP payloads
//! (RFC 7741, RFC 6184), frame assembly, colour.
//!
//! Nothing here waits, spawns or reads a clock: whoever owns a decoder or an encoder has the thread for it.

#![deny(unsafe_code)]

mod codec;
mod decoder;
mod encoder;
mod error;
mod frame;
#[cfg(feature = "h264")]
#[allow(unsafe_code, reason = "sets OpenH264's bitrate")]
mod h264;
mod h264_frame;
mod parameters;
mod picture;
mod pixels;
mod rtp;
#[allow(unsafe_code, reason = "has memory that Rust's allocators don't give")]
mod samples;
mod units;
#[allow(unsafe_code, reason = "calls libvpx, behind functions that are safe")]
mod vpx;

pub use codec::{Codec, VideoDecoder, VideoEncoder};
pub use decoder::{DecoderOptions, Picture, Vp8Decoder};
pub use encoder::{EncoderOptions, Vp8Encoder};
pub use error::CodecError;
pub use frame::{EncodedFrame, KeyFrameSize, key_frame_size};
pub use h264_frame::H264Frame;
pub use picture::{I420, MAX_SIDE, Rotation};
pub use pixels::{PixelError, PixelFormat, Pixels, PixelsMut, from_pixels, to_pixels};
pub use rtp::{
    Assembled, AssembledFrame, AssemblerStats, FrameAssembler, MAX_PAYLOAD, Packetiser, PictureId,
    VideoPacket, Vp8Payload, h264_pieces,
};
