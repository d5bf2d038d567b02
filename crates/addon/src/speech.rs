//! What is asked and told about speech.

use crate::errors::{Code, Result};
use napi::Env;
use napi::bindgen_prelude::Int16ArraySlice;
use napi_derive::napi;
use parley_transport::{ReplyMode, SpeechEvent, TurnEnd};
use std::time::Duration;

/// How the engine listens for speech. All times in ms.
#[napi(object)]
pub struct SpeechSettings {
    /// Over how much audio speech is summed, 32 to 60000.
    pub window_ms: f64,
    /// With more speech than this in the window, somebody has started to speak.
    pub started_ms: f64,
    /// The same while a reply plays.
    pub interrupt_ms: f64,
    /// After a start, less speech than this in the window is a pause.
    pub pause_ms: f64,
    /// Somebody who speaks for so long is not waited for any more; Infinity for five minutes, which is the most.
    pub max_continuous_ms: f64,
    /// From this probability on a frame is speech, 0 to 1.
    pub threshold: f64,
    /// A stretch of speech that was shorter when it ended doesn't count.
    pub min_speech_ms: f64,
    /// Silence of that length ends a stretch.
    pub min_silence_ms: f64,
    /// How much audio a turn has before its first speech and after its last, 0 to 10000.
    pub pad_ms: f64,
    /// Whether each frame's probability is told.
    pub probabilities: bool,
    /// Whether the echo of what is sent is kept from being taken for speech.
    pub echo_guard: bool,
}

/// Something about speech. Times are in seconds of the stream.
#[napi(object, object_from_js = false)]
pub struct NativeSpeechEvent<'env> {
    /// 'started' (at, foundAt, heardMs if a reply was silenced), 'stopped' (at, foundAt), 'pause' (at: where the audio
    /// begins, to, foundAt, reason, audio), 'peeked' (the same without a reason) or 'probability' (at, probability).
    pub kind: &'static str,
    pub at: f64,
    pub to: Option<f64>,
    pub found_at: Option<f64>,
    pub heard_ms: Option<f64>,
    /// 'pause', 'max' or 'taken'.
    pub reason: Option<&'static str>,
    pub audio: Option<Int16ArraySlice<'env>>,
    pub probability: Option<f64>,
}

impl<'env> NativeSpeechEvent<'env> {
    pub fn new(env: &'env Env, event: SpeechEvent) -> napi::Result<Self> {
        Ok(match event {
            SpeechEvent::Started { at, found_at, interrupted } => Self {
                found_at: Some(found_at.as_secs_f64()),
                heard_ms: interrupted.map(|heard| heard.as_secs_f64() * 1000.0),
                ..Self::at("started", at)
            },
            SpeechEvent::Stopped { at, found_at } => {
                Self { found_at: Some(found_at.as_secs_f64()), ..Self::at("stopped", at) }
            }
            SpeechEvent::Turn(turn) => Self {
                to: Some(turn.to.as_secs_f64()),
                found_at: Some(turn.found_at.as_secs_f64()),
                reason: match turn.end {
                    TurnEnd::Pause => Some("pause"),
                    TurnEnd::Max => Some("max"),
                    TurnEnd::Taken => Some("taken"),
                    TurnEnd::Open => None,
                },
                audio: Some(Int16ArraySlice::copy_from(env, turn.audio)?),
                ..Self::at(if turn.end == TurnEnd::Open { "peeked" } else { "pause" }, turn.from)
            },
            SpeechEvent::Probability { at, probability } => {
                Self { probability: Some(probability.into()), ..Self::at("probability", at) }
            }
        })
    }

    fn at(kind: &'static str, at: Duration) -> Self {
        let at = at.as_secs_f64();
        Self {
            kind,
            at,
            to: None,
            found_at: None,
            heard_ms: None,
            reason: None,
            audio: None,
            probability: None,
        }
    }
}

/// Reads a reply mode.
pub fn reply_mode(name: &str) -> Result<ReplyMode> {
    match name {
        "none" => Ok(ReplyMode::None),
        "interruptible" => Ok(ReplyMode::Interruptible),
        "ask" => Ok(ReplyMode::Ask),
        "deaf" => Ok(ReplyMode::Deaf),
        _ => Err(Code::INVALID_ARGUMENT.error(format!(
            "the reply mode is {name:?}; it must be \"none\", \"interruptible\", \"ask\" or \"deaf\""
        ))),
    }
}

impl TryFrom<SpeechSettings> for parley_transport::SpeechSettings {
    type Error = napi::Error<Code>;

    fn try_from(settings: SpeechSettings) -> Result<Self> {
        let any = 0.0..=f64::MAX;
        let max = settings.max_continuous_ms;
        Ok(Self {
            window: ms("windowMs", settings.window_ms, 32.0..=60_000.0)?,
            started: ms("startedMs", settings.started_ms, any.clone())?,
            interrupt: ms("interruptMs", settings.interrupt_ms, any.clone())?,
            pause: ms("pauseMs", settings.pause_ms, any.clone())?,
            max_continuous: if max == f64::INFINITY {
                None
            } else {
                Some(ms("maxContinuousMs", max, any.clone())?)
            },
            threshold: within("threshold", settings.threshold, 0.0..=1.0)? as f32,
            min_speech: ms("minSpeechMs", settings.min_speech_ms, any.clone())?,
            min_silence: ms("minSilenceMs", settings.min_silence_ms, any)?,
            pad: ms("padMs", settings.pad_ms, 0.0..=10_000.0)?,
            probabilities: settings.probabilities,
            echo_guard: settings.echo_guard,
        })
    }
}

/// The longest duration that makes sense of anything but a maximum, ms: a day.
const LONGEST_MS: f64 = 86_400_000.0;

fn ms(name: &str, value: f64, range: std::ops::RangeInclusive<f64>) -> Result<Duration> {
    let value = within(name, value, range)?.min(LONGEST_MS);
    Ok(Duration::from_secs_f64(value / 1000.0))
}

fn within(name: &str, value: f64, range: std::ops::RangeInclusive<f64>) -> Result<f64> {
    if range.contains(&value) {
        return Ok(value);
    }
    let (least, most) = range.into_inner();
    let most = if most == f64::MAX { "finite".to_owned() } else { most.to_string() };
    Err(Code::INVALID_ARGUMENT.error(format!("{name} is {value}; it must be {least} to {most}")))
}
