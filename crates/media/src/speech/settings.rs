//! How speech is listened for.

use std::time::Duration;

/// How a pipeline listens for speech: when somebody has started to speak, and when that is a pause.
///
/// Audio is judged in frames of 32 ms. How much of it is speech is summed over the last [`window`](Self::window), which
/// slides with each frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeechSettings {
    /// Over how much audio speech is summed; 32 ms to a minute.
    pub window: Duration,
    /// With more speech than this in the window, somebody has started to speak.
    pub started: Duration,
    /// The same while a reply plays that may be interrupted; at most [`started`](Self::started), and not less than
    /// [`pause`](Self::pause), lest each interruption be a pause too.
    pub interrupt: Duration,
    /// After a start, less speech than this in the window is a pause.
    pub pause: Duration,
    /// Somebody who speaks for so long is not waited for any more; none for 5 minutes, which no turn may exceed.
    pub max_continuous: Option<Duration>,
    /// From this probability on a frame is speech, 0 to 1. Speech goes on until a frame is 0.15 below it.
    pub threshold: f32,
    /// A stretch of speech that was shorter when it ended doesn't count.
    pub min_speech: Duration,
    /// Silence of that length ends a stretch. A pause does so too.
    pub min_silence: Duration,
    /// How much audio a turn has before its first speech and after its last; up to 10 s.
    pub pad: Duration,
    /// Whether each frame's probability is told.
    pub probabilities: bool,
    /// Whether what is sent and comes back, from the peer's loudspeaker through its microphone, is kept from being taken for
    /// speech.
    pub echo_guard: bool,
}

impl Default for SpeechSettings {
    fn default() -> Self {
        Self {
            window: Duration::from_millis(600),
            started: Duration::from_millis(200),
            interrupt: Duration::from_millis(120),
            pause: Duration::from_millis(100),
            max_continuous: None,
            threshold: 0.5,
            min_speech: Duration::from_millis(250),
            min_silence: Duration::from_millis(2_000),
            pad: Duration::from_millis(400),
            probabilities: false,
            echo_guard: true,
        }
    }
}

/// What becomes of speech while we speak ourselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplyMode {
    /// Nobody speaks for us.
    #[default]
    None,
    /// A start of speech silences what we say at once.
    Interruptible,
    /// A start of speech is told; somebody else decides whether it is an interruption.
    Ask,
    /// Speech is ignored.
    Deaf,
}

/// What is asked of a pipeline that listens for speech, or is to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SpeechRequest {
    /// From now on events about speech come instead of frames.
    Listen(SpeechSettings),
    /// A reply begins, or has ended. To be said before the reply's first audio is emitted.
    Reply(ReplyMode),
    /// The turn that paused last isn't over: the next one's audio begins where that one's did, unless more than 10 s have
    /// passed without speech.
    ContinueTurn,
    /// An event with what was said of the turn so far follows, and nothing changes.
    PeekTurn,
    /// The turn is over now: an event with what was said of it so far follows, and another begins.
    TakeTurn,
    /// Nobody has said anything.
    Reset,
}
