//! Whether what is heard is our own voice, back from the peer's loudspeaker through its microphone.
//!
//! ```text
//! sent  → bands → history ─→ path (gain by band and delay) → the echo's level, at most
//!                         └→ likeness (delay)                     ↓
//! heard → bands ─────────────────────────────────────────────→ what that leaves unexplained → verdict
//! ```
//!
//! It compares levels in 32 bands every 16 ms, never waveforms: two codecs, a jitter buffer that stretches time and drifting
//! clocks leave those alone.

mod bands;
mod echo;
#[cfg(test)]
mod evaluation;
mod history;
mod likeness;
mod noise;
mod path;
mod verdict;

use bands::{Bands, HOP};
use echo::Echo;
use verdict::Verdict;

/// From this share of lost packets on all caution is due.
const MUCH_LOST: f32 = 0.03;

/// Compares what comes in with what was sent. Both are mono at 16 kHz, −1 to 1, and say by a common clock of samples
/// where they begin.
///
/// While nothing is sent it costs nothing. Its memory is fixed: some 45 kB.
#[derive(Debug)]
pub(crate) struct EchoGuard {
    sent: Bands,
    heard: Bands,
    echo: Echo,
    verdict: Verdict,
    caution: f32,
}

impl EchoGuard {
    pub(crate) fn new() -> Self {
        let (sent, heard) = Bands::pair();
        Self { sent, heard, echo: Echo::new(), verdict: Verdict::default(), caution: 0.0 }
    }

    /// Takes what is sent, any number of samples that begin at `at`. Pieces within 20 ms of where the last one ended follow
    /// it without a gap.
    pub(crate) fn sent(&mut self, at: u64, samples: &[f32]) {
        let history = &mut self.echo.history;
        self.sent.push(at, samples, |step, levels| history.push(step, levels));
    }

    /// The share of packets that got lost lately, 0 to 1, the greater of both ways. An echo with holes differs from what
    /// was sent, so more is needed then until a voice is believed.
    pub(crate) fn set_loss(&mut self, share: f32) {
        self.caution = (share / MUCH_LOST).clamp(0.0, 1.0);
    }

    /// Takes a frame that begins at `at`; `is_speech` as the speech model sees it. How many of the last frames, this one
    /// included, are speech of somebody else: 0 when this one is none, or our own voice. When it has become certain that
    /// somebody has begun to speak, it is up to 4, whatever was said of those frames before.
    pub(crate) fn hear(&mut self, at: u64, frame: &[f32; 2 * HOP], is_speech: bool) -> u32 {
        let Self { heard, echo, verdict, caution, .. } = self;
        if !echo.is_possible(at / HOP as u64) {
            verdict.reset();
            return u32::from(is_speech);
        }
        let mut weight = 0.0;
        heard.push(at, frame, |step, levels| {
            weight += 0.5 * echo.weigh(step, levels, is_speech, *caution);
            echo.learn(step, levels, verdict.seems_voice());
        });
        verdict.judge(weight, is_speech, *caution)
    }
}
