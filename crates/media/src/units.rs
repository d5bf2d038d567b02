//! Sample rates, channel layouts and spans of RTP time.

use std::time::{Duration, Instant};

use crate::MediaError;

/// The length of every frame given to a handler and of every packet sent.
pub const FRAME_DURATION: Duration = Duration::from_millis(20);

/// Frames to the second.
pub(crate) const FRAME_RATE: u32 = 50;

/// A sampling rate in Hz, from 8,000 to 192,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SampleRate(u32);

impl SampleRate {
    /// The lowest rate.
    pub const MIN: Self = Self(8_000);
    /// The highest rate.
    pub const MAX: Self = Self(192_000);
    /// 8 kHz: telephone audio.
    pub const HZ_8000: Self = Self(8_000);
    /// 16 kHz: what most speech models take.
    pub const HZ_16000: Self = Self(16_000);
    /// 24 kHz: what most speech synthesis gives.
    pub const HZ_24000: Self = Self(24_000);
    /// 48 kHz: Opus at its widest, and the clock of its RTP timestamps (RFC 7587, section 4.1).
    pub const HZ_48000: Self = Self(48_000);

    /// Checks a rate.
    ///
    /// # Errors
    /// [`MediaError::SampleRate`] outside 8,000 to 192,000 Hz.
    pub const fn new(hz: u32) -> Result<Self, MediaError> {
        if hz < Self::MIN.0 || hz > Self::MAX.0 { Err(MediaError::SampleRate { hz }) } else { Ok(Self(hz)) }
    }

    /// The rate in Hz.
    #[must_use]
    pub const fn hz(self) -> u32 {
        self.0
    }

    /// Whether Opus codes at this rate itself (RFC 6716, section 2): 8, 12, 16, 24 or 48 kHz.
    #[must_use]
    pub const fn is_opus(self) -> bool {
        matches!(self.0, 8_000 | 12_000 | 16_000 | 24_000 | 48_000)
    }
}

impl TryFrom<u32> for SampleRate {
    type Error = MediaError;

    fn try_from(hz: u32) -> Result<Self, MediaError> {
        Self::new(hz)
    }
}

/// How many channels PCM has; samples of the channels alternate, left first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// One channel.
    Mono,
    /// Two channels: left, right.
    Stereo,
}

impl Layout {
    /// The layout of so many channels.
    ///
    /// # Errors
    /// [`MediaError::Channels`] unless it is one or two.
    pub const fn from_channels(channels: u32) -> Result<Self, MediaError> {
        match channels {
            1 => Ok(Self::Mono),
            2 => Ok(Self::Stereo),
            _ => Err(MediaError::Channels { channels }),
        }
    }

    /// 1 or 2.
    #[must_use]
    pub const fn channels(self) -> usize {
        match self {
            Self::Mono => 1,
            Self::Stereo => 2,
        }
    }
}

/// The clock of Opus RTP timestamps, whatever the rate coded (RFC 7587, section 4.1).
pub(crate) const TICKS_PER_SECOND: u32 = 48_000;

/// A frame of 20 ms on that clock.
pub(crate) const TICKS_PER_FRAME: u32 = TICKS_PER_SECOND / 50;

/// A duration in ticks of the RTP clock, rounded down.
pub(crate) fn ticks_of(duration: Duration) -> u64 {
    duration.as_secs() * u64::from(TICKS_PER_SECOND)
        + u64::from(duration.subsec_nanos()) * u64::from(TICKS_PER_SECOND) / 1_000_000_000
}

/// How long so many ticks of the RTP clock are, rounded down.
pub(crate) fn duration_of(ticks: u64) -> Duration {
    let hz = u64::from(TICKS_PER_SECOND);
    Duration::new(ticks / hz, ((ticks % hz) * 1_000_000_000 / hz) as u32)
}

/// The way from `from` to `to` in nanoseconds, negative when that is before.
pub(crate) fn signed_nanos(from: Instant, to: Instant) -> i64 {
    let nanos = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    match to.checked_duration_since(from) {
        Some(after) => nanos(after),
        None => -nanos(from.saturating_duration_since(to)),
    }
}
