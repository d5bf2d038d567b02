//! VP8 in RTP (RFC 7741), both ways.

mod assembler;
mod continuity;
mod packetise;
mod payload;
mod stored;

pub use assembler::{Assembled, AssembledFrame, AssemblerStats, FrameAssembler, VideoPacket};
pub use packetise::{MAX_PAYLOAD, Packetiser};
pub use payload::{PictureId, Vp8Payload};
