//! From probabilities to starts and pauses.

use super::clock::{FRAME, samples};
use super::settings::SpeechSettings;
use super::window::Window;

/// Speech goes on until its probability is so far below the threshold, as in Silero's own segmentation…
const HYSTERESIS: f32 = 0.15;
/// …and never below this.
const LEAST_THRESHOLD: f32 = 0.01;

/// What a frame showed. Places count samples at 16 kHz from the stream's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// Somebody has started to speak, there.
    Started(u64),
    /// A stretch of speech ended there.
    Stopped(u64),
    /// The turn is over; its speech ended there.
    Pause(u64),
    /// The turn has lasted for as long as it may.
    Max,
}

/// A stretch of speech, its short silences included.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: u64,
    /// Where its last speech ended.
    to: u64,
    /// Its start was told, its end was not.
    told: bool,
}

/// Finds where somebody starts to speak, and where they pause.
///
/// Speech is summed over a sliding window, so both are found in the frame that makes them true.
#[derive(Debug)]
pub(super) struct Detector {
    window: Window,
    started: u64,
    interrupt: u64,
    pause: u64,
    longest: u64,
    threshold: f32,
    min_speech: u64,
    min_silence: u64,
    /// The last frame was speech.
    is_speech: bool,
    stretch: Option<Stretch>,
    /// Where the speech of the turn under way began.
    turn: Option<u64>,
}

impl Detector {
    pub(super) fn new(settings: &SpeechSettings) -> Self {
        let (started, pause) = (samples(settings.started), samples(settings.pause));
        Self {
            window: Window::new(samples(settings.window)),
            started,
            interrupt: samples(settings.interrupt).clamp(pause.min(started), started),
            pause,
            longest: settings.max_continuous.map_or(u64::MAX, samples),
            threshold: settings.threshold,
            min_speech: samples(settings.min_speech),
            min_silence: samples(settings.min_silence),
            is_speech: false,
            stretch: None,
            turn: None,
        }
    }

    /// Whether a frame of that probability is speech, after those before it.
    pub(super) fn is_speech(&self, probability: f32) -> bool {
        let lower = (self.threshold - HYSTERESIS).max(LEAST_THRESHOLD);
        probability >= if self.is_speech { lower } else { self.threshold }
    }

    /// Whether nothing that was said matters any more but the turn under way.
    pub(super) fn is_idle(&self) -> bool {
        self.turn.is_none() && self.window.first_speech().is_none()
    }

    /// Where the speech of the turn under way began, or of what may become one.
    pub(super) fn begun(&self, now: u64) -> Option<u64> {
        self.turn.or_else(|| self.first_speech(now))
    }

    /// Where the last speech ended.
    pub(super) fn last_speech(&self) -> Option<u64> {
        self.stretch.map(|stretch| stretch.to)
    }

    /// Takes a frame that ends at `now`, and tells what it shows, in order.
    pub(super) fn push(
        &mut self,
        now: u64,
        is_speech: bool,
        over_reply: bool,
        mut tell: impl FnMut(Finding),
    ) {
        self.is_speech = is_speech;
        self.window.push(is_speech);
        self.follow(now, is_speech, &mut tell);
        match self.turn {
            None => self.look_for_start(now, over_reply, &mut tell),
            Some(from) => self.look_for_end(now, from, &mut tell),
        }
    }

    /// Ends the turn under way without a word but of the end of its stretch, and forgets what was said.
    pub(super) fn end_turn(&mut self, tell: impl FnMut(Finding)) {
        self.tell_stopped(tell);
        self.stretch = None;
        self.turn = None;
        self.window.clear();
    }

    /// Forgets the last frame too.
    pub(super) fn reset(&mut self, tell: impl FnMut(Finding)) {
        self.end_turn(tell);
        self.is_speech = false;
    }

    /// Follows the stretch of speech.
    fn follow(&mut self, now: u64, is_speech: bool, tell: impl FnMut(Finding)) {
        if is_speech {
            let new = Stretch { from: now - FRAME, to: now, told: false };
            self.stretch.get_or_insert(new).to = now;
            return;
        }
        let Some(stretch) = self.stretch.filter(|stretch| now - stretch.to >= self.min_silence) else {
            return;
        };
        if self.turn.is_none() && stretch.to - stretch.from < self.min_speech {
            self.window.clear();
        }
        self.tell_stopped(tell);
        self.stretch = None;
    }

    fn look_for_start(&mut self, now: u64, over_reply: bool, mut tell: impl FnMut(Finding)) {
        let needed = if over_reply { self.interrupt } else { self.started };
        if self.window.speech() <= needed {
            return;
        }
        let from = self.first_speech(now).unwrap_or(now);
        self.turn = Some(from);
        self.tell_started(from, &mut tell);
    }

    fn look_for_end(&mut self, now: u64, from: u64, mut tell: impl FnMut(Finding)) {
        let to = self.last_speech().unwrap_or(now);
        if !self.is_speech && self.window.speech() < self.pause {
            self.end_turn(&mut tell);
            tell(Finding::Pause(to));
        } else if now - from >= self.longest {
            self.end_turn(&mut tell);
            tell(Finding::Max);
        } else if self.window.speech() > self.started
            && let Some(stretch) = self.stretch.filter(|stretch| !stretch.told)
        {
            self.tell_started(stretch.from, tell);
        }
    }

    fn first_speech(&self, now: u64) -> Option<u64> {
        self.window.first_speech().map(|frames| now.saturating_sub(frames * FRAME))
    }

    fn tell_started(&mut self, from: u64, mut tell: impl FnMut(Finding)) {
        if let Some(stretch) = &mut self.stretch {
            stretch.told = true;
        }
        tell(Finding::Started(from));
    }

    fn tell_stopped(&self, mut tell: impl FnMut(Finding)) {
        if let Some(stretch) = self.stretch.filter(|stretch| stretch.told) {
            tell(Finding::Stopped(stretch.to));
        }
    }
}
