//! Delay that a live source left behind: audio that waits for no reason.
//!
//! A source that works in real time (an echo, a call that is passed on) may come late once and then in a burst. The
//! frames of the burst wait for their turn, and so does everything after them, for the rest of the call. When every
//! tick of a while found more waiting than it needed, the queue is shortened in the next quiet moment.

use std::time::Duration;

use crate::FRAME_DURATION;

/// How many ticks are looked back on.
const WINDOW: u32 = 20;
/// A queue that grew beyond this is no live source's: somebody handed over a sentence at once.
const LIVE: Duration = Duration::from_millis(120);
/// Quieter than -50 dB below full scale on average: leaving it out is not heard.
const QUIET: f32 = 0.003_162;

/// Watches how much is left after each frame that was taken.
#[derive(Debug, Default)]
pub(crate) struct Excess {
    ticks: u32,
    emitted: Duration,
    least: Duration,
    most: Duration,
    /// A frame may be left out.
    found: bool,
}

impl Excess {
    /// Audio was emitted.
    pub(crate) fn emitted(&mut self, length: Duration) {
        self.emitted += length;
    }

    /// A frame was taken, and so much is left.
    pub(crate) fn taken(&mut self, left: Duration) {
        self.least = if self.ticks == 0 { left } else { self.least.min(left) };
        self.most = self.most.max(left);
        self.ticks += 1;
        if self.ticks == WINDOW {
            let live = self.most <= LIVE && self.emitted >= FRAME_DURATION * (WINDOW - 4);
            *self = Self { found: live && self.least >= FRAME_DURATION, ..Self::default() };
        }
    }

    /// The flow was interrupted: what was seen before means nothing now.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether this frame is the one to leave out.
    pub(crate) fn leaves_out(&mut self, frame: &[f32]) -> bool {
        let leaves_out = self.found && is_quiet(frame);
        self.found &= !leaves_out;
        leaves_out
    }
}

fn is_quiet(frame: &[f32]) -> bool {
    let power: f32 = frame.iter().map(|sample| sample * sample).sum();
    power <= QUIET * QUIET * frame.len() as f32
}
