//! Delay that a live source left behind: audio that waits for no reason.
//!
//! A source that works in real time (an echo, a call that is passed on) may come late once, and then in a burst. The
//! frames of the burst wait for their turn, and so does everything after them, for the rest of the call. When every
//! frame of a while waited, the clock is moved ahead by as much: nothing is lost, the peer gets all that follows so
//! much earlier, and its own jitter buffer takes the delay back. What a source needs that comes late again and again is
//! left to it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::FRAME_DURATION;
use crate::peak::Peak;
use crate::units::signed_nanos;

/// How many ticks are looked back on.
const WINDOW: u32 = 20;
/// A queue that grew beyond this is no live source's: somebody handed over a sentence at once.
const LIVE: Duration = Duration::from_millis(120);
/// Chunks that a live source may have in its queue.
const MAX_ARRIVALS: usize = 64;
/// The queue of a source that emits whenever there is room is so far below its target at most. One that stays lower, although
/// it emits as much as is sent, gives what it has as it comes by it.
const UNFILLED: Duration = Duration::from_millis(30);
/// After so many such windows it is a live one's, however much waits.
const PATIENCE: u32 = 5;
/// A live source gives no more than real time explains. Its clock may be slower than ours, so that this is measured anew when
/// it gave less for so long; what it was held up for comes sooner.
const EXPLAINED: Duration = Duration::from_secs(60);
/// How long a frame may wait, so that a source a little later than usual is still in time.
const MARGIN: Duration = Duration::from_millis(1);
const MAX_MARGIN: Duration = Duration::from_millis(16);
/// A live source that was held up for no longer than this is sent at once when it comes, as a network that stood still
/// would have it.
const MAX_BURST: Duration = Duration::from_millis(500);
/// So much delay is taken for a hold-up's at most.
const MAX_DEBT: Duration = Duration::from_secs(2);

/// Watches how long frames wait.
#[derive(Debug)]
pub(crate) struct Excess {
    /// How much was emitted in all after each arrival.
    arrivals: VecDeque<(Duration, Instant)>,
    emitted: Duration,
    taken: Duration,
    /// All that was ever emitted.
    all: Duration,
    window: Window,
    /// Emitted audio that waits is filled up to this.
    target: Duration,
    /// Windows one after the other in which the queue was not filled although it could have been.
    unfilled: u32,
    margin: Duration,
    /// The clock was moved at the end of the window before this one.
    moved: bool,
    /// The source works in real time. It stays so, however it is held up, until it gives more than real time explains or
    /// pauses for longer than any hold-up.
    live: bool,
    /// When a live source was found to be one, what it had emitted by then, and by how much that has run ahead of real time
    /// since, in nanoseconds: below zero while it is held up.
    line: Option<(Instant, Duration)>,
    lead: Peak,
    /// The most of it that is explained.
    explained: i64,
    /// Since when a live source has been silent.
    silent_since: Option<Instant>,
    /// How much of what waits does so for a hold-up, whatever [`LIVE`] says: the length of the last silence, which a blocked
    /// event loop makes up for at once, and what the clock left behind when it started again.
    debt: Duration,
}

#[derive(Debug, Default)]
struct Window {
    ticks: u32,
    emitted: Duration,
    least_wait: Option<Duration>,
    most_left: Duration,
    starved: bool,
}

impl Excess {
    /// `target` is how much audio waits of a source that emits whenever there is room.
    pub(crate) fn new(target: Duration) -> Self {
        Self {
            arrivals: VecDeque::new(),
            emitted: Duration::ZERO,
            taken: Duration::ZERO,
            all: Duration::ZERO,
            window: Window::default(),
            target,
            unfilled: 0,
            margin: MARGIN,
            moved: false,
            live: false,
            line: None,
            lead: Peak::new(EXPLAINED),
            explained: 0,
            silent_since: None,
            debt: Duration::ZERO,
        }
    }

