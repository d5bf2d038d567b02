//! Audio between RTP and PCM, as pure values: no clock, thread, socket or random source lives here.
//!
//! A [`Pipeline`] is one peer's audio in both directions. What happened goes in with the time; frames for the
//! handler and packets for the peer come out of [`Pipeline::poll`].
#![forbid(unsafe_code)]

mod error;
mod pipeline;
mod units;

pub use error::MediaError;
pub use pipeline::{
    Application, Chunk, EncodedPacket, OpusOptions, Pipeline, PipelineOptions, PipelineOutput, PipelineStats,
    RtpStart, RtpView, Samples,
};
pub use units::{FRAME_DURATION, Layout, SampleRate};
