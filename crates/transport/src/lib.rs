//! The only I/O: UDP sockets and their mux, media threads, timers, frame queues, counters.
//!
//! A worker is one thread with one UDP socket, one timer heap and the sessions it owns. No session moves, and no lock
//! is taken for a packet; a session's frame queue and inbox are all that both sides touch.

mod addresses;
mod admission;
mod engine;
mod handle;
mod hush;
mod identity;
mod inbox;
mod line;
mod load;
mod manual;
mod mux;
mod options;
mod panic;
mod queue;
mod ready;
mod reflexive;
mod relays;
mod replies;
mod requests;
mod room;
mod session;
mod shared;
mod slot;
mod socket;
mod socket_handle;
mod speech_queue;
mod sync;
mod timers;
mod video;
// Not in there, as what they test is compiled with loom's locks too, by `tests/models`.
#[cfg(test)]
#[path = "video/pool_tests.rs"]
mod video_pool_tests;
#[cfg(test)]
#[path = "video/tests.rs"]
mod video_tests;
mod warm_up;
mod worker;

pub use engine::{AttachError, accept, accept_socket, attach, open};
pub use handle::{ReadError, SendError, SessionHandle, WriteError};
pub use line::{Carrier, SocketEvent};
pub use manual::ManualSession;
pub use options::EngineOptions;
pub use parley_media::{
    Application, Chunk, Layout, Mark, OpusOptions, Played, ReplyMode, SampleRate, Samples, Segment,
    SpeechEvent, SpeechOptions, SpeechRequest, SpeechSettings, Turn, TurnEnd, WireCodec, WireOptions,
    encode_ogg_opus, find_speech,
};
pub use parley_session::{AudioFormat, Mode, Seed, SessionOptions, TurnServer, VideoNetStats, VideoOptions};
pub use parley_socket::{Marks, Protocol, Reads, Sends};
pub use parley_video::{PixelError, PixelFormat, Pixels, PixelsMut};
pub use ready::{AUDIO, BYTES, EVENT, ROOM, ReadyList, SOCKET, VIDEO, VIDEO_ROOM};
pub use shared::{QueueLimits, SessionEvent, Snapshot};
pub use socket_handle::{SocketError, SocketHandle};
pub use video::{
    DecodeStats, EmittedPicture, EncodeStats, ReceivedPicture, VideoQueue, VideoStats, VideoWriteError,
};
pub use warm_up::warm_up;
