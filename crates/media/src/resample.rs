//! Sample-rate conversion of a stream, in pieces of any length: `rubato` with a queue before and after.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, Fft, FixedAsync, FixedSync, Indexing, SincInterpolationParameters, SincInterpolationType,
    WindowFunction,
};

use crate::fifo::Fifo;
use crate::{Layout, MediaError, SampleRate};

/// Blocks longer than this many to the second (25 ms) would delay too much: such pairs of rates take the sinc.
const SLOWEST_BLOCKS: u32 = 40;

/// Taps of the windowed sinc at the lower of the two rates.
const SINC_TAPS: usize = 128;

/// Converts interleaved PCM from one rate to another.
pub(crate) struct Resampler {
    from: SampleRate,
    to: SampleRate,
    channels: usize,
    inner: Box<dyn rubato::Resampler<f32>>,
    /// Input that does not fill a block yet.
    waiting: Fifo<f32>,
    /// Output of one block.
    block: Vec<f32>,
    /// Frames of output still to be dropped.
    trim: usize,
}

impl Resampler {
    /// # Errors
    /// [`MediaError::Resampler`] when there is none for these rates.
    pub(crate) fn new(from: SampleRate, to: SampleRate, layout: Layout) -> Result<Self, MediaError> {
        let channels = layout.channels();
        let inner = make(from, to, channels)?;
        let block = vec![0.0; inner.output_frames_max() * channels];
        Ok(Self { from, to, channels, inner, waiting: Fifo::default(), block, trim: 0 })
    }

    pub(crate) fn from(&self) -> SampleRate {
        self.from
    }

    /// Frames of input that wait for their block to fill.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len() / self.channels
    }

    /// Converts `input` and appends what comes of it to `out`.
    pub(crate) fn push(&mut self, input: &[f32], out: &mut Fifo<f32>) {
        self.waiting.extend(input);
        loop {
            let needed = self.inner.input_frames_next();
            if self.waiting() < needed || !self.process(None, out) {
                return;
            }
        }
    }

    /// Appends what the filter still holds to `out` and forgets the stream.
    pub(crate) fn flush(&mut self, out: &mut Fifo<f32>) {
        let ratio = f64::from(self.to.hz()) / f64::from(self.from.hz());
        let rest = (self.waiting() as f64 * ratio).ceil() as usize + self.inner.output_delay();
        let end = out.len() + rest.saturating_sub(self.trim) * self.channels;
        while out.len() < end && self.process(Some(self.waiting()), out) {}
        out.drop_newest(out.len().saturating_sub(end));
        self.reset();
    }

    /// Forgets the stream.
    pub(crate) fn reset(&mut self) {
        self.inner.reset();
        self.waiting.clear();
        self.trim = 0;
    }

    /// Drops the filter's delay from the coming output, so that the stream joins another without a gap.
    pub(crate) fn trim_delay(&mut self) {
        self.trim = self.inner.output_delay();
    }

    /// Converts one block; `partial` says how much of it there is when it is not full.
    fn process(&mut self, partial: Option<usize>, out: &mut Fifo<f32>) -> bool {
        let available = self.waiting();
        let room = self.block.len() / self.channels;
        let indexing = partial.map(|frames| Indexing::new().partial_len(frames));
        let (Ok(input), Ok(mut output)) = (
            InterleavedSlice::new(self.waiting.as_slice(), self.channels, available),
            InterleavedSlice::new_mut(&mut self.block, self.channels, room),
        ) else {
            return false;
        };
        let Ok((read, written)) = self.inner.process_into_buffer(&input, &mut output, indexing.as_ref())
        else {
            return false;
        };
        self.waiting.skip(read.min(available) * self.channels);
        let skipped = self.trim.min(written);
        self.trim -= skipped;
        out.extend(&self.block[skipped * self.channels..written * self.channels]);
        true
    }
}

fn make(
    from: SampleRate,
    to: SampleRate,
    channels: usize,
) -> Result<Box<dyn rubato::Resampler<f32>>, MediaError> {
    let (fi, fo) = (from.hz() as usize, to.hz() as usize);
    let refused = MediaError::Resampler { from: from.hz(), to: to.hz() };
    let shortest_block = fi / gcd(fi, fo);
    if shortest_block * SLOWEST_BLOCKS as usize <= fi {
        // About 10 ms, and not above: at 22,050 Hz that makes three blocks of 20 ms, where rounding up makes one and a half.
        let block = (fi / 100 / shortest_block).max(1) * shortest_block;
        Fft::new_custom(fi, fo, block, 1, channels, WindowFunction::Hann2, FixedSync::Both)
            .map(|fft| Box::new(fft) as Box<dyn rubato::Resampler<f32>>)
            .map_err(|_| refused)
    } else {
        Async::new_sinc(fo as f64 / fi as f64, 1.0, &sinc(fi, fo), fi / 100, channels, FixedAsync::Input)
            .map(|sinc| Box::new(sinc) as Box<dyn rubato::Resampler<f32>>)
            .map_err(|_| refused)
    }
}

