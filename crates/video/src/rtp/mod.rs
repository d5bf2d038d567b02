//! VP8 (RFC 7741) and H.264 (RFC 6184) in RTP, both ways.

mod assembler;
mod continuity;
mod h264;
mod packetise;
mod payload;
mod stored;

pub use assembler::{Assembled, AssembledFrame, AssemblerStats, FrameAssembler, VideoPacket};
pub use h264::h264_pieces;
pub use packetise::{MAX_PAYLOAD, Packetiser};
pub use payload::{PictureId, Vp8Payload};
