//! Audio between RTP, or a stream, and PCM, as pure values: no clock, thread, socket or random source lives here.
//!
//! A [`Pipeline`] is one peer's audio in both directions. What happened goes in with the time; frames for the
//! handler and packets for the peer come out of [`Pipeline::poll`].
//!
//! ```text
//! packets → depacketise → jitter → decode (opus) → frames (resample) → the handler, or speech → its turns
//! chunks  → queue → assemble (resample) → pacer → encode → packetise → the peer
//! ```
//!
//! A peer may be at the other end of a stream that loses nothing instead ([`WireOptions`]): then payloads of any length
//! come in, which only need decoding and a clock, and payloads of 20 ms go out.
#![forbid(unsafe_code)]

mod assemble;
mod cushion;
mod decode;
mod depacketise;
mod doze;
mod drift;
mod echo_guard;
mod encoder;
mod error;
mod excess;
mod extend;
mod fade;
mod fifo;
mod find_speech;
mod frames;
mod heard;
mod hush;
mod interarrival;
mod jitter;
mod lateness;
mod live_opus;
mod mulaw;
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
mod receiving;
mod recent;
mod reordering;
mod resample;
mod rumble;
mod schedule;
mod sender;
mod slew;
mod speech;
mod spending;
mod stats;
mod stream_clock;
mod stream_receiver;
mod telephone_event;
#[cfg(test)]
mod tone;
mod units;
mod wire;
mod wire_decoder;

pub use depacketise::RtpView;
pub use error::MediaError;
pub use find_speech::find_speech;
pub use heard::{Mark, Played};
pub use ogg_opus::encode_ogg_opus;
pub use options::{Application, OpusOptions, PeerWishes, PipelineOptions, RtpStart};
pub use packetise::EncodedPacket;
pub use parley_vad::{Segment, SpeechOptions};
pub use pcm::is_silent;
pub use pipeline::{Pipeline, PipelineOutput};
pub use queue::{Chunk, Samples};
pub use speech::{ReplyMode, SpeechEvent, SpeechRequest, SpeechSettings, Turn, TurnEnd};
pub use stats::PipelineStats;
pub use telephone_event::Dtmf;
pub use units::{FRAME_DURATION, Layout, SampleRate};
pub use wire::{MAX_LEAD, MAX_PAYLOAD_BYTES, WireCodec, WireOptions};
