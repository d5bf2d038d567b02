//! Listens for speech in a stream of frames, and cuts it into turns.

use std::collections::VecDeque;
use std::time::Duration;

use super::clock::{self, FRAME, RATE};
use super::convert::Converter;
use super::detector::{Detector, Finding};
use super::event::{SpeechEvent, Turn, TurnEnd};
use super::model::SpeechModel;
use super::quiet::Quiet;
use super::recording::Recording;
use super::settings::{ReplyMode, SpeechSettings};
use crate::echo_guard::EchoGuard;
use crate::fifo::Fifo;
use crate::{Layout, MediaError, SampleRate};

/// The longest turn, in samples at 16 kHz: nobody waits for one for longer, and its audio has to be kept.
const LONGEST_TURN: u64 = 300 * RATE;
/// So long a turn may be continued after it has paused.
const KEPT: u64 = 10 * RATE;

/// So far the place of what is judged may be off real time, in samples at 16 kHz: 10 ms.
const OFF: i64 = 160;

/// The turn that ended last.
#[derive(Debug, Clone, Copy)]
struct Last {
    /// Where its audio begins.
    from: u64,
    /// When it is forgotten, in samples at 16 kHz.
    until: u64,
    /// The next turn goes on with it.
    continues: bool,
}

/// One stream's speech. Places count samples of each channel since listening began: at 16 kHz where speech is judged, at the
/// handler's rate where audio is kept.
#[derive(Debug)]
pub(crate) struct SpeechStage {
    settings: SpeechSettings,
    rate: u64,
    /// The stream's time when listening began.
    begun: Duration,
    converter: Converter,
    model: Box<dyn SpeechModel>,
    detector: Detector,
    guard: Option<Box<EchoGuard>>,
    /// How far places are behind the clock that sent audio is timed by.
    behind: i64,
    quiet: Quiet,
    recording: Recording,
    mode: ReplyMode,
    /// Converted, and not yet judged.
    ready: Fifo<f32>,
    /// The place of the next frame to be judged, at 16 kHz…
    judged: u64,
    /// …and where the last of what is converted and wants judging ends.
    audible: u64,
    frame: Box<[f32; FRAME as usize]>,
    findings: Vec<Finding>,
    /// Where the audio of the turn under way begins.
    turn_from: Option<u64>,
    last: Option<Last>,
    /// What lies before was handed out, or is nobody's.
    floor: u64,
    events: VecDeque<SpeechEvent>,
    wants_interruption: bool,
}

impl SpeechStage {
    /// # Errors
    /// [`MediaError::Resampler`] when the rate can't be converted.
    pub(crate) fn new(
        settings: SpeechSettings,
        (rate, layout): (SampleRate, Layout),
        model: Box<dyn SpeechModel>,
        begun: Duration,
    ) -> Result<Self, MediaError> {
        Ok(Self {
            settings,
            rate: rate.hz().into(),
            begun,
            converter: Converter::new(rate, layout)?,
            model,
            detector: Detector::new(&settings),
            guard: settings.echo_guard.then(|| Box::new(EchoGuard::new())),
            behind: 0,
            quiet: Quiet::default(),
            recording: Recording::new(layout.channels()),
            mode: ReplyMode::None,
            ready: Fifo::default(),
            judged: 0,
            audible: 0,
            frame: Box::new([0.0; FRAME as usize]),
            findings: Vec::new(),
            turn_from: None,
            last: None,
            floor: 0,
            events: VecDeque::new(),
            wants_interruption: false,
        })
    }

    /// Takes a frame of the handler's, in its rate and layout.
    pub(crate) fn push(&mut self, frame: &[i16]) {
        self.recording.push(frame);
        if self.mode == ReplyMode::Deaf {
            return self.forget();
        }
        self.convert(frame);
        while let Some(samples) = self.ready.take(FRAME as usize) {
            self.frame.copy_from_slice(samples);
            self.judge();
        }
        self.end_at_limit();
        self.forget();
    }

    /// Takes what is sent: mono at 16 kHz, from that place of the clock on.
    pub(crate) fn sent(&mut self, at: u64, samples: &[f32]) {
        if let Some(guard) = &mut self.guard {
            guard.sent(at, samples);
        }
    }

    /// The share of packets that got lost lately, either way; 0 to 1.
    pub(crate) fn set_loss(&mut self, share: f32) {
        if let Some(guard) = &mut self.guard {
            guard.set_loss(share);
        }
    }

