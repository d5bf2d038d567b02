//! One stream's packets and gaps as PCM.

use crate::frames::FrameMaker;
use crate::opus::{MAX_PACKET_TICKS, OpusDecoder};
use crate::units::{TICKS_PER_FRAME, TICKS_PER_SECOND};
use crate::{Layout, MediaError, SampleRate, pcm};

/// Made-up audio keeps its level so long; then it is faded out, for a syllable drawn out longer is no guess but noise.
const FADE_FROM_TICKS: u32 = TICKS_PER_SECOND / 10;

/// How long fading out takes.
const FADE_TICKS: u32 = TICKS_PER_FRAME;

/// Decodes packets and makes up what is missing between them, into frames for the handler.
#[derive(Debug)]
pub(crate) struct StreamDecoder {
    opus: OpusDecoder,
    /// How much was made up since the last packet; enough for silence while there was none.
    made_up: u32,
    channels: usize,
    frames: FrameMaker,
}

impl StreamDecoder {
    pub(crate) fn new(rate: SampleRate, layout: Layout) -> Result<Self, MediaError> {
        let decoded_rate = if rate.is_opus() { rate } else { SampleRate::HZ_48000 };
        Ok(Self {
            opus: OpusDecoder::new(decoded_rate, layout)?,
            made_up: FADE_FROM_TICKS + FADE_TICKS,
            channels: layout.channels(),
            frames: FrameMaker::new(decoded_rate, rate, layout)?,
        })
    }

    /// Decodes a packet. Returns `None` when it can't be.
    pub(crate) fn decode(&mut self, payload: &[u8], ticks: u32) -> Option<()> {
        self.frames.push(self.opus.decode(payload, ticks)?);
        self.made_up = 0;
        Some(())
    }

    /// The same, but what is quiet is left out, which `Some(false)` says.
    pub(crate) fn decode_unless_quiet(&mut self, payload: &[u8], ticks: u32) -> Option<bool> {
        let decoded = self.opus.decode(payload, ticks)?;
        self.made_up = 0;
        let heard = !pcm::is_quiet(decoded);
        if heard {
            self.frames.push(decoded);
        }
        Some(heard)
    }

    /// Makes up `ticks` of audio after the last packet, and silence once that has faded out.
    pub(crate) fn fill(&mut self, mut ticks: u64) {
        while ticks > 0 && self.made_up < FADE_FROM_TICKS + FADE_TICKS {
            let step = ticks.min(TICKS_PER_FRAME.into()) as u32;
            self.conceal(step);
            ticks -= u64::from(step);
        }
        while ticks > 0 {
            let step = ticks.min(MAX_PACKET_TICKS.into()) as u32;
            self.frames.push_silence(self.opus.samples_of(step));
            ticks -= u64::from(step);
        }
    }

    /// Forgets the stream: what comes next is another.
    pub(crate) fn restart(&mut self) {
        self.opus.reset();
        self.made_up = FADE_FROM_TICKS + FADE_TICKS;
    }

    /// What is ready for the handler.
    pub(crate) fn frames(&self) -> &FrameMaker {
        &self.frames
    }

    pub(crate) fn frames_mut(&mut self) -> &mut FrameMaker {
        &mut self.frames
    }

    fn conceal(&mut self, ticks: u32) {
        let samples = self.opus.samples_of(ticks);
        let from = self.made_up;
        self.made_up += ticks;
        let Some(made) = self.opus.conceal(ticks) else { return self.frames.push_silence(samples) };
        let channels = self.channels;
        fade(made, channels, from, ticks);
        self.frames.push(made);
    }
}

/// Fades made-up audio that begins `from` ticks after the last packet and lasts `ticks`.
fn fade(samples: &mut [i16], channels: usize, from: u32, ticks: u32) {
    if from + ticks <= FADE_FROM_TICKS {
        return;
    }
    let count = (samples.len() / channels).max(1);
    for (n, frame) in samples.chunks_exact_mut(channels).enumerate() {
        let at = from as f32 + ticks as f32 * n as f32 / count as f32;
        let gain = 1.0 - (at - FADE_FROM_TICKS as f32) / FADE_TICKS as f32;
        for sample in frame {
            *sample = (f32::from(*sample) * gain.clamp(0.0, 1.0)) as i16;
        }
    }
}
