//! Audio on a stream that keeps its order and loses nothing: a WebSocket, or a phone provider's.

use std::time::Duration;

use crate::units::FRAME_RATE;
use crate::{MediaError, SampleRate};

/// The longest [`WireOptions::lead`].
pub const MAX_LEAD: Duration = Duration::from_millis(500);

/// The most bytes of audio that one message may hold.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024;

/// How samples are written on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WireCodec {
    /// µ-law (ITU-T G.711), one channel.
    Mulaw,
    /// Signed 16-bit PCM, little-endian, one channel.
    PcmS16le,
    /// A packet of Opus in each message (RFC 6716), without RTP.
    Opus,
}

/// How audio is carried by a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireOptions {
    /// How samples are written, both ways.
    pub codec: WireCodec,
    /// The rate of what comes. Opus says its own; any of its rates does.
    pub input_rate: SampleRate,
    /// The rate of what is sent: a multiple of 50 Hz, or one that Opus has.
    pub output_rate: SampleRate,
    /// How much audio may be sent ahead of real time, for the far end to play while we are held up; 500 ms at most. A
    /// source that works in real time has nothing to send ahead.
    pub lead: Duration,
}

impl WireOptions {
    /// Checks rates and lead.
    ///
    /// # Errors
    /// [`MediaError::WireRate`] or [`MediaError::Lead`].
    pub fn check(&self) -> Result<(), MediaError> {
        for rate in [self.input_rate, self.output_rate] {
            if self.codec == WireCodec::Opus && !rate.is_opus() {
                return Err(MediaError::WireRate { hz: rate.hz(), why: "Opus has 8, 12, 16, 24 and 48 kHz" });
            }
        }
        let hz = self.output_rate.hz();
        if !hz.is_multiple_of(FRAME_RATE) {
            return Err(MediaError::WireRate { hz, why: "20 ms must be a whole number of samples" });
        }
        if self.lead > MAX_LEAD { Err(MediaError::Lead { lead: self.lead }) } else { Ok(()) }
    }
}
