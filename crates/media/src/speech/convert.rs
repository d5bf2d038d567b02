//! The handler's PCM as mono at 16 kHz.

use super::clock::RATE;
use crate::fifo::Fifo;
use crate::resample::Resampler;
use crate::{Layout, MediaError, SampleRate, pcm};

/// Taps of the low-pass at 16 kHz; as many times more when the rate is higher.
const TAPS: usize = 32;

/// Sums that the filter runs side by side, which the compiler turns into vector instructions.
const LANES: usize = 16;

/// Down-mixes and resamples a stream.
#[derive(Debug)]
pub(crate) struct Converter {
    layout: Layout,
    method: Method,
    /// A piece as mono floating point.
    mono: Vec<f32>,
}

#[derive(Debug)]
enum Method {
    /// It is at 16 kHz already.
    None,
    /// The rate is a multiple of 16 kHz: one filter, every so many samples.
    Decimate { taps: Vec<f32>, factor: usize, waiting: Fifo<f32> },
    /// Any other rate.
    Resample(Resampler),
}

impl Converter {
    /// # Errors
    /// [`MediaError::Resampler`] when the rate can't be converted.
    pub(crate) fn new(rate: SampleRate, layout: Layout) -> Result<Self, MediaError> {
        let factor = (rate.hz() / RATE as u32) as usize;
        let method = match rate.hz() % RATE as u32 {
            0 if factor == 1 => Method::None,
            0 => Method::Decimate { taps: low_pass(factor), factor, waiting: Fifo::default() },
            _ => Method::Resample(Resampler::new(rate, SampleRate::HZ_16000, Layout::Mono)?),
        };
        let mut converter = Self { layout, method, mono: Vec::new() };
        converter.restart();
        Ok(converter)
    }

    /// What comes next is another stream.
    pub(crate) fn restart(&mut self) {
        match &mut self.method {
            Method::None => {}
            Method::Decimate { taps, factor, waiting } => {
                waiting.clear();
                // Silence before it, so that as much comes out as went in.
                waiting.extend_silence(taps.len() - *factor);
            }
            Method::Resample(resampler) => resampler.reset(),
        }
    }

    /// Converts interleaved 16-bit PCM and appends what comes of it to `out`.
    pub(crate) fn push(&mut self, samples: &[i16], out: &mut Fifo<f32>) {
        self.mono.clear();
        pcm::mix_into(samples, self.layout, Layout::Mono, &mut self.mono, pcm::to_f32);
        self.convert(out);
    }

    /// Converts interleaved floating-point PCM and appends what comes of it to `out`.
    pub(crate) fn push_float(&mut self, samples: &[f32], out: &mut Fifo<f32>) {
        self.mono.clear();
        pcm::mix_into(samples, self.layout, Layout::Mono, &mut self.mono, |sample| sample);
        self.convert(out);
    }

    fn convert(&mut self, out: &mut Fifo<f32>) {
        match &mut self.method {
            Method::None => out.extend(&self.mono),
            Method::Resample(resampler) => resampler.push(&self.mono, out),
            Method::Decimate { taps, factor, waiting } => {
                waiting.extend(&self.mono);
                while waiting.len() >= taps.len() {
                    let window = &waiting.as_slice()[..taps.len()];
                    out.tail().push(dot(taps, window));
                    waiting.skip(*factor);
                }
            }
        }
    }
}

/// A windowed sinc (Blackman) that passes what is below 8 kHz at `factor` times 16 kHz.
fn low_pass(factor: usize) -> Vec<f32> {
    use std::f64::consts::PI;
    let count = TAPS * factor;
    // The band's edge lies where the filter has fallen to a half.
    let cutoff = 0.45 / factor as f64;
    let tap = |n: usize| {
        let x = n as f64 - (count - 1) as f64 / 2.0;
        let phase = 2.0 * PI * n as f64 / (count - 1) as f64;
        let window = 0.42 - 0.5 * phase.cos() + 0.08 * (2.0 * phase).cos();
        let sinc = if x == 0.0 { 2.0 * cutoff } else { (2.0 * PI * cutoff * x).sin() / (PI * x) };
        window * sinc
    };
    let taps: Vec<f64> = (0..count).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    taps.into_iter().map(|tap| (tap / sum) as f32).collect()
}

/// The sum of products.
fn dot(taps: &[f32], samples: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    for (taps, samples) in taps.chunks_exact(LANES).zip(samples.chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] += taps[lane] * samples[lane];
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;

    /// A second of a tone of half a full scale, converted in frames of 20 ms; the first 50 ms are left out.
    fn convert(rate: u32, hz: f64, layout: Layout) -> Vec<f32> {
        let mut converter = Converter::new(SampleRate::new(rate).unwrap(), layout).unwrap();
        let channels = layout.channels();
        let tone = tone::sine(hz, rate, rate as usize);
        let pcm: Vec<i16> = tone.iter().flat_map(|sample| vec![pcm::to_i16(*sample); channels]).collect();
        let mut out = Fifo::default();
        for piece in pcm.chunks(rate as usize / 50 * channels) {
            converter.push(piece, &mut out);
        }
        out.as_slice()[800..].to_vec()
    }

    fn level(samples: &[f32]) -> f32 {
        (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn every_rate_comes_out_at_16_khz_with_its_level() {
        for rate in [8_000, 11_025, 16_000, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000] {
            for layout in [Layout::Mono, Layout::Stereo] {
                let out = convert(rate, 1_000.0, layout);
                let seconds = (out.len() + 800) as f64 / 16_000.0;
                assert!((0.97..=1.0).contains(&seconds), "{rate} Hz, {layout:?}: {seconds} s");
                let level = level(&out);
                assert!((level - 0.3536).abs() < 0.01, "{rate} Hz, {layout:?}: {level}");
            }
        }
    }

    #[test]
    fn what_16_khz_cannot_hold_is_kept_out() {
        for rate in [24_000, 32_000, 44_100, 48_000, 96_000] {
            let level = level(&convert(rate, 11_000.0, Layout::Mono));
            assert!(level < 0.005, "{rate} Hz: {level}");
        }
    }

    #[test]
    fn a_multiple_of_16_khz_gives_its_samples_at_once() {
        for factor in [2_usize, 3, 12] {
            let rate = SampleRate::new(16_000 * factor as u32).unwrap();
            let mut converter = Converter::new(rate, Layout::Mono).unwrap();
            let mut out = Fifo::default();
            converter.push(&vec![0; 320 * factor], &mut out);
            assert_eq!(out.len(), 320);
        }
    }
}
