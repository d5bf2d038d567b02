//! How much of what was emitted the peer has heard.
//!
//! What the peer hears now left here half a round trip ago, and a frame counts once it has been played to its end. The
//! peer's own jitter buffer is not known, so this is the earliest that it can have heard.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::FRAME_DURATION;

/// The longest way to the peer that is allowed for.
const MAX_PATH: Duration = Duration::from_millis(500);
/// Frames that are usually under way at most: those of [`MAX_PATH`], or sent ahead for as long, and some that were sent in
/// a burst…
const USUAL_STEPS: usize = 64;
/// …and of a far end that has yet to say that it has played them: all of [`UNTOLD`].
const MAX_STEPS: usize = 256;
/// A far end that says what it has played is taken to play on for so many frames; it says so a few times a second.
const PLAYS_ON: u64 = 15;
/// What it says nothing about for so long, it has played.
const UNTOLD: Duration = Duration::from_secs(5);

/// A mark behind all audio that was emitted so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// What [`Played`] calls it.
    pub id: u32,
    /// How much audio before it is meant; none for all since the mark before.
    pub over: Option<Duration>,
}

/// What became of the audio before a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Played {
    /// The mark's id.
    pub mark: u32,
    /// How much of it was heard.
    pub played: Duration,
    /// How long it is; what was cleared before the mark was made doesn't count.
    pub length: Duration,
}

/// Follows emitted audio to the peer's ear.
#[derive(Debug)]
pub(crate) struct Heard {
    /// Emitted, and not cleared unsent.
    accepted: Duration,
    /// Of that, sent…
    sent: Duration,
    /// …and heard.
    heard: Duration,
    path: Duration,
    /// What is still under way.
    steps: VecDeque<Step>,
    /// Frames sent so far.
    frames: u64,
    /// How many frames the far end has played by its own word, and when it said so.
    told: Option<(u64, Instant)>,
    marks: VecDeque<Placed>,
    /// Where the last mark stands.
    marked: Duration,
    done: VecDeque<Played>,
    /// How much had been emitted when the reply began.
    reply_from: Duration,
}

/// A frame that is under way.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// When it left, or begins to be played.
    at: Instant,
    /// How much was sent, with it.
    sent: Duration,
    /// How many frames were.
    frames: u64,
}

/// A mark, by what was emitted.
#[derive(Debug)]
struct Placed {
    id: u32,
    from: Duration,
    to: Duration,
    length: Duration,
}

impl Heard {
    pub(crate) fn new() -> Self {
        Self {
            accepted: Duration::ZERO,
            sent: Duration::ZERO,
            heard: Duration::ZERO,
            path: Duration::ZERO,
            steps: VecDeque::with_capacity(USUAL_STEPS),
            frames: 0,
            told: None,
            marks: VecDeque::new(),
            marked: Duration::ZERO,
            done: VecDeque::new(),
            reply_from: Duration::ZERO,
        }
    }

    /// How long a packet takes to the peer.
    pub(crate) fn set_path(&mut self, path: Duration) {
        self.path = path.min(MAX_PATH);
    }

    /// What is emitted from here on is another reply.
    pub(crate) fn begin_reply(&mut self) {
        self.reply_from = self.accepted;
    }

    /// How much of the reply was sent. What is still under way will be heard.
    pub(crate) fn reply(&self) -> Duration {
        self.sent.saturating_sub(self.reply_from)
    }

    /// Audio was emitted.
    pub(crate) fn emitted(&mut self, length: Duration) {
        self.accepted += length;
    }

    /// Silence was emitted whose time passes as it comes.
    pub(crate) fn passed(&mut self, now: Instant, length: Duration) {
        self.accepted += length;
        if self.steps.is_empty() {
            (self.sent, self.heard) = (self.accepted, self.accepted);
            self.advance(now);
        } else {
            self.sent(now, now, Duration::ZERO);
        }
    }

    /// A mark stands behind all that was emitted so far.
    pub(crate) fn mark(&mut self, now: Instant, Mark { id, over }: Mark) {
        let to = self.accepted;
        let from = over.map_or(self.marked, |over| to.saturating_sub(over).max(self.marked));
        self.marked = to;
        self.marks.push_back(Placed { id, from, to, length: to - from });
        self.advance(now);
    }

