//! The level of a stream in bands of frequency, step by step.

use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

/// Samples from one step to the next: 16 ms at 16 kHz.
pub(super) const HOP: usize = 256;

/// Samples that are looked at in one step: 32 ms.
const WINDOW: usize = 2 * HOP;

/// Bands from 125 Hz to 5 kHz: narrow enough below 1 kHz that two voices seldom share all of them.
pub(super) const BANDS: usize = 32;

/// The level of silence, in dB of full scale.
pub(super) const FLOOR: f32 = -100.0;

/// Levels in dB of full scale, a band each.
pub(super) type Levels = [f32; BANDS];

/// Twice the power is so much more, in dB.
const DB_PER_OCTAVE: f32 = 3.010_3;

/// Samples below this are silence: 84 dB below full scale.
const INAUDIBLE: f32 = 6e-5;

/// Where a stream may be off the clock before it is taken to have a gap (20 ms): frames are sent when a thread looks.
const SLACK: u64 = 320;

/// Cuts one stream into steps and measures them.
pub(super) struct Bands {
    fft: Arc<dyn RealToComplex<f32>>,
    /// The window's shape, scaled so that a sine of full scale has 0 dB.
    shape: Arc<[f32; WINDOW]>,
    /// The last samples, oldest first.
    recent: [f32; WINDOW],
    /// Samples of the current step that are there.
    filled: usize,
    /// The position of the next sample.
    next: u64,
    input: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Bands {
    /// Two of them, for two streams that are compared.
    pub(super) fn pair() -> (Self, Self) {
        let fft = RealFftPlanner::new().plan_fft_forward(WINDOW);
        let shape = Arc::new(shape());
        (Self::new(fft.clone(), shape.clone()), Self::new(fft, shape))
    }

    fn new(fft: Arc<dyn RealToComplex<f32>>, shape: Arc<[f32; WINDOW]>) -> Self {
        let (input, spectrum, scratch) =
            (fft.make_input_vec(), fft.make_output_vec(), fft.make_scratch_vec());
        Self { fft, shape, recent: [0.0; WINDOW], filled: 0, next: 0, input, spectrum, scratch }
    }

    /// Takes the samples that begin at `at`, and tells each step that they complete: its number, which counts from the
    /// clock's start, and its levels. What the stream left out before them was silence.
    pub(super) fn push(&mut self, at: u64, samples: &[f32], mut step: impl FnMut(u64, &Levels)) {
        self.seek(at);
        let mut rest = samples;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(HOP - self.filled));
            let from = HOP + self.filled;
            self.recent[from..from + now.len()].copy_from_slice(now);
            self.filled += now.len();
            self.next += now.len() as u64;
            rest = later;
            if self.filled == HOP {
                step(self.next / HOP as u64, &self.measure());
                self.recent.copy_within(HOP.., 0);
                self.filled = 0;
            }
        }
    }

    fn seek(&mut self, at: u64) {
        if at.abs_diff(self.next) <= SLACK {
            return;
        }
        self.recent.fill(0.0);
        self.next = at;
        self.filled = (at % HOP as u64) as usize;
    }

    fn measure(&mut self) -> Levels {
        let mut levels = [FLOOR; BANDS];
        if self.recent.iter().all(|sample| sample.abs() < INAUDIBLE) {
            return levels;
        }
        for ((input, sample), shape) in self.input.iter_mut().zip(&self.recent).zip(self.shape.iter()) {
            *input = sample * shape;
        }
        // The lengths are those that it made itself, so it can't fail.
        if self.fft.process_with_scratch(&mut self.input, &mut self.spectrum, &mut self.scratch).is_ok() {
            for (level, range) in levels.iter_mut().zip(ranges()) {
                let power: f32 = self.spectrum[range].iter().map(Complex32::norm_sqr).sum();
                // What isn't a number is as good as silence.
                *level = (DB_PER_OCTAVE * power.log2()).max(FLOOR);
            }
        }
        levels
    }
}

/// The bins (of 31.25 Hz) of each band.
fn ranges() -> impl Iterator<Item = std::ops::Range<usize>> {
    let part = |from: usize, to: usize, width: usize| (from..to).step_by(width).map(move |n| n..n + width);
    part(4, 32, 2).chain(part(32, 64, 4)).chain(part(64, 128, 8)).chain(part(128, 160, 16))
}

/// A Hann window.
fn shape() -> [f32; WINDOW] {
    std::array::from_fn(|n| {
        let turn = std::f32::consts::TAU * n as f32 / WINDOW as f32;
        (1.0 - turn.cos()) * 2.0 / WINDOW as f32
    })
}

impl std::fmt::Debug for Bands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bands").field("next", &self.next).finish_non_exhaustive()
    }
}
