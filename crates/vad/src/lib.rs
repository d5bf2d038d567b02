//! Silero's voice activity detection, version 6.2.3, as a value: how likely 32 ms of audio hold speech, and where
//! speech begins and ends.
//!
//! ```text
//! 512 samples at 16 kHz → windowed Fourier transform → four convolutions → LSTM → probability
//! probabilities → threshold with hysteresis → lengths and padding → stretches of speech
//! ```
//!
//! The weights are the original's (`weights/README.md`); the arithmetic is written out here, without an inference
//! engine. One table of weights serves the process, and each stream keeps a [`State`] of 1.3 kB.
//!
//! ```
//! use parley_vad::{FRAME_SAMPLES, Silero, State};
//!
//! let mut state = State::default();
//! let silence = [0.0; FRAME_SAMPLES];
//! assert!(Silero::shared().probability(&mut state, &silence) < 0.5);
//! ```
#![deny(unsafe_code)]

mod find;
mod matvec;
mod network;
mod segments;
mod sigmoid;
mod silero;
mod state;
mod table;

pub use find::find_speech;
pub use segments::{Segment, SpeechOptions, speech_segments};
pub use silero::Silero;
pub use state::State;

/// Samples that each probability is about: 32 ms at 16 kHz.
pub const FRAME_SAMPLES: usize = 512;
/// Samples a second that the model was trained for.
pub const SAMPLE_RATE: u32 = 16_000;