    /// A frame was sent that belongs to the time `at`, and so much still waits.
    pub(crate) fn sent(&mut self, now: Instant, at: Instant, waiting: Duration) {
        self.advance(now);
        self.frames += 1;
        // What a filter held back comes behind all that was emitted, and is to be heard too.
        self.sent = self.sent.max(self.accepted.saturating_sub(waiting));
        if self.steps.len() == MAX_STEPS
            && let Some(oldest) = self.steps.pop_front()
        {
            self.heard = oldest.sent;
        }
        self.steps.push_back(Step { at, sent: self.sent, frames: self.frames });
    }

    /// The far end has played so many frames.
    pub(crate) fn acknowledged(&mut self, now: Instant, frames: u64) {
        self.told = Some((frames, now));
        while let Some(step) = self.steps.front()
            && step.frames <= frames
        {
            self.heard = step.sent;
            self.steps.pop_front();
        }
        self.advance(now);
    }

    /// What was sent and not heard was dropped at the far end, and what was not sent here.
    pub(crate) fn recalled(&mut self, now: Instant) {
        self.advance(now);
        self.steps.clear();
        self.sent = self.heard;
        self.accepted = self.heard;
        self.end_at_accepted();
        self.advance(now);
    }

    /// Whether nothing is under way.
    pub(crate) fn is_all_heard(&self) -> bool {
        self.steps.is_empty()
    }

    /// So much that waited was dropped. What is marked ends where the sent audio does.
    pub(crate) fn cleared(&mut self, now: Instant, waiting: Duration) {
        self.advance(now);
        self.accepted = self.accepted.saturating_sub(waiting).max(self.sent);
        self.end_at_accepted();
        let end = self.accepted;
        if self.sent < end {
            // Less than a frame's rounding; there is nothing left that could be sent of it.
            self.sent = end;
            self.steps.push_back(Step { at: now, sent: end, frames: self.frames });
        }
        self.advance(now);
    }

    /// What is marked ends where the accepted audio does.
    fn end_at_accepted(&mut self) {
        let end = self.accepted;
        self.marked = self.marked.min(end);
        self.reply_from = self.reply_from.min(end);
        for mark in &mut self.marks {
            mark.from = mark.from.min(end);
            mark.to = mark.to.min(end);
        }
    }

    /// Nothing more will be heard.
    pub(crate) fn end(&mut self, now: Instant) {
        self.advance(now);
        let heard = self.heard;
        for mark in self.marks.drain(..) {
            let played = mark.to.min(heard).saturating_sub(mark.from);
            self.done.push_back(Played { mark: mark.id, played, length: mark.length });
        }
    }

    /// Time has passed.
    pub(crate) fn advance(&mut self, now: Instant) {
        while let Some(step) = self.steps.front().copied()
            && self.heard_at(&step) <= now
        {
            self.heard = step.sent;
            self.steps.pop_front();
        }
        while let Some(mark) = self.marks.front()
            && mark.to <= self.heard
        {
            self.done.push_back(Played { mark: mark.id, played: mark.to - mark.from, length: mark.length });
            self.marks.pop_front();
        }
    }

    /// What became of the next mark.
    pub(crate) fn take(&mut self) -> Option<Played> {
        self.done.pop_front()
    }

    /// How much was heard in all.
    pub(crate) fn played(&self) -> Duration {
        self.heard
    }

    /// When there is something to say. While audio flows, frames come often enough for all but marks.
    pub(crate) fn wake_at(&self, idle: bool) -> Option<Instant> {
        let step = match self.marks.front() {
            Some(mark) => self.steps.iter().find(|step| step.sent >= mark.to),
            None if idle => self.steps.back(),
            None => None,
        };
        step.map(|step| self.heard_at(step))
    }

    /// When a frame was played to its end.
    fn heard_at(&self, step: &Step) -> Instant {
        let by_clock = step.at + self.path + FRAME_DURATION;
        match self.told {
            None => by_clock,
            Some((frames, at)) => match u32::try_from(step.frames.saturating_sub(frames)) {
                Ok(ahead) if u64::from(ahead) <= PLAYS_ON => by_clock.max(at + FRAME_DURATION * ahead),
                _ => by_clock + UNTOLD,
            },
        }
    }
}
