//! Audio between RTP and PCM, as pure values: no clock, thread, socket or random source lives here.
//!
//! A [`Pipeline`] is one peer's audio in both directions. What happened goes in with the time; frames for the
//! handler and packets for the peer come out of [`Pipeline::poll`].
//!
//! ```text
//! packets → depacketise → jitter → decode (opus) → frames (resample) → the handler, or speech → its turns
//! chunks  → queue → assemble (resample) → pacer → opus → packetise → the peer
//! ```
#![forbid(unsafe_code)]

mod assemble;
mod cushion;
mod decode;
mod depacketise;
mod doze;
mod drift;
mod echo_guard;
mod error;
mod excess;
mod extend;
mod fade;
mod fifo;
mod find_speech;
mod frames;
mod heard;
mod interarrival;
mod jitter;
mod lateness;
mod ogg_opus;
mod options;
mod opus;
mod opus_packet;
mod pacer;
mod packetise;
mod pcm;
mod peak;
mod pipeline;
mod queue;
mod rate_control;
mod receiver;
mod reordering;
mod resample;
mod schedule;
mod sender;
mod slew;
mod speech;
mod stats;
mod stream_clock;
mod telephone_event;
#[cfg(test)]
mod tone;
mod units;

pub use depacketise::RtpView;
pub use error::MediaError;
pub use find_speech::find_speech;
pub use heard::{Mark, Played};
pub use ogg_opus::encode_ogg_opus;
pub use options::{Application, OpusOptions, PeerWishes, PipelineOptions, RtpStart};
pub use packetise::EncodedPacket;
pub use parley_vad::{Segment, SpeechOptions};
pub use pipeline::{Pipeline, PipelineOutput};
pub use queue::{Chunk, Samples};
pub use speech::{ReplyMode, SpeechEvent, SpeechRequest, SpeechSettings, Turn, TurnEnd};
pub use stats::PipelineStats;
pub use telephone_event::Dtmf;
pub use units::{FRAME_DURATION, Layout, SampleRate};
