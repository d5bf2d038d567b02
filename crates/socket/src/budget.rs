//! What a far end may send.

use std::time::Instant;

/// Messages a second that may come for long. A page whose audio comes in quanta of 128 samples sends 375.
const MESSAGES: f64 = 1000.0;
/// Bytes a second that may come for long; PCM at 48 kHz takes an eighth, as base64.
const BYTES: f64 = 1_048_576.0;
/// Seconds of either that may come at once, after the network or either side was held up.
const BURST: f64 = 5.0;

/// What one socket may still send.
#[derive(Debug)]
pub(crate) struct Budget {
    messages: f64,
    bytes: f64,
    at: Instant,
}

impl Budget {
    pub(crate) fn new(now: Instant) -> Self {
        Self { messages: MESSAGES * BURST, bytes: BYTES * BURST, at: now }
    }

    /// Takes a message of so many bytes from it; false when that much wasn't left.
    pub(crate) fn take(&mut self, now: Instant, bytes: usize) -> bool {
        let seconds = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.messages = (self.messages + seconds * MESSAGES).min(MESSAGES * BURST) - 1.0;
        self.bytes = (self.bytes + seconds * BYTES).min(BYTES * BURST) - bytes as f64;
        self.messages >= 0.0 && self.bytes >= 0.0
    }
}
