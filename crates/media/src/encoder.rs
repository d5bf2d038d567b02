//! What makes payloads of 20 ms frames.

use crate::live_opus::LiveOpus;
use crate::rate_control::EncoderSettings;
use crate::{
    Layout, MediaError, OpusOptions, PeerWishes, PipelineOptions, SampleRate, WireCodec, mulaw, pcm,
};

/// One of the ways to write audio.
#[derive(Debug)]
pub(crate) struct Encoder {
    /// What is encoded.
    pub(crate) rate: SampleRate,
    pub(crate) layout: Layout,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Opus(LiveOpus),
    Pcm {
        is_mulaw: bool,
        /// The payload made last.
        payload: Vec<u8>,
    },
}

impl Encoder {
    /// # Errors
    /// [`MediaError`] naming a setting that the encoder does not have.
    pub(crate) fn new(options: &PipelineOptions) -> Result<Self, MediaError> {
        let layout = options.output_layout;
        match options.wire.map(|wire| (wire.codec, wire.output_rate)) {
            None if options.output_rate.is_opus() => Self::opus(options.output_rate, layout, options.opus),
            None => Self::opus(SampleRate::HZ_48000, layout, options.opus),
            // What is not sent would not be heard as a pause, for nothing tells its time.
            Some((WireCodec::Opus, rate)) => {
                Self::opus(rate, layout, OpusOptions { dtx: false, ..options.opus })
            }
            Some((codec, rate)) => {
                let kind = Kind::Pcm { is_mulaw: codec == WireCodec::Mulaw, payload: Vec::new() };
                Ok(Self { rate, layout: Layout::Mono, kind })
            }
        }
    }

    fn opus(rate: SampleRate, layout: Layout, options: OpusOptions) -> Result<Self, MediaError> {
        Ok(Self { rate, layout, kind: Kind::Opus(LiveOpus::new(rate, layout, options)?) })
    }

    /// Takes settings; from the next frame on. PCM has none.
    pub(crate) fn set(&mut self, settings: EncoderSettings) {
        if let Kind::Opus(opus) = &mut self.kind {
            opus.set(settings);
        }
    }

    /// Heeds what the peer asks for, as far as it can.
    pub(crate) fn set_wishes(&mut self, wishes: PeerWishes) {
        if let Kind::Opus(opus) = &mut self.kind {
            opus.set_wishes(wishes);
        }
    }

    /// The bits a second of PCM; none for a codec that has a setting for that.
    pub(crate) fn fixed_bitrate(&self) -> Option<u32> {
        match self.kind {
            Kind::Opus(_) => None,
            Kind::Pcm { is_mulaw, .. } => Some(self.rate.hz() * if is_mulaw { 8 } else { 16 }),
        }
    }

    /// Whether the end of a frame is in the payload of the next.
    pub(crate) fn holds_back(&self) -> bool {
        matches!(self.kind, Kind::Opus(_))
    }

    /// Encodes 20 ms of interleaved PCM within ±1. Returns the payload's length, `None` when there is none.
    pub(crate) fn encode(&mut self, frame: &[f32]) -> Option<usize> {
        match &mut self.kind {
            Kind::Opus(opus) => opus.encode(frame),
            Kind::Pcm { is_mulaw, payload } => {
                payload.clear();
                let samples = frame.iter().map(|sample| pcm::to_i16(*sample));
                if *is_mulaw {
                    payload.extend(samples.map(mulaw::encode));
                } else {
                    payload.extend(samples.flat_map(i16::to_le_bytes));
                }
                Some(payload.len())
            }
        }
    }

    /// The first `length` bytes of the payload made last.
    pub(crate) fn payload(&self, length: usize) -> &[u8] {
        match &self.kind {
            Kind::Opus(opus) => opus.payload(length),
            Kind::Pcm { payload, .. } => &payload[..length],
        }
    }
}