/// Going down, the sinc must be as many times longer as the rate falls, or it lets aliases through: its length counts
/// samples of the input.
fn sinc(fi: usize, fo: usize) -> SincInterpolationParameters {
    let taps = (SINC_TAPS * fi.max(fo)).div_ceil(fo).next_multiple_of(8);
    SincInterpolationParameters {
        sinc_len: taps,
        f_cutoff: None,
        oversampling_factor: 128,
        interpolation: SincInterpolationType::Cubic,
        window: WindowFunction::BlackmanHarris2,
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampler").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;

    /// Converts a tone of half a full scale, fed in uneven pieces, and returns a second from its middle.
    fn convert(from: u32, to: u32, hz: f64) -> Vec<f32> {
        let rate = |hz| SampleRate::new(hz).unwrap();
        let mut resampler = Resampler::new(rate(from), rate(to), Layout::Mono).unwrap();
        let mut out = Fifo::default();
        for piece in tone::sine(hz, from, 3 * from as usize).chunks(from as usize / 73) {
            resampler.push(piece, &mut out);
        }
        out.as_slice()[to as usize..2 * to as usize].to_vec()
    }

    const PAIRS: [(u32, u32); 16] = [
        (8_000, 48_000),
        (11_025, 48_000),
        (16_000, 48_000),
        (22_050, 48_000),
        (24_000, 48_000),
        (44_100, 48_000),
        (96_000, 48_000),
        (192_000, 48_000),
        (192_000, 8_000),
        (48_000, 44_100),
        (48_000, 22_050),
        (48_000, 11_025),
        (24_000, 16_000),
        (44_101, 48_000),
        (48_000, 44_101),
        (191_999, 8_000),
    ];

    #[test]
    fn a_tone_keeps_its_pitch_and_level_at_every_pair_of_rates() {
        for (from, to) in PAIRS {
            for hz in [440.0, 0.4 * f64::from(from.min(to))] {
                let fit = tone::fit(&convert(from, to, hz), hz, to);
                assert!(
                    (fit.amplitude / 0.5 - 1.0).abs() < 0.001,
                    "{from} to {to}, {hz} Hz: {}",
                    fit.amplitude
                );
                assert!(fit.snr_db > 90.0, "{from} to {to}, {hz} Hz: {} dB", fit.snr_db);
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_is_gone_and_not_folded_down() {
        for (from, to) in PAIRS.into_iter().filter(|(from, to)| to < from) {
            let above = 0.55 * f64::from(to);
            if above < 0.48 * f64::from(from) {
                let left = 20.0 * (tone::rms(&convert(from, to, above)) / tone::rms(&[0.5])).log10();
                assert!(left < -90.0, "{from} to {to}: {left} dB left of {above} Hz");
            }
        }
    }

    #[test]
    fn flushing_gives_all_that_was_pushed() {
        for (from, to) in PAIRS {
            let rate = |hz| SampleRate::new(hz).unwrap();
            let mut resampler = Resampler::new(rate(from), rate(to), Layout::Stereo).unwrap();
            let mut out = Fifo::default();
            resampler.trim_delay();
            resampler.push(&vec![0.25; 2 * (from as usize / 10 + 7)], &mut out);
            resampler.flush(&mut out);
            let expected = ((from / 10 + 7) as f64 * f64::from(to) / f64::from(from)) as usize;
            assert!(
                (out.len() / 2).abs_diff(expected) <= 3,
                "{from} to {to}: {} for {expected}",
                out.len() / 2
            );
            let middle = out.as_slice()[out.len() / 2];
            assert!((middle - 0.25).abs() < 1e-3, "{from} to {to}: {middle}");
        }
    }

    #[test]
    fn twenty_milliseconds_go_in_and_twenty_come_out_where_the_rates_allow() {
        for from in [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 96_000, 192_000] {
            let rate = SampleRate::new(from).unwrap();
            let mut resampler = Resampler::new(rate, SampleRate::HZ_48000, Layout::Mono).unwrap();
            let mut out = Fifo::default();
            resampler.push(&vec![0.0; from as usize / 50], &mut out);
            assert_eq!(out.len(), 960, "from {from} Hz");
        }
    }
}