    /// Audio was emitted.
    pub(crate) fn emitted(&mut self, now: Instant, length: Duration) {
        if let Some(since) = self.silent_since.take() {
            let silence = now.saturating_duration_since(since);
            self.debt = silence.min(MAX_DEBT);
            self.live &= silence <= MAX_DEBT;
        }
        self.emitted += length;
        self.all += length;
        self.check_lead(now);
        self.window.emitted += length;
        if self.arrivals.len() == MAX_ARRIVALS {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back((self.emitted, now));
    }

    /// Whoever gives more than real time explains has more, and gives it whenever there is room.
    fn check_lead(&mut self, now: Instant) {
        if !self.live {
            self.line = None;
            return;
        }
        let (since, emitted) = *self.line.get_or_insert_with(|| {
            self.lead.restart();
            self.explained = 0;
            (now, self.all)
        });
        let lead = signed_nanos(now, since + (self.all - emitted));
        self.lead.note(now, lead);
        self.live = lead <= self.explained + LIVE.as_nanos() as i64;
        self.explained = self.lead.highest().map_or(0, |highest| highest.min(self.explained));
    }

    /// Whether the source works in real time, by the last window.
    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    /// The clock starts again although it was late by so much: what waits now waits for that, too.
    pub(crate) fn stalled(&mut self, late: Duration) {
        if self.live || !self.debt.is_zero() {
            self.debt = (self.debt + late).min(MAX_DEBT);
        }
    }

    /// What was held up has gone, but for so much.
    pub(crate) fn settled(&mut self, left: Duration) {
        self.debt = self.debt.min(left);
    }

    /// Whether `waiting` is no more than what came of a live source while it was held up for so long.
    pub(crate) fn fits(&self, waiting: Duration, held_up: Duration) -> bool {
        (self.live || self.owes()) && held_up <= MAX_BURST && waiting <= held_up + FRAME_DURATION * 2
    }

    /// For how long a live source was silent, if it may have been held up: more than what came of it by now may be to come
    /// at once.
    pub(crate) fn silence(&self) -> Option<Duration> {
        self.owes().then_some(self.debt)
    }

    fn owes(&self) -> bool {
        !self.debt.is_zero() && self.debt <= MAX_BURST
    }

    /// A frame is taken. Returns since when all of it was there.
    pub(crate) fn completed(&mut self, now: Instant) -> Instant {
        self.taken += FRAME_DURATION;
        while self.arrivals.front().is_some_and(|(emitted, _)| *emitted < self.taken) {
            self.arrivals.pop_front();
        }
        self.arrivals.front().map_or(now, |(_, at)| *at)
    }

    /// The frame that was complete then was due at `tick`, and so much is left. Returns by how much the clock may be moved
    /// ahead, if so much delay is worth keeping.
    pub(crate) fn waited(
        &mut self,
        complete: Instant,
        tick: Instant,
        left: Duration,
        worth: Duration,
    ) -> Option<Duration> {
        if complete > tick {
            self.missed();
        }
        let wait = tick.saturating_duration_since(complete);
        let window = &mut self.window;
        window.least_wait = Some(window.least_wait.map_or(wait, |least| least.min(wait)));
        window.most_left = window.most_left.max(left);
        window.ticks += 1;
        if window.ticks == WINDOW { self.conclude(worth) } else { None }
    }

    fn conclude(&mut self, worth: Duration) -> Option<Duration> {
        let window = std::mem::take(&mut self.window);
        let unfilled = window.most_left + UNFILLED < self.target;
        let steady = window.emitted >= FRAME_DURATION * (WINDOW - 4);
        let even = steady && window.emitted <= FRAME_DURATION * (WINDOW + 4);
        self.unfilled = if even && unfilled { self.unfilled + 1 } else { 0 };
        let owes = steady && !self.debt.is_zero();
        let small = window.most_left <= LIVE;
        let in_time = steady && window.most_left <= LIVE + self.debt && (unfilled || owes);
        self.live |= in_time || self.unfilled > PATIENCE;
        let least = window.least_wait.filter(|_| (self.live && steady || owes) && !window.starved)?;
        let ahead = least.saturating_sub(self.margin.max(worth)).min(FRAME_DURATION);
        self.moved = ahead >= Duration::from_millis(1);
        self.debt = if small { Duration::ZERO } else { self.debt.saturating_sub(ahead) };
        self.moved.then_some(ahead)
    }

    /// A tick found no frame. Was it moved too far ahead, the next move leaves more time.
    fn missed(&mut self) {
        self.window.starved = true;
        if std::mem::take(&mut self.moved) {
            self.margin = (self.margin * 2).min(MAX_MARGIN);
        }
    }

    /// The source fell silent, and everything it emitted was sent.
    pub(crate) fn fell_silent(&mut self, now: Instant) {
        let silent_since = (self.live || !self.debt.is_zero()).then_some(now);
        self.forget();
        self.silent_since = silent_since;
    }

    /// The flow was interrupted: what was seen before means nothing now.
    pub(crate) fn reset(&mut self) {
        self.forget();
    }

    fn forget(&mut self) {
        self.arrivals.clear();
        (self.emitted, self.taken, self.debt) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        self.window = Window::default();
        (self.unfilled, self.moved, self.silent_since) = (0, false, None);
    }
}