    /// The end of what was received, so many samples behind what was pushed, belongs to that place of the clock.
    pub(crate) fn keep_time(&mut self, end: u64, waiting: u64) {
        let behind = end as i64 - self.at_16_khz(self.recording.end() + waiting) as i64;
        if (behind - self.behind).abs() > OFF {
            self.behind = behind;
        }
    }

    /// What becomes of speech from here on.
    pub(crate) fn set_reply(&mut self, mode: ReplyMode) {
        let before = std::mem::replace(&mut self.mode, mode);
        if before == mode || (before != ReplyMode::Deaf && mode != ReplyMode::Deaf) {
            return;
        }
        let mut findings = std::mem::take(&mut self.findings);
        self.detector.reset(|finding| findings.push(finding));
        self.report(&mut findings);
        self.turn_from = None;
        self.last = None;
        self.begin_afresh();
    }

    /// The turn that ended last isn't over.
    pub(crate) fn continue_turn(&mut self) {
        let Some(last) = &mut self.last else { return };
        last.continues = true;
        if let Some(from) = &mut self.turn_from {
            *from = last.from.min(*from);
        }
    }

    /// Ends the turn under way, if there is one, and tells what was said.
    pub(crate) fn take_turn(&mut self) {
        let (from, to) = (self.said_from(), self.recording.end());
        self.end_turn();
        self.hand_out(from, to, TurnEnd::Taken);
    }

    /// Tells what was said of the turn so far.
    pub(crate) fn peek_turn(&mut self) {
        self.tell_turn(self.said_from(), self.recording.end(), TurnEnd::Open);
    }

    /// Nobody has said anything.
    pub(crate) fn reset(&mut self) {
        self.detector.reset(|_| {});
        self.turn_from = None;
        self.last = None;
        self.floor = self.recording.end();
        self.begin_afresh();
        self.forget();
    }

    /// Whether nothing depends on what is heard next being heard soon: nobody has begun to speak, and no reply plays.
    pub(crate) fn is_waiting(&self) -> bool {
        self.mode == ReplyMode::None && self.turn_from.is_none() && self.detector.is_idle()
    }

    /// Whether what is too faint for speech need not be heard: it has been so for a while, and nothing else is under way.
    pub(crate) fn may_doze(&self) -> bool {
        self.quiet.skips() && self.is_waiting() && self.last.is_none()
    }

    /// Whether our reply is to be silenced; asked once for each start of speech. The answer's consequence goes to
    /// [`interrupted`](Self::interrupted).
    pub(crate) fn take_interruption(&mut self) -> bool {
        std::mem::take(&mut self.wants_interruption)
    }

    /// The reply was silenced after so much of it.
    pub(crate) fn interrupted(&mut self, heard: Duration) {
        for event in self.events.iter_mut().rev() {
            if let SpeechEvent::Started { interrupted, .. } = event {
                *interrupted = Some(heard);
                return;
            }
        }
    }

    /// The next event.
    pub(crate) fn poll(&mut self) -> Option<SpeechEvent> {
        self.events.pop_front()
    }

    /// Converts a frame; a quiet one, while nothing else is under way, counts as silence unheard.
    fn convert(&mut self, frame: &[i16]) {
        let was_skipping = self.quiet.skips();
        self.quiet.hear(frame, self.detector.is_idle() && !self.settings.probabilities);
        if !self.quiet.skips() {
            self.converter.push(frame, &mut self.ready);
            self.audible = self.judged + self.ready.len() as u64;
            return;
        }
        if !was_skipping {
            self.converter.restart();
        }
        let missing =
            self.at_16_khz(self.recording.end()).saturating_sub(self.judged + self.ready.len() as u64);
        self.ready.extend_silence(missing as usize);
    }

    /// Judges the frame in `frame`.
    fn judge(&mut self) {
        let at = self.judged;
        self.judged += FRAME;
        let probability = if at < self.audible { self.model.probability(&self.frame) } else { 0.0 };
        let is_speech = self.detector.judge(probability);
        let theirs = match &mut self.guard {
            Some(guard) => guard.hear(at.saturating_add_signed(self.behind), &self.frame, is_speech),
            None => u32::from(is_speech),
        };
        if self.settings.probabilities {
            self.events.push_back(SpeechEvent::Probability { at: self.time(at), probability });
        }
        let over_reply = self.mode != ReplyMode::None;
        let mut findings = std::mem::take(&mut self.findings);
        self.detector.push(self.judged, theirs, over_reply, |finding| findings.push(finding));
        self.report(&mut findings);
    }

