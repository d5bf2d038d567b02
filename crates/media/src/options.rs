//! How a pipeline is set up.

use std::time::Duration;

use crate::{Layout, MediaError, SampleRate, WireOptions};

/// What the encoder optimises for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Application {
    /// Speech.
    #[default]
    Voip,
    /// Music and everything else.
    Audio,
}

/// Settings of the Opus encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpusOptions {
    /// Bits a second, 6,000 to 510,000; 96,000 by default. So many need no model of a voice, which is most of the work. Speech
    /// with FEC has 48,000 at most while anything gets lost, and 32,000 while much does.
    pub bitrate: u32,
    /// Effort, 0 (least, the default) to 10. At 48 kbit/s, 0 sounds like 9 at 32 kbit/s for a third of the work.
    pub complexity: u8,
    /// In-band forward error correction; on by default. It costs nothing until loss is expected.
    pub fec: bool,
    /// Discontinuous transmission: almost nothing is sent in pauses; off by default.
    pub dtx: bool,
    /// What to optimise for; speech by default.
    pub application: Application,
}

impl Default for OpusOptions {
    fn default() -> Self {
        Self { bitrate: 96_000, complexity: 0, fec: true, dtx: false, application: Application::Voip }
    }
}

/// What a peer asks of our encoder (RFC 7587, section 6.1). Each is a wish, for a decoder of Opus takes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerWishes {
    /// `maxaveragebitrate`: the most bits a second that it wants; none when it doesn't say.
    pub max_bitrate: Option<u32>,
    /// `maxplaybackrate`: the highest sampling rate that it plays, in Hz; what is beyond is not worth its bits.
    pub max_playback_rate: u32,
    /// `stereo`: whether it plays two channels. If not, stereo is mixed down.
    pub stereo: bool,
    /// `useinbandfec`: whether it makes up for lost packets with what the next one repeats.
    pub fec: bool,
    /// `usedtx`: whether it would rather get nothing than silence.
    pub dtx: bool,
    /// `cbr`: whether it wants all packets of one length.
    pub cbr: bool,
}

impl Default for PeerWishes {
    /// A peer that takes everything.
    fn default() -> Self {
        Self { max_bitrate: None, max_playback_rate: 48_000, stereo: true, fec: true, dtx: false, cbr: false }
    }
}

/// Where the outgoing RTP stream begins. Random (RFC 3550, section 5.1), so it comes from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RtpStart {
    /// Sequence number of the first packet.
    pub sequence_number: u16,
    /// Timestamp of the first packet.
    pub timestamp: u32,
}

/// How a [`Pipeline`](crate::Pipeline) is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PipelineOptions {
    /// The rate of the frames that the handler gets. Decoded directly when Opus has it, else resampled from 48 kHz.
    pub input_rate: SampleRate,
    /// The layout of the frames that the handler gets.
    pub input_layout: Layout,
    /// The rate that emitted audio is encoded at; when Opus does not have it, 48 kHz.
    pub output_rate: SampleRate,
    /// The layout that is encoded.
    pub output_layout: Layout,
    /// The encoder's settings.
    pub opus: OpusOptions,
    /// How much emitted audio waits of a source that emits whenever there is room: it is asked for more when there is less.
    pub output_target: Duration,
    /// The shortest time that a missing packet is waited for.
    pub jitter_min: Duration,
    /// The longest time that a missing packet is waited for.
    pub jitter_max: Duration,
    /// Where the outgoing stream begins.
    pub rtp_start: RtpStart,
    /// How audio is carried by a stream; none for Opus over RTP, to which what is said of jitter and RTP here belongs.
    pub wire: Option<WireOptions>,
    /// Whether silence that goes on is sent in packets too, as by a microphone. Else the peer gets none of it after 2 s, which
    /// is silence to it all the same, until there is something to hear. A stream's far end needs it, for it knows the time of
    /// what it gets only by how much that is. A peer that asks for packets of one length gets it too ([`PeerWishes::cbr`]).
    pub sends_silence: bool,
}

impl PipelineOptions {
    /// # Errors
    /// [`MediaError::JitterBounds`] when they are the wrong way round, or what is wrong with the wire's options. The codec
    /// checks its own.
    pub(crate) fn check(&self) -> Result<(), MediaError> {
        if self.jitter_min > self.jitter_max {
            return Err(MediaError::JitterBounds);
        }
        self.wire.map_or(Ok(()), |wire| wire.check())
    }
}
