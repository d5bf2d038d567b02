//! What is told of speech.

use std::time::Duration;

/// Why a turn is over, if it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnEnd {
    /// The speaker paused.
    Pause,
    /// The speaker went on for as long as is allowed.
    Max,
    /// It was asked for.
    Taken,
    /// It isn't over: what was said so far was asked for.
    Open,
}

/// Something about speech. All times count from the stream's start, in audio that was received or made up for what was not.
#[derive(Debug, Clone, PartialEq)]
pub enum SpeechEvent {
    /// Somebody has started to speak.
    Started {
        /// When that began.
        at: Duration,
        /// When it was certain.
        found_at: Duration,
        /// Our reply was silenced for it, after so much of it had been sent.
        interrupted: Option<Duration>,
    },
    /// A stretch of speech has ended; a pause follows if none begins.
    Stopped {
        /// When it ended.
        at: Duration,
        /// When that was certain.
        found_at: Duration,
    },
    /// A turn is over, or what was said of it so far.
    Turn(Turn),
    /// A frame was judged.
    Probability {
        /// When it began.
        at: Duration,
        /// That it is speech; 0 to 1.
        probability: f32,
    },
}

/// What was said in one turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// When the audio begins: the pad before the first speech, or where the turn before ended.
    pub from: Duration,
    /// When it ends: the pad behind the last speech, or when the end was found.
    pub to: Duration,
    /// When the end was found.
    pub found_at: Duration,
    /// Why it is over, if it is.
    pub end: TurnEnd,
    /// Interleaved PCM in the rate and layout of the handler's frames; empty when nothing was said.
    pub audio: Vec<i16>,
}
