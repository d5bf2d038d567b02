//! What a peer may send that doesn't measure the bandwidth by itself: as much as is allowed while little gets lost.

use super::bitrate::LEAST_WANTED;
use std::time::{Duration, Instant};

/// Below this nobody is pushed, unless no more is allowed at all.
const LEAST: f64 = 100_000.0;
/// Below that share of loss more is allowed…
const LOW: f32 = 0.05;
/// …and above that one less than what came.
const HIGH: f32 = 0.15;
/// By how much the allowance rises in a second.
const RISE: f64 = 0.08;

/// The allowance for one peer.
#[derive(Debug)]
pub(super) struct Advice {
    allowed: f64,
    most: f64,
    bytes: usize,
    told_at: Option<Instant>,
}

impl Advice {
    pub(super) fn new(most: u32) -> Self {
        let most = f64::from(most.max(LEAST_WANTED));
        Self { allowed: most, most, bytes: 0, told_at: None }
    }

    /// So many bytes came.
    pub(super) fn received(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// What to tell, in bit/s, when that share was lost since the last time.
    pub(super) fn told(&mut self, now: Instant, loss: f32) -> u32 {
        let bits = std::mem::take(&mut self.bytes) as f64 * 8.0;
        let Some(before) = self.told_at.replace(now) else { return self.allowed as u32 };
        let passed = now.saturating_duration_since(before).max(Duration::from_millis(1)).as_secs_f64();
        if loss < LOW {
            self.allowed *= 1.0 + RISE * passed.min(2.0);
        } else if loss > HIGH {
            self.allowed = self.allowed.min(bits / passed) * (1.0 - 0.5 * f64::from(loss));
        }
        self.allowed = self.allowed.clamp(LEAST.min(self.most), self.most);
        self.allowed as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_netsim::{secs, start_of_time};

    #[test]
    fn all_is_allowed_until_much_is_lost_and_then_less_than_came() {
        let now = start_of_time();
        let mut advice = Advice::new(2_000_000);
        assert_eq!(advice.told(now, 0.0), 2_000_000);
        advice.received(100_000);
        assert_eq!(advice.told(now + secs(1), 0.1), 2_000_000, "borne");
        advice.received(100_000);
        assert_eq!(advice.told(now + secs(2), 0.5), 600_000, "of 800,000");
        assert_eq!(advice.told(now + secs(3), 0.0), 648_000, "and then more again");
        advice.told(now + secs(4), 1.0);
        assert_eq!(advice.told(now + secs(4), 1.0), 100_000, "never less than a picture takes");
    }

    #[test]
    fn no_more_is_allowed_than_is_wanted_however_little_that_is() {
        let now = start_of_time();
        for (most, told) in [(50_000, 50_000), (0, LEAST_WANTED)] {
            let mut advice = Advice::new(most);
            assert_eq!([0, 1, 2].map(|n| advice.told(now + secs(n), 0.5 * n as f32)), [told; 3]);
        }
    }
}
