//! What a stream carries as PCM in the handler's layout.

use crate::fifo::Fifo;
use crate::opus::{OpusDecoder, packet_ticks};
use crate::units::FRAME_RATE;
use crate::{MediaError, PipelineOptions, SampleRate, WireCodec, mulaw};

/// Turns payloads of any length into blocks of PCM: of 20 ms, or a packet of Opus each.
#[derive(Debug)]
pub(crate) struct WireDecoder {
    codec: Codec,
    /// The rate of the blocks.
    rate: SampleRate,
    channels: usize,
    /// Decoded, and not yet a block.
    pending: Fifo<i16>,
}

#[derive(Debug)]
enum Codec {
    Mulaw,
    PcmS16le {
        /// The first byte of a sample that a payload ended in.
        odd: Option<u8>,
    },
    Opus(Box<OpusDecoder>),
}

impl WireDecoder {
    /// # Errors
    /// What libopus says.
    pub(crate) fn new(
        codec: WireCodec,
        rate: SampleRate,
        options: &PipelineOptions,
    ) -> Result<Self, MediaError> {
        let (layout, handlers) = (options.input_layout, options.input_rate);
        let (codec, rate) = match codec {
            WireCodec::Mulaw => (Codec::Mulaw, rate),
            WireCodec::PcmS16le => (Codec::PcmS16le { odd: None }, rate),
            WireCodec::Opus => {
                let rate = if handlers.is_opus() { handlers } else { SampleRate::HZ_48000 };
                (Codec::Opus(Box::new(OpusDecoder::new(rate, layout)?)), rate)
            }
        };
        Ok(Self { codec, rate, channels: layout.channels(), pending: Fifo::default() })
    }

    /// The rate of the blocks.
    pub(crate) fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Takes a payload. `None` when it is no audio.
    pub(crate) fn push(&mut self, payload: &[u8]) -> Option<()> {
        let channels = self.channels;
        let pending = self.pending.tail();
        let mut push = |sample| pending.extend(std::iter::repeat_n(sample, channels));
        match &mut self.codec {
            Codec::Mulaw => payload.iter().for_each(|byte| push(mulaw::decode(*byte))),
            Codec::PcmS16le { odd } => {
                let mut bytes = odd.take().into_iter().chain(payload.iter().copied());
                while let Some(low) = bytes.next() {
                    match bytes.next() {
                        Some(high) => push(i16::from_le_bytes([low, high])),
                        None => *odd = Some(low),
                    }
                }
            }
            Codec::Opus(opus) => {
                let ticks = packet_ticks(payload)?;
                pending.extend_from_slice(opus.decode(payload, ticks)?);
            }
        }
        Some(())
    }

    /// The next whole block.
    pub(crate) fn take(&mut self) -> Option<&[i16]> {
        let length = match self.codec {
            // A packet is taken as soon as it was pushed.
            Codec::Opus(_) => self.pending.len().min(self.frame_length()),
            _ => self.frame_length(),
        };
        if length == 0 { None } else { self.pending.take(length) }
    }

    /// What is less than a block.
    pub(crate) fn take_rest(&mut self) -> &[i16] {
        let rest = self.pending.len();
        self.pending.take(rest).unwrap_or_default()
    }

    /// How many samples wait, all channels counted.
    pub(crate) fn waiting(&self) -> u64 {
        self.pending.len() as u64
    }

    /// Samples of 20 ms, all channels counted.
    pub(crate) fn frame_length(&self) -> usize {
        (self.rate.hz() / FRAME_RATE) as usize * self.channels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Layout, OpusOptions};
    use std::time::Duration;

    fn decoder(codec: WireCodec, input_layout: Layout) -> WireDecoder {
        let options = PipelineOptions {
            input_rate: SampleRate::HZ_24000,
            input_layout,
            output_rate: SampleRate::HZ_24000,
            output_layout: Layout::Mono,
            opus: OpusOptions::default(),
            output_target: Duration::ZERO,
            jitter_min: Duration::ZERO,
            jitter_max: Duration::ZERO,
            rtp_start: crate::RtpStart::default(),
            wire: None,
            sends_silence: false,
        };
        WireDecoder::new(codec, SampleRate::HZ_8000, &options).unwrap()
    }

    #[test]
    fn samples_survive_payloads_of_any_length() {
        let samples: Vec<i16> = (0..1_000).map(|n| n * 31 - 15_000).collect();
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let mut decoder = decoder(WireCodec::PcmS16le, Layout::Mono);
        let (mut decoded, mut at) = (Vec::new(), 0);
        for length in (1..).step_by(2) {
            let Some(payload) = bytes.get(at..).filter(|rest| !rest.is_empty()) else { break };
            let payload = &payload[..length.min(payload.len())];
            decoder.push(payload).unwrap();
            at += payload.len();
            while let Some(block) = decoder.take() {
                assert_eq!(block.len(), 160);
                decoded.extend_from_slice(block);
            }
        }
        decoded.extend_from_slice(decoder.take_rest());
        assert_eq!(decoded, samples);
    }

    #[test]
    fn a_handler_that_wants_stereo_gets_the_channel_twice() {
        let mut decoder = decoder(WireCodec::Mulaw, Layout::Stereo);
        decoder.push(&[0x80; 160]).unwrap();
        assert_eq!(decoder.take(), Some(&[32_124; 320][..]));
    }

    #[test]
    fn what_is_no_packet_of_opus_is_none() {
        let mut decoder = decoder(WireCodec::Opus, Layout::Mono);
        for payload in [&[][..], &[0xff; 3], &[0x03, 0x7f, 0, 0, 0]] {
            assert_eq!(decoder.push(payload), None);
        }
        assert_eq!(decoder.waiting(), 0);
        assert_eq!(decoder.take(), None);
    }
}
