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
    /// The last frame was speech…
    is_loud: bool,
    /// …of the peer's.
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
            is_loud: false,
            is_speech: false,
            stretch: None,
            turn: None,
        }
    }

    /// Whether a frame of that probability is speech, after those before it.
    pub(super) fn judge(&mut self, probability: f32) -> bool {
        let lower = (self.threshold - HYSTERESIS).max(LEAST_THRESHOLD);
        self.is_loud = probability >= if self.is_loud { lower } else { self.threshold };
        self.is_loud
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

    /// Takes a frame that ends at `now` and was [judged](Self::judge), and tells what it shows, in order. The last `theirs`
    /// frames are the peer's, this one included; with 0 this one is none of theirs, or no speech.
    pub(super) fn push(&mut self, now: u64, theirs: u32, over_reply: bool, mut tell: impl FnMut(Finding)) {
        self.is_speech = self.is_loud && theirs > 0;
        self.window.push(self.is_loud, theirs as usize);
        self.follow(now, theirs, &mut tell);
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
        self.is_loud = false;
        self.is_speech = false;
    }

    /// Follows the stretch of speech.
    fn follow(&mut self, now: u64, theirs: u32, tell: impl FnMut(Finding)) {
        if self.is_speech {
            let from = now.saturating_sub(u64::from(theirs) * FRAME);
            let new = Stretch { from, to: now, told: false };
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// What frames of speech (`#`) and others show, each with the number of its frame.
    fn findings(settings: SpeechSettings, over_reply: bool, frames: &str) -> Vec<(usize, Finding)> {
        let mut detector = Detector::new(&settings);
        let mut found = Vec::new();
        for (n, frame) in frames.chars().enumerate() {
            let is_speech = detector.judge(if frame == '#' { 0.9 } else { 0.1 });
            let now = (n as u64 + 1) * FRAME;
            detector.push(now, u32::from(is_speech), over_reply, |finding| found.push((n, finding)));
        }
        found
    }

    fn starts(settings: SpeechSettings, over_reply: bool, frames: &str) -> usize {
        let found = findings(settings, over_reply, frames);
        found.iter().filter(|(_, finding)| matches!(finding, Finding::Started(_))).count()
    }

    #[test]
    fn a_start_takes_seven_frames_and_a_pause_all_but_three_of_the_window() {
        let found = findings(SpeechSettings::default(), false, "..#######.................");
        let [(6.., Finding::Started(from)), (_, Finding::Stopped(to)), (paused, Finding::Pause(end))] =
            found[..]
        else {
            panic!("{found:?}")
        };
        assert_eq!((from, to, end), (2 * FRAME, 9 * FRAME, 9 * FRAME));
        // 16 frames behind the speech, 2.75 frames of it are left in the window's 18.75: 88 ms.
        assert_eq!((found[0].0, paused), (8, 24));
    }

    #[test]
    fn over_a_reply_four_frames_are_a_start_unless_a_pause_would_follow_at_once() {
        assert_eq!(starts(SpeechSettings::default(), false, ".####......"), 0);
        assert_eq!(starts(SpeechSettings::default(), true, ".####......"), 1);
        let slow = SpeechSettings { pause: ms(150), ..SpeechSettings::default() };
        assert_eq!(starts(slow, true, ".####......"), 0);
    }

    #[test]
    fn speech_goes_on_through_a_frame_that_is_hardly_less_likely() {
        let mut detector = Detector::new(&SpeechSettings::default());
        let judged = [0.49, 0.5, 0.36, 0.34, 0.49].map(|probability| detector.judge(probability));
        assert_eq!(judged, [false, true, true, false, false]);
    }

    #[test]
    fn a_short_stretch_counts_until_it_has_ended() {
        let frames = "#####....#####.....";
        assert_eq!(starts(SpeechSettings::default(), false, frames), 1, "2 s of silence would end it");
        let choosy = SpeechSettings { min_silence: ms(100), ..SpeechSettings::default() };
        assert_eq!(starts(choosy, false, frames), 0, "two stretches of 160 ms");
        let lenient = SpeechSettings { min_speech: ms(100), ..choosy };
        assert_eq!(starts(lenient, false, frames), 1);
    }

    #[test]
    fn stretches_within_a_turn_are_told_when_a_short_silence_ends_them() {
        let settings = SpeechSettings { min_silence: ms(100), ..SpeechSettings::default() };
        let found = findings(settings, false, "########......########....................");
        let kinds: Vec<_> = found.iter().map(|(_, finding)| std::mem::discriminant(finding)).collect();
        let (started, stopped) = (Finding::Started(0), Finding::Stopped(0));
        let expected = [started, stopped, started, stopped, Finding::Pause(0)];
        assert_eq!(kinds, expected.map(|finding| std::mem::discriminant(&finding)), "{found:?}");
    }

    #[test]
    fn somebody_who_goes_on_after_the_longest_time_is_told_of_anew() {
        let settings = SpeechSettings { max_continuous: Some(ms(320)), ..SpeechSettings::default() };
        let found = findings(settings, false, &"#".repeat(20));
        let maxima: Vec<usize> =
            found.iter().filter(|(_, finding)| *finding == Finding::Max).map(|(n, _)| *n).collect();
        assert_eq!(maxima, [9, 19]);
    }
}
