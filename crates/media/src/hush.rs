//! Silence that goes on: it needs no packets.
//!
//! A peer that gets nothing hears nothing, and its clock goes on; that is what DTX is (RFC 3551, section 4.1). So silence that
//! a handler emits is sent for a while, which pauses between sentences don't outlast, and then passed over. What an echo
//! makes of a peer that says nothing costs no encoding, no packets and no wake-ups.

use std::time::{Duration, Instant};

use crate::{Chunk, FRAME_DURATION, pcm};

/// So much silence in a row is sent.
const SENT: Duration = Duration::from_secs(2);
/// A live source gives no more silence than real time explains, and so much that was held up.
const HELD_UP: Duration = Duration::from_millis(500);

/// Follows how long what is sent has been silent.
#[derive(Debug, Default)]
pub(crate) struct Hush {
    silent: Duration,
    /// Since when silence passes as it comes, and how much has.
    passed: Option<(Instant, Duration)>,
}

impl Hush {
    /// A frame is due. Whether it needn't be sent.
    pub(crate) fn covers(&mut self, frame: &[f32]) -> bool {
        if !pcm::is_silent_f32(frame) {
            *self = Self::default();
            return false;
        }
        let covers = self.is_long();
        self.silent = (self.silent + FRAME_DURATION).min(SENT);
        covers
    }

    /// A live source gives a chunk, and nothing waits before it. Whether the chunk is silence whose time passes as it comes.
    pub(crate) fn passes(&mut self, now: Instant, chunk: &Chunk) -> bool {
        if !self.is_long() || !chunk.is_silent() {
            return false;
        }
        let (since, passed) = self.passed.get_or_insert((now, Duration::ZERO));
        let real = now.saturating_duration_since(*since);
        // What a source has not given by now it won't give at once.
        let all = (*passed).max(real.saturating_sub(HELD_UP)) + chunk.duration();
        let passes = all <= real + HELD_UP;
        if passes {
            *passed = all;
        }
        passes
    }

    fn is_long(&self) -> bool {
        self.silent >= SENT
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "virtual time starts at some moment")]
mod tests {
    use super::*;
    use crate::{Layout, SampleRate, Samples};

    fn silence(seconds: f64) -> Chunk {
        let samples = Samples::I16(vec![1; (seconds * 8_000.0) as usize]);
        Chunk { samples, rate: SampleRate::HZ_8000, layout: Layout::Mono }
    }

    fn hushed() -> Hush {
        let mut hush = Hush::default();
        for _ in 0..100 {
            assert!(!hush.covers(&[0.0; 160]), "two seconds are sent");
        }
        hush
    }

    #[test]
    fn silence_is_sent_for_two_seconds_and_again_after_each_sound() {
        let mut hush = hushed();
        assert!(hush.covers(&[0.0; 160]) && hush.covers(&[1.0 / 32_768.0; 160]));
        assert!(!hush.covers(&[0.001; 160]));
        assert!(!hush.covers(&[0.0; 160]));
    }

    #[test]
    fn silence_passes_at_the_pace_of_real_time_and_no_faster() {
        let start = Instant::now();
        let mut hush = hushed();
        assert!(!Hush::default().passes(start, &silence(0.02)));
        for n in 0..1_000 {
            assert!(hush.passes(start + Duration::from_millis(200 * n), &silence(0.2)));
        }
        let later = start + Duration::from_secs(3_600);
        assert!(hush.passes(later, &silence(0.9)), "what was held up, and what may come early");
        assert!(!hush.passes(later, &silence(0.2)), "an hour of silence takes an hour");
    }
}
