//! One peer's audio in both directions.

use std::time::{Duration, Instant};

use crate::{Layout, MediaError, SampleRate};

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
    /// Bits a second, 6,000 to 510,000; 48,000 by default.
    pub bitrate: u32,
    /// Effort, 0 (least, the default) to 10.
    pub complexity: u8,
    /// In-band forward error correction; on by default.
    pub fec: bool,
    /// Discontinuous transmission: almost nothing is sent in pauses; off by default.
    pub dtx: bool,
    /// What to optimise for.
    pub application: Application,
}

impl Default for OpusOptions {
    fn default() -> Self {
        Self { bitrate: 48_000, complexity: 0, fec: true, dtx: false, application: Application::Voip }
    }
}

/// Where the outgoing RTP stream begins. Random (RFC 3550, section 5.1), so it comes from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpStart {
    /// Sequence number of the first packet.
    pub sequence_number: u16,
    /// Timestamp of the first packet.
    pub timestamp: u32,
}

/// How a [`Pipeline`] is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PipelineOptions {
    /// The rate of the frames that the handler gets.
    pub input_rate: SampleRate,
    /// The layout of the frames that the handler gets.
    pub input_layout: Layout,
    /// The handler's own output rate. Encoded directly when Opus has it, else at 48 kHz.
    pub output_rate: SampleRate,
    /// The layout that is encoded.
    pub output_layout: Layout,
    /// The encoder's settings.
    pub opus: OpusOptions,
    /// The shortest time that a missing packet is waited for.
    pub jitter_min: Duration,
    /// The longest time that a missing packet is waited for.
    pub jitter_max: Duration,
    /// Where the outgoing stream begins.
    pub rtp_start: RtpStart,
}

/// An RTP packet from the peer, its header read and its payload decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpView<'a> {
    /// The stream it belongs to.
    pub ssrc: u32,
    /// Its place in the stream.
    pub sequence_number: u16,
    /// Its time, in units of 1/48,000 s.
    pub timestamp: u32,
    /// The marker bit: the first packet after a pause.
    pub marker: bool,
    /// An Opus packet (RFC 7587), padding removed. Any bytes are safe.
    pub payload: &'a [u8],
}

/// PCM samples, the channels interleaved.
#[derive(Debug, Clone, PartialEq)]
pub enum Samples {
    /// Signed 16-bit.
    I16(Vec<i16>),
    /// 32-bit floating point, full scale at ±1. Beyond that is clipped; NaN is silence.
    F32(Vec<f32>),
}

/// Audio that a handler emitted, of any length.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// The samples. A last incomplete sample of a stereo chunk is ignored.
    pub samples: Samples,
    /// Their rate.
    pub rate: SampleRate,
    /// Their layout.
    pub layout: Layout,
}

/// A packet for the peer, to be given a header and encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodedPacket<'a> {
    /// Its place in the stream.
    pub sequence_number: u16,
    /// Its time, in units of 1/48,000 s.
    pub timestamp: u32,
    /// Set on the first packet after a pause.
    pub marker: bool,
    /// An Opus packet of 20 ms.
    pub payload: &'a [u8],
}

/// What a [`Pipeline`] has made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PipelineOutput<'a> {
    /// 20 ms of interleaved PCM for the handler.
    Frame(&'a [i16]),
    /// A packet for the peer, to be sent at once.
    Packet(EncodedPacket<'a>),
}

/// Counters since the start; all of packets unless they say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PipelineStats {
    /// Packets that came, useful or not.
    pub received: u64,
    /// Packets that did not come in time.
    pub lost: u64,
    /// Packets that came after their time was filled otherwise.
    pub late: u64,
    /// Packets that came a second time.
    pub duplicate: u64,
    /// Packets that were no valid Opus.
    pub undecodable: u64,
    /// Times that the stream began anew: another SSRC, a jump of the sequence number or of the clock.
    pub restarts: u64,
    /// 20 ms frames made up for what was lost (rounded down).
    pub concealed: u64,
    /// 20 ms frames made up because the peer sent nothing (rounded down).
    pub synthesised: u64,
    /// 20 ms frames given to the handler.
    pub frames: u64,
    /// 20 ms frames dropped because nobody took them.
    pub input_dropped: u64,
    /// The interarrival jitter of RFC 3550, section 6.4.1.
    pub jitter: Duration,
    /// Packets made for the peer.
    pub sent: u64,
    /// 20 ms frames of emitted audio dropped because the queue was full.
    pub output_dropped: u64,
    /// Times that audio was flowing and ran out.
    pub underruns: u64,
}

/// One peer's audio in both directions.
///
/// After each call that takes `now` (which never runs backwards), take outputs from [`poll`](Self::poll) until there
/// are none; then call [`wake`](Self::wake) at [`wake_at`](Self::wake_at). Equal inputs at equal times give equal outputs.
#[derive(Debug)]
pub struct Pipeline {
    _options: PipelineOptions,
}

impl Pipeline {
    /// Makes an idle pipeline.
    ///
    /// # Errors
    /// [`MediaError`] when an option is out of its range.
    pub fn new(options: PipelineOptions) -> Result<Self, MediaError> {
        Ok(Self { _options: options })
    }

    /// The peer is connected: from here on silence is made up while it sends nothing.
    pub fn start(&mut self, _now: Instant) {}

    /// Takes a packet from the peer. Whatever it holds, this can't fail: what is useless is counted.
    pub fn receive(&mut self, _now: Instant, _packet: RtpView<'_>) {}

    /// Queues audio for the peer. The samples are kept as they are and converted when they are due.
    pub fn emit(&mut self, _now: Instant, _chunk: Chunk) {}

    /// Drops all emitted audio that is not yet in a packet; the peer hears silence within a frame.
    pub fn clear_queue(&mut self, _now: Instant) {}

    /// Says that no more will be emitted, so that nothing is held back for what might follow.
    pub fn drain(&mut self) {}

    /// Tells the encoder how many of its packets get lost, in percent (0 to 100).
    pub fn set_expected_loss(&mut self, _percent: u8) {}

    /// The time asked for by [`wake_at`](Self::wake_at) has come. Harmless at any other time.
    pub fn wake(&mut self, _now: Instant) {}

    /// Takes the next output.
    pub fn poll(&mut self) -> Option<PipelineOutput<'_>> {
        None
    }

    /// When [`wake`](Self::wake) is to be called next, if nothing happens before.
    #[must_use]
    pub fn wake_at(&self) -> Option<Instant> {
        None
    }

    /// How much audio was emitted and is not yet in a packet.
    #[must_use]
    pub fn queued(&self) -> Duration {
        Duration::ZERO
    }

    /// Counters since the start.
    #[must_use]
    pub fn stats(&self) -> PipelineStats {
        PipelineStats::default()
    }
}
