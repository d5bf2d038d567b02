//! Where virtual time starts, and short names for spans of it.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The moment at which every virtual call starts. Always the same within a process.
#[must_use]
pub fn start_of_time() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    #[allow(
        clippy::disallowed_methods,
        reason = "an Instant can't be made without the clock; it is read this once"
    )]
    let start = START.get_or_init(Instant::now);
    *start
}

/// So many seconds.
#[must_use]
pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// So many milliseconds.
#[must_use]
pub const fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
