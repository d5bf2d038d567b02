//! What hostile bytes may do to each parser of what comes from outside: nothing that panics, hangs or grows without a
//! bound.
//!
//! One function for each target. `fuzz/` runs them under libFuzzer, and `tests/bounded.rs` runs them on the kept inputs
//! and on damaged copies of these, so each panics when something is wrong and returns when all is well.

#![forbid(unsafe_code)]

mod audio;
mod damage;
mod input;
mod listening;
mod network;
mod peer;
mod speech;
mod stream;
mod text;
mod video;
mod websocket;

pub use audio::{emitted, opus, pipeline};
pub use damage::damage;
pub use listening::listening;
pub use network::{datagrams, handshake, stun, turn};
pub use peer::{media, sctp, video};
pub use speech::speech;
pub use stream::payloads;
pub use text::{candidate, offer};
pub use video::{h264_packets, video_packets, vp8, vp8_payload};
pub use websocket::websocket;

/// A target: a name, what it does with bytes, and how many inputs a bounded run gives it.
pub type Target = (&'static str, fn(&[u8]), usize);

/// All targets, by the names of their files in `fuzz/`.
pub const TARGETS: [Target; 20] = [
    ("offer", offer, 600),
    ("candidate", candidate, 600),
    ("stun", stun, 20_000),
    ("turn", turn, 5_000),
    ("handshake", handshake, 150),
    ("datagrams", datagrams, 150),
    ("media", media, 150),
    ("sctp", sctp, 150),
    ("pipeline", pipeline, 1_000),
    ("opus", opus, 1_000),
    ("emitted", emitted, 300),
    ("speech", speech, 150),
    ("listening", listening, 150),
    ("payloads", payloads, 300),
    ("websocket", websocket, 2_000),
    ("vp8_payload", vp8_payload, 20_000),
    ("video_packets", video_packets, 1_000),
    ("h264_packets", h264_packets, 1_000),
    ("vp8", vp8, 400),
    ("video", video, 150),
];
