//! Speech in what the peer says: where it starts, where it pauses, and the audio of each turn.
//!
//! ```text
//! frames → recording ────────────────────────────────→ a turn's audio
//!        → convert (16 kHz) → model → detector (window) → starts and pauses
//! ```

mod clock;
mod convert;
mod detector;
mod event;
mod listener;
mod losses;
mod model;
mod quiet;
mod recording;
mod settings;
mod stage;
mod tap;
mod window;

pub use event::{SpeechEvent, Turn, TurnEnd};
pub(crate) use listener::{Listener, begins_reply};
pub use settings::{ReplyMode, SpeechRequest, SpeechSettings};
pub(crate) use tap::Tap;
