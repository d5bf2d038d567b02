//! Time in samples at 16 kHz, the rate that speech is found at.

use std::time::Duration;

/// Samples a second.
pub(super) const RATE: u64 = 16_000;

/// Samples of a frame that is judged: 32 ms.
pub(super) const FRAME: u64 = 512;

/// A duration in samples, rounded to the nearest.
pub(super) fn samples(duration: Duration) -> u64 {
    let nanos = duration.as_nanos().saturating_mul(u128::from(RATE)) + 500_000_000;
    u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX)
}

/// How long so many samples are.
pub(super) fn duration(samples: u64) -> Duration {
    Duration::from_nanos(samples.saturating_mul(1_000_000_000 / RATE))
}
