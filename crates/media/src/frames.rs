//! Decoded PCM of any length as frames of 20 ms at the handler's rate.

use crate::fifo::Fifo;
use crate::resample::Resampler;
use crate::units::FRAME_RATE;
use crate::{Layout, MediaError, SampleRate, pcm};

/// The most that waits for the pipeline's owner: 5 s, the bound of a handler's input queue too.
const CAPACITY_FRAMES: usize = 250;

/// Resamples when it must, and cuts frames.
#[derive(Debug)]
pub(crate) struct FrameMaker {
    resampling: Option<Resampling>,
    ready: Fifo<i16>,
    channels: usize,
    rate: u64,
    /// Frames taken or dropped so far.
    cut: u64,
    dropped: u64,
}

#[derive(Debug)]
struct Resampling {
    resampler: Resampler,
    input: Vec<f32>,
    output: Fifo<f32>,
}

impl FrameMaker {
    /// Frames at `rate` of PCM at `decoded_rate`.
    pub(crate) fn new(
        decoded_rate: SampleRate,
        rate: SampleRate,
        layout: Layout,
    ) -> Result<Self, MediaError> {
        let resampling = if decoded_rate == rate {
            None
        } else {
            let resampler = Resampler::new(decoded_rate, rate, layout)?;
            Some(Resampling { resampler, input: Vec::new(), output: Fifo::default() })
        };
        let (channels, rate) = (layout.channels(), u64::from(rate.hz()));
        Ok(Self { resampling, ready: Fifo::default(), channels, rate, cut: 0, dropped: 0 })
    }

    /// Appends interleaved PCM.
    pub(crate) fn push(&mut self, samples: &[i16]) {
        match &mut self.resampling {
            None => self.ready.extend(samples),
            Some(resampling) => {
                resampling.input.clear();
                resampling.input.extend(samples.iter().map(|&sample| pcm::to_f32(sample)));
                resampling.run(&mut self.ready);
            }
        }
        self.drop_excess();
    }

    /// Appends so many samples per channel of silence.
    pub(crate) fn push_silence(&mut self, samples: usize) {
        let count = samples * self.channels;
        match &mut self.resampling {
            None => self.ready.extend_silence(count),
            Some(resampling) => {
                resampling.input.clear();
                resampling.input.resize(count, 0.0);
                resampling.run(&mut self.ready);
            }
        }
        self.drop_excess();
    }

    /// Whether a whole frame is ready.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.len() >= self.next_len()
    }

    /// Samples of each channel that are ready, whole frames or not.
    pub(crate) fn ready(&self) -> u64 {
        (self.ready.len() / self.channels) as u64
    }

    /// Samples of each channel to the second.
    pub(crate) fn rate(&self) -> u64 {
        self.rate
    }

    /// Takes the oldest frame.
    pub(crate) fn take(&mut self) -> Option<&[i16]> {
        let length = self.next_len();
        let frame = self.ready.take(length)?;
        self.cut += 1;
        Some(frame)
    }

    /// Frames dropped because nobody took them.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Frames taken.
    pub(crate) fn taken(&self) -> u64 {
        self.cut - self.dropped
    }

    /// The length of the next frame. At 11,025 Hz and the like 20 ms are no whole number of samples: lengths alternate.
    fn next_len(&self) -> usize {
        let up_to = |frames: u64| frames * self.rate / u64::from(FRAME_RATE);
        (up_to(self.cut + 1) - up_to(self.cut)) as usize * self.channels
    }

    fn drop_excess(&mut self) {
        while self.ready.len() > CAPACITY_FRAMES * self.next_len() {
            self.ready.skip(self.next_len());
            self.cut += 1;
            self.dropped += 1;
        }
    }
}

impl Resampling {
    fn run(&mut self, ready: &mut Fifo<i16>) {
        self.resampler.push(&self.input, &mut self.output);
        ready.tail().extend(self.output.as_slice().iter().map(|&sample| pcm::to_i16(sample)));
        self.output.clear();
    }
}