    /// Tells what was found, and keeps the list's memory.
    fn report(&mut self, findings: &mut Vec<Finding>) {
        for finding in findings.drain(..) {
            match finding {
                Finding::Started(at) => self.start(at),
                Finding::Stopped(at) => {
                    self.events.push_back(SpeechEvent::Stopped { at: self.time(at), found_at: self.now() });
                }
                Finding::Pause(to) => {
                    let to = to + clock::samples(self.settings.pad);
                    self.finish(self.at_rate(to).min(self.recording.end()), TurnEnd::Pause);
                }
                Finding::Max => self.finish(self.recording.end(), TurnEnd::Max),
            }
        }
        self.findings = std::mem::take(findings);
    }

    fn start(&mut self, at: u64) {
        if self.turn_from.is_none() {
            let continued = self.last.filter(|last| last.continues).map(|last| last.from);
            self.turn_from = Some(continued.unwrap_or_else(|| self.padded(at)));
            self.wants_interruption = self.mode == ReplyMode::Interruptible;
        }
        let (at, found_at) = (self.time(at), self.now());
        self.events.push_back(SpeechEvent::Started { at, found_at, interrupted: None });
    }

    fn finish(&mut self, to: u64, end: TurnEnd) {
        let from = self.turn_from.unwrap_or(to);
        self.hand_out(from, to, end);
    }

    /// Where a turn's audio begins whose speech begins there.
    fn padded(&self, at: u64) -> u64 {
        self.at_rate(at.saturating_sub(clock::samples(self.settings.pad))).max(self.floor)
    }

    /// Where what was said since the turn before begins; the end when that is nothing.
    fn said_from(&self) -> u64 {
        self.turn_from.unwrap_or_else(|| match (self.last, self.detector.begun(self.judged)) {
            (Some(Last { from, continues: true, .. }), _) => from,
            (_, Some(begun)) => self.padded(begun),
            _ => self.recording.end(),
        })
    }

    fn hand_out(&mut self, from: u64, to: u64, end: TurnEnd) {
        self.tell_turn(from, to, end);
        self.last = Some(Last { from, until: self.judged + KEPT, continues: false });
        self.turn_from = None;
        self.floor = to;
    }

    fn tell_turn(&mut self, from: u64, to: u64, end: TurnEnd) {
        let audio = self.recording.copy(from, to);
        self.events.push_back(SpeechEvent::Turn(Turn {
            from: self.time_of(from),
            to: self.time_of(to),
            found_at: self.now(),
            end,
            audio,
        }));
    }

    /// No turn may be longer than can be kept.
    fn end_at_limit(&mut self) {
        let Some(from) = self.turn_from else { return };
        if self.at_16_khz(self.recording.end() - from) >= LONGEST_TURN {
            self.end_turn();
            self.finish(self.recording.end(), TurnEnd::Max);
            // Continued, it would be too long at once.
            self.last = None;
        }
    }

    fn end_turn(&mut self) {
        let mut findings = std::mem::take(&mut self.findings);
        self.detector.end_turn(|finding| findings.push(finding));
        self.report(&mut findings);
    }

    /// What comes next is judged without what came before.
    fn begin_afresh(&mut self) {
        self.converter.restart();
        self.model.reset();
        self.quiet = Quiet::default();
        self.ready.clear();
        self.judged = self.at_16_khz(self.recording.end());
        self.audible = self.judged;
    }

    /// Lets go of audio that no turn can begin with any more.
    fn forget(&mut self) {
        if self.last.is_some_and(|last| self.judged > last.until) {
            self.last = None;
        }
        let lately = clock::samples(self.settings.window) + clock::samples(self.settings.pad) + 4 * FRAME;
        let recent = self.recording.end().saturating_sub(self.at_rate(lately));
        let kept = [self.turn_from, self.last.map(|last| last.from)].into_iter().flatten().min();
        self.recording.forget_before(kept.map_or(recent, |kept| kept.min(recent)));
    }

    fn at_rate(&self, place: u64) -> u64 {
        place * self.rate / RATE
    }

    fn at_16_khz(&self, place: u64) -> u64 {
        place * RATE / self.rate
    }

    /// The stream's time at a place at 16 kHz.
    fn time(&self, place: u64) -> Duration {
        self.begun + clock::duration(place)
    }

    /// The stream's time at a place of the recording.
    fn time_of(&self, place: u64) -> Duration {
        self.time(self.at_16_khz(place))
    }

    fn now(&self) -> Duration {
        self.time_of(self.recording.end())
    }
}
