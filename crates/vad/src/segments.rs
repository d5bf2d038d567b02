//! Where speech begins and ends, by the probabilities of the frames: Silero's `get_speech_timestamps`.

use std::time::Duration;

use crate::{FRAME_SAMPLES, SAMPLE_RATE};

/// How far the probability must fall below the threshold for speech to end.
const HYSTERESIS: f64 = 0.15;
/// The least probability below which speech ends, for thresholds near 0.
const LEAST_END: f64 = 0.01;
/// Where a stretch that is too long may be cut: in a silence longer than this.
const CUTTABLE: Duration = Duration::from_millis(98);

/// What counts as speech, with Silero's names and meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeechOptions {
    /// Probability from which a frame is speech, 0 to 1. Speech ends below 0.15 less, but not below 0.01.
    pub threshold: f64,
    /// Shorter stretches, or as short ones, are no speech.
    pub min_speech: Duration,
    /// Shorter silences within speech belong to it.
    pub min_silence: Duration,
    /// Each stretch is longer by this at both ends, as far as there is audio; two that come closer share what is between.
    pub pad: Duration,
    /// A longer stretch, its padding included, is cut at its longest silence of more than 98 ms, or else where it is too
    /// long.
    pub max_speech: Option<Duration>,
}

impl Default for SpeechOptions {
    fn default() -> Self {
        Self {
            threshold: 0.5,
            min_speech: Duration::from_millis(250),
            min_silence: Duration::from_secs(2),
            pad: Duration::from_millis(400),
            max_speech: None,
        }
    }
}

/// A stretch of speech, in samples at 16 kHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its first sample.
    pub start: usize,
    /// The sample after its last.
    pub end: usize,
}

/// The stretches of speech in `samples` samples of audio, by the `probabilities` of its frames. They are in order and
/// don't overlap.
pub fn speech_segments(
    probabilities: impl IntoIterator<Item = f32>,
    samples: usize,
    options: &SpeechOptions,
) -> Vec<Segment> {
    let mut search = Search::new(options);
    for (index, probability) in probabilities.into_iter().enumerate() {
        search.frame(index * FRAME_SAMPLES, f64::from(probability));
    }
    let mut segments = search.finish(samples);
    pad(&mut segments, samples_in(options.pad), samples);
    segments
}

/// A silence within speech.
#[derive(Clone, Copy)]
struct Silence {
    start: usize,
    length: usize,
}

/// The options in samples, and what the frames so far have shown.
struct Search {
    threshold: f64,
    end_threshold: f64,
    min_speech: f64,
    min_silence: f64,
    cuttable: f64,
    max_speech: f64,
    /// Where the speech began that is going on.
    speech: Option<usize>,
    /// Where the silence began that may end it.
    silence: Option<usize>,
    /// The longest silence in it, where it would be cut.
    cut: Option<Silence>,
    found: Vec<Segment>,
}

impl Search {
    fn new(options: &SpeechOptions) -> Self {
        let padding = FRAME_SAMPLES as f64 + 2.0 * samples_in(options.pad);
        Self {
            threshold: options.threshold,
            end_threshold: (options.threshold - HYSTERESIS).max(LEAST_END),
            min_speech: samples_in(options.min_speech),
            min_silence: samples_in(options.min_silence),
            cuttable: samples_in(CUTTABLE),
            max_speech: options.max_speech.map_or(f64::INFINITY, |most| samples_in(most) - padding),
            speech: None,
            silence: None,
            cut: None,
            found: Vec::new(),
        }
    }

    /// The next frame, which begins at `at`.
    fn frame(&mut self, at: usize, probability: f64) {
        let is_speech = probability >= self.threshold;
        if is_speech {
            self.end_silence(at);
        }
        let Some(start) = self.speech else {
            self.speech = is_speech.then_some(at);
            return;
        };
        if (at - start) as f64 > self.max_speech && !self.cut_speech(start, at) {
            return;
        }
        if probability < self.end_threshold {
            self.go_silent(at);
        }
    }

    /// Speech is back: the silence before it is one to cut at if nothing longer comes.
    fn end_silence(&mut self, at: usize) {
        let Some(start) = self.silence.take() else { return };
        let length = at - start;
        let is_longest = self.cut.is_none_or(|cut| length > cut.length);
        if length as f64 > self.cuttable && is_longest {
            self.cut = Some(Silence { start, length });
        }
    }

    /// Cuts speech that has become too long. Returns whether some of it goes on.
    fn cut_speech(&mut self, start: usize, at: usize) -> bool {
        let cut = self.cut.take();
        self.silence = None;
        self.found.push(Segment { start, end: cut.map_or(at, |silence| silence.start) });
        self.speech = cut.map(|silence| silence.start + silence.length);
        self.speech.is_some()
    }

    /// A silent frame in speech, which ends it when the silence is long enough.
    fn go_silent(&mut self, at: usize) {
        let end = *self.silence.get_or_insert(at);
        if (at - end) as f64 >= self.min_silence {
            self.end_speech(end);
            (self.silence, self.cut) = (None, None);
        }
    }

    fn end_speech(&mut self, end: usize) {
        if let Some(start) = self.speech.take()
            && end.saturating_sub(start) as f64 > self.min_speech
        {
            self.found.push(Segment { start, end });
        }
    }

    fn finish(mut self, samples: usize) -> Vec<Segment> {
        self.end_speech(samples);
        self.found
    }
}

/// Makes each segment longer at both ends by `pad` samples, or by half of what lies between two.
fn pad(segments: &mut [Segment], pad: f64, samples: usize) {
    let earlier = |start: usize| (start as f64 - pad).max(0.0) as usize;
    let later = |end: usize| (end as f64 + pad).min(samples as f64) as usize;
    if let Some(first) = segments.first_mut() {
        first.start = earlier(first.start);
    }
    for index in 1..segments.len() {
        let (end, start) = (segments[index - 1].end, segments[index].start);
        let between = start - end;
        if (between as f64) < 2.0 * pad {
            segments[index - 1].end += between / 2;
            segments[index].start -= between / 2;
        } else {
            segments[index - 1].end = later(end);
            segments[index].start = earlier(start);
        }
    }
    if let Some(last) = segments.last_mut() {
        last.end = later(last.end);
    }
}

/// Samples in so long, with their fraction.
fn samples_in(duration: Duration) -> f64 {
    duration.as_nanos() as f64 * f64::from(SAMPLE_RATE) / 1e9
}
