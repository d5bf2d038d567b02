//! What is too low for a voice is left out.
//!
//! libopus does so where it may code speech, and not where it codes with the least delay. What breaks off, or was recorded with
//! an offset, would ring there for a fifth of a second, as an offset that dies away.

use std::f32::consts::PI;

use crate::{Layout, SampleRate};

/// As libopus has it for voices of unknown pitch (`VARIABLE_HP_MIN_CUTOFF_HZ`).
const CUTOFF_HZ: f32 = 60.0;
/// Keeps what rings out from becoming numbers that processors are slow with.
const TINY: f32 = 1e-30;

/// A high-pass filter of second order, libopus's `hp_cutoff`.
#[derive(Debug)]
pub(crate) struct RumbleFilter {
    channels: usize,
    forward: [f32; 3],
    back: [f32; 2],
    /// Of each channel.
    state: [[f32; 2]; 2],
    /// The frame filtered last.
    filtered: Vec<f32>,
}

impl RumbleFilter {
    pub(crate) fn new(rate: SampleRate, layout: Layout) -> Self {
        let corner = 1.5 * PI * CUTOFF_HZ / rate.hz() as f32;
        let r = 1.0 - 0.92 * corner;
        Self {
            channels: layout.channels(),
            forward: [r, -2.0 * r, r],
            back: [-r * (2.0 - corner * corner), r * r],
            state: [[0.0; 2]; 2],
            filtered: vec![0.0; rate.hz() as usize / 50 * layout.channels()],
        }
    }

    /// What comes next follows silence.
    pub(crate) fn forget(&mut self) {
        self.state = [[0.0; 2]; 2];
    }

    /// Filters a frame of 20 ms.
    pub(crate) fn run(&mut self, frame: &[f32]) -> &[f32] {
        let ([b0, b1, b2], [a1, a2]) = (self.forward, self.back);
        let out = self.filtered.chunks_exact_mut(self.channels);
        for (samples, out) in frame.chunks_exact(self.channels).zip(out) {
            for ((sample, out), [s0, s1]) in samples.iter().zip(out).zip(&mut self.state) {
                *out = *s0 + b0 * sample;
                *s0 = *s1 - *out * a1 + b1 * sample;
                *s1 = b2 * sample - *out * a2 + TINY;
            }
        }
        &self.filtered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;

    fn level(hz: f64) -> f64 {
        let mut filter = RumbleFilter::new(SampleRate::HZ_24000, Layout::Stereo);
        let signal = tone::sine(hz, 24_000, 48_000);
        let frames = signal.chunks_exact(480);
        let out: Vec<f32> = frames
            .flat_map(|frame| {
                let stereo: Vec<f32> = frame.iter().flat_map(|sample| [*sample, 0.0]).collect();
                let filtered = filter.run(&stereo).to_vec();
                assert!(
                    filtered.iter().skip(1).step_by(2).all(|sample| sample.abs() < 1e-20),
                    "the other channel"
                );
                filtered.into_iter().step_by(2)
            })
            .collect();
        tone::rms(&out[24_000..]) / tone::rms(&signal[24_000..])
    }

    #[test]
    fn voices_pass_and_what_is_lower_does_not() {
        assert!(level(10.0) < 0.05 && level(30.0) < 0.4, "{} {}", level(10.0), level(30.0));
        assert!([100.0, 200.0, 1_000.0, 8_000.0].map(level).iter().all(|level| (0.9..1.1).contains(level)));
    }

    #[test]
    fn an_offset_is_gone_soon() {
        let mut filter = RumbleFilter::new(SampleRate::HZ_24000, Layout::Mono);
        filter.run(&[0.5; 480]);
        assert!(filter.run(&[0.5; 480]).iter().skip(240).all(|sample| sample.abs() < 0.02));
        filter.forget();
        assert!(filter.run(&[0.0; 480]).iter().all(|sample| sample.abs() < 1e-20));
    }
}
