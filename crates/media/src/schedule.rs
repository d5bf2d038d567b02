//! When frames go out, and what becomes of the time that a source is late.
//!
//! The pacer is the clock. The cushion says how much delay is worth keeping for a source that comes late again and again, and
//! the excess which delay is worth nothing. What a blocked event loop or a thread that stood still held up of a live source
//! keeps the times that it would have had, as what a network held up does.

use std::time::{Duration, Instant};

use crate::cushion::Cushion;
use crate::excess::Excess;
use crate::pacer::{Due, MAX_CATCH_UP, Margins, Pacer};

/// So late a frame may be that a stream carries before the end of the audio is taken for one: what is held back of it is
/// less than a frame.
const STREAM_SLACK: Duration = Duration::from_millis(60);

/// What is left of audio that was sent ahead follows so long before the far end has played that.
const RESERVE: Duration = Duration::from_millis(10);

/// When a frame was due that goes out now, and whether it is the first after a pause.
pub(crate) type Place = (Instant, bool);

/// Decides when frames go out.
#[derive(Debug)]
pub(crate) struct Schedule {
    pacer: Pacer,
    excess: Excess,
    cushion: Cushion,
    /// When a frame would have been due next when the source paused.
    paused: Option<Instant>,
    /// What was held up goes out.
    is_behind: bool,
    margins: Margins,
    /// The far end has something in hand.
    is_ahead: bool,
}

impl Schedule {
    /// `target` is how much audio waits of a source that emits whenever there is room. With a `lead` the far end plays what
    /// comes without a gap: frames may go so much ahead of their time, and when one that is late belongs to nobody knows.
    pub(crate) fn new(target: Duration, lead: Option<Duration>) -> Self {
        Self {
            pacer: Pacer::Idle,
            excess: Excess::new(target),
            cushion: Cushion::default(),
            paused: None,
            is_behind: false,
            margins: lead.map(|lead| Margins { lead, slack: lead.max(STREAM_SLACK) }).unwrap_or_default(),
            is_ahead: false,
        }
    }

    /// So much audio arrives while so much waits.
    pub(crate) fn arrived(&mut self, now: Instant, length: Duration, waiting: Duration) {
        self.cushion.arrived(now, length, waiting);
        self.excess.emitted(now, length);
    }

    /// There is something to send.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.pacer.emitted(now, self.excess.silence().is_some());
    }

    /// The queue was cleared. Returns whether audio flows, and so has to be faded out.
    pub(crate) fn cleared(&mut self) -> bool {
        self.excess.reset();
        let flows = self.pacer.is_flowing();
        if !flows {
            self.pacer.stop();
        }
        flows
    }

    /// The queue was cleared, and what was sent of it called back.
    pub(crate) fn stop(&mut self) {
        self.excess.reset();
        self.pacer.stop();
    }

    /// What is due. `hurry` says that nothing is to be waited for, and `rest` that there is something.
    pub(crate) fn due(&self, now: Instant, hurry: bool, rest: bool) -> Due {
        let hurry = hurry || rest && self.runs_dry_at().is_some_and(|at| at <= now);
        self.pacer.due(now, hurry, self.margins)
    }

    /// When what there is has to follow audio that was sent ahead, for there to be no gap between them.
    fn runs_dry_at(&self) -> Option<Instant> {
        let tick = self.pacer.tick().filter(|_| self.is_ahead && !self.excess.is_live())?;
        tick.checked_sub(RESERVE)
    }

    /// A whole frame goes out, and so much is left behind it. What such frames wait for no reason is taken back.
    pub(crate) fn whole(&mut self, now: Instant, left: Duration) -> Place {
        let worth = self.cushion.depth(now);
        self.catch_up(now, left, worth);
        let (complete, tick) = (self.excess.completed(now), self.pacer.tick().unwrap_or(now));
        let (complete, most) =
            if self.is_behind { (complete.min(tick), Duration::MAX) } else { (complete, MAX_CATCH_UP) };
        let place = self.pacer.sent(now, complete, most, self.margins);
        self.is_ahead = !self.margins.lead.is_zero() && place.0 > now + RESERVE;
        if self.is_behind && self.pacer.tick().is_none_or(|tick| tick > now) {
            self.is_behind = false;
            self.excess.settled(left);
        }
        if let Some(ahead) = self.excess.waited(complete, tick, left, worth) {
            self.pacer.move_ahead(ahead);
        }
        place
    }

    /// A frame goes out that only the end of a filter filled.
    pub(crate) fn flushed(&mut self, now: Instant) -> Place {
        self.pacer.sent(now, now, MAX_CATCH_UP, self.margins)
    }

    /// The last frame goes out before a pause, or before the end of what was said.
    pub(crate) fn last(&mut self, now: Instant, is_end: bool) -> Place {
        let missed = self.pacer.tick().unwrap_or(now);
        let place = self.pacer.sent(now, now, MAX_CATCH_UP, self.margins);
        self.pause(missed);
        if is_end {
            self.excess.reset();
        }
        place
    }

    /// Whether a source that has nothing to send is live, and so only late. It is not waited for any more, but what it had
    /// to say may fit where it belongs.
    pub(crate) fn holds(&mut self, now: Instant) -> bool {
        let holds = self.excess.is_live();
        if holds {
            self.pause(self.pacer.tick().unwrap_or(now));
        }
        holds
    }

    /// Whether the source never gives more than real time.
    pub(crate) fn is_live(&self) -> bool {
        self.excess.is_live()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.pacer.is_idle()
    }

    /// How much delay is kept for a source that comes late again and again.
    pub(crate) fn cushion(&self, now: Instant) -> Duration {
        self.cushion.depth(now)
    }

    /// When something is due next. `ready` says that a frame is, and `rest` that there is something.
    pub(crate) fn wake_at(&self, now: Option<Instant>, ready: bool, rest: bool) -> Option<Instant> {
        let dry = self.runs_dry_at().filter(|_| rest && !ready);
        self.pacer.wake_at(now, ready, self.margins).map(|at| dry.map_or(at, |dry| dry.min(at)))
    }

    /// What was held up goes at once, but for the delay that is worth keeping. So much is left behind the frame that was just
    /// taken.
    fn catch_up(&mut self, now: Instant, left: Duration, worth: Duration) {
        match (self.pacer.tick(), self.paused, self.excess.silence()) {
            (Some(tick), ..) if !self.is_behind => {
                let late = now.saturating_duration_since(tick);
                if late > MAX_CATCH_UP {
                    self.find_stalled(left, late);
                }
            }
            (None, Some(paused), Some(silence)) if self.excess.fits(left, silence) => {
                let begin = now.checked_sub(left).map_or(paused, |begin| begin.max(paused));
                self.pacer.resume((begin + worth).min(now), self.margins);
                self.is_behind = true;
            }
            _ => {}
        }
    }

    /// The thread itself comes so late.
    fn find_stalled(&mut self, left: Duration, late: Duration) {
        self.is_behind = self.excess.fits(left, late);
        if !self.is_behind {
            self.excess.stalled(late);
        }
    }

    /// Nothing came for the frame that was due then. The thread may find that late.
    fn pause(&mut self, missed: Instant) {
        self.excess.fell_silent(missed);
        self.paused = self.pacer.tick();
        self.is_behind = false;
        self.pacer.stop();
    }
}
