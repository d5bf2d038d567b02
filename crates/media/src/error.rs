//! What can be wrong with the options of a pipeline.

use std::fmt;
use std::time::Duration;

/// Why a pipeline, or a part of it, could not be made. Bytes from the network never cause one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaError {
    /// A sample rate outside 8,000 to 192,000 Hz.
    SampleRate {
        /// The rate that was asked for, in Hz.
        hz: u32,
    },
    /// A number of channels other than one or two.
    Channels {
        /// The number that was asked for.
        channels: u32,
    },
    /// An Opus setting outside its range.
    OpusOption {
        /// The setting's name.
        name: &'static str,
        /// The value that was asked for.
        value: u32,
    },
    /// The jitter buffer's shortest wait is longer than its longest.
    JitterBounds,
    /// A sample rate that can't be on the wire.
    WireRate {
        /// The rate that was asked for, in Hz.
        hz: u32,
        /// What is wrong with it.
        why: &'static str,
    },
    /// More audio than 500 ms is to be sent ahead of real time.
    Lead {
        /// How much.
        lead: Duration,
    },
    /// libopus refused; the text is its own.
    Opus(&'static str),
    /// The resampler could not be made for these two rates.
    Resampler {
        /// The rate of what goes in, in Hz.
        from: u32,
        /// The rate of what comes out, in Hz.
        to: u32,
    },
}

impl fmt::Display for MediaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SampleRate { hz } => write!(f, "sample rate {hz} Hz is outside 8000 to 192000 Hz"),
            Self::Channels { channels } => write!(f, "{channels} channels: only 1 or 2 are possible"),
            Self::OpusOption { name, value } => write!(f, "Opus option {name} can't be {value}"),
            Self::JitterBounds => write!(f, "the jitter buffer's minimum is above its maximum"),
            Self::WireRate { hz, why } => write!(f, "sample rate {hz} Hz can't be on the wire: {why}"),
            Self::Lead { lead } => write!(f, "a lead of {} ms is outside 0 to 500 ms", lead.as_millis()),
            Self::Opus(text) => write!(f, "libopus: {text}"),
            Self::Resampler { from, to } => write!(f, "no resampler from {from} Hz to {to} Hz"),
        }
    }
}

impl std::error::Error for MediaError {}
