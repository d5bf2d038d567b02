//! Draws out what is periodic, as voiced speech and tones are, over what is missing.
//!
//! libopus makes up the first frame well and then lets go quickly, above all of a steady tone, which its speech model
//! takes for noise. So the last period is repeated over its guess, as in ITU-T G.711, appendix I. What has no period
//! is left to libopus. How long all of it may last is not decided here.

use crate::{Layout, SampleRate};

/// The shortest and the longest period: 400 to 66 Hz. Higher tones repeat in a multiple of theirs.
const SHORTEST_MICROS: usize = 2_500;
const LONGEST_MICROS: usize = 15_000;
/// What is compared with what was one period before.
const COMPARED_MICROS: usize = 12_000;
/// How long what is made up takes to become the repeated period…
const BLEND_MICROS: usize = 4_000;
/// …and that to become what is heard next, at whose beginning the decoder still lacks what was lost.
const JOIN_MICROS: usize = 10_000;
/// The search is done at that rate first.
const COARSE_HZ: usize = 8_000;
/// How alike two periods must be, from 0 to 1.
const PERIODIC: f32 = 0.75;

/// Remembers what was heard last.
#[derive(Debug)]
pub(crate) struct Extender {
    channels: usize,
    hz: usize,
    /// Interleaved; the end of it is what was heard last.
    history: Vec<i16>,
    /// The first channel of it at about the coarse rate.
    coarse: Vec<f32>,
    /// In samples per channel; none when what was heard has none.
    period: Option<usize>,
    /// Samples per channel made up since then.
    made: usize,
}

impl Extender {
    pub(crate) fn new(rate: SampleRate, layout: Layout) -> Self {
        let (hz, channels) = (rate.hz() as usize, layout.channels());
        let length = samples(hz, LONGEST_MICROS + COMPARED_MICROS);
        let history = vec![0; length * channels];
        Self { channels, hz, history, coarse: Vec::new(), period: None, made: 0 }
    }

    /// Forgets what was heard.
    pub(crate) fn restart(&mut self) {
        self.history.fill(0);
        self.period = None;
        self.made = 0;
    }

    /// Whether what was heard last has a period to be repeated.
    pub(crate) fn is_periodic(&mut self) -> bool {
        if self.made == 0 {
            self.period = self.find_period();
        }
        self.period.is_some()
    }

    /// Takes what libopus made up and repeats the last period over it.
    pub(crate) fn extend(&mut self, guess: &mut [i16]) {
        self.is_periodic();
        let (made, blended) = (self.made, samples(self.hz, BLEND_MICROS));
        self.mix(guess, |n| (made + n + 1) as f32 / blended as f32);
        self.made += guess.len() / self.channels;
    }

    /// Takes what was heard next; with `smoothly` it begins out of what was made up.
    pub(crate) fn join(&mut self, heard: &mut [i16], smoothly: bool) {
        if smoothly && self.made > 0 {
            let blended = samples(self.hz, JOIN_MICROS);
            let beginning = heard.len().min(blended * self.channels);
            self.mix(&mut heard[..beginning], |n| 1.0 - (n + 1) as f32 / blended as f32);
        }
        self.made = 0;
        self.remember(heard);
    }

    fn remember(&mut self, heard: &[i16]) {
        let length = self.history.len();
        let kept = length.saturating_sub(heard.len());
        self.history.copy_within(length - kept.., 0);
        self.history[kept..].copy_from_slice(&heard[heard.len() - (length - kept)..]);
    }

    /// Mixes the repeated period into a signal that follows what was made up, each sample by the share that it has.
    fn mix(&self, signal: &mut [i16], share: impl Fn(usize) -> f32) {
        let Some(period) = self.period else { return };
        let start = self.history.len() - period * self.channels;
        for (n, frame) in signal.chunks_exact_mut(self.channels).enumerate() {
            let share = share(n).clamp(0.0, 1.0);
            let from = start + (self.made + n) % period * self.channels;
            for (sample, repeated) in frame.iter_mut().zip(&self.history[from..]) {
                *sample = (f32::from(*sample) * (1.0 - share) + f32::from(*repeated) * share) as i16;
            }
        }
    }

    /// The period that the end of what was heard repeats with, if it does.
    fn find_period(&mut self) -> Option<usize> {
        let step = (self.hz / COARSE_HZ).max(1);
        let frames = self.history.chunks_exact(step * self.channels);
        self.coarse.clear();
        self.coarse.extend(frames.map(|frames| {
            let sum: i32 = frames.iter().step_by(self.channels).map(|&sample| i32::from(sample)).sum();
            sum as f32 / step as f32
        }));
        let (shortest, longest) = (samples(self.hz, SHORTEST_MICROS), samples(self.hz, LONGEST_MICROS));
        let compared = samples(self.hz, COMPARED_MICROS);
        let coarse = &self.coarse;
        let (rough, _) = best(shortest / step..=longest / step, |lag| {
            alike(coarse.len(), compared / step, lag, |n| coarse[n])
        })?;
        let (history, channels) = (&self.history, self.channels);
        let near = (rough * step).saturating_sub(step).max(shortest)..=(rough * step + step).min(longest);
        let (period, likeness) = best(near, |lag| {
            alike(history.len() / channels, compared, lag, |n| f32::from(history[n * channels]))
        })?;
        (likeness >= PERIODIC).then_some(period)
    }
}

fn samples(hz: usize, micros: usize) -> usize {
    hz * micros / 1_000_000
}

/// The lag with the highest value, and the value.
fn best(lags: std::ops::RangeInclusive<usize>, value: impl Fn(usize) -> f32) -> Option<(usize, f32)> {
    lags.map(|lag| (lag, value(lag))).max_by(|one, two| one.1.total_cmp(&two.1))
}

/// How alike the last `compared` of `length` samples are to those `lag` before them, from -1 to 1.
fn alike(length: usize, compared: usize, lag: usize, at: impl Fn(usize) -> f32) -> f32 {
    let (mut product, mut power, mut power_before) = (0.0, 1.0, 1.0);
    for n in length - compared..length {
        let (now, before) = (at(n), at(n - lag));
        product += now * before;
        power += now * now;
        power_before += before * before;
    }
    product / (power * power_before).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;

    fn pcm(samples: &[f32]) -> Vec<i16> {
        samples.iter().map(|sample| (sample * 32_768.0) as i16).collect()
    }

    /// A tone of which 60 ms are missing, after a decoder's silence in their place.
    fn bridged(hz: f64, rate: SampleRate) -> Vec<f32> {
        let mut signal = pcm(&tone::sine(hz, rate.hz(), rate.hz() as usize / 5));
        let mut extender = Extender::new(rate, Layout::Mono);
        let frame = rate.hz() as usize / 50;
        for (n, frame) in signal.chunks_exact_mut(frame).enumerate() {
            if (4..7).contains(&n) {
                frame.fill(0);
                extender.extend(frame);
            } else {
                extender.join(frame, true);
            }
        }
        signal.iter().map(|&sample| f32::from(sample) / 32_768.0).collect()
    }

    #[test]
    fn a_tone_goes_on_over_a_gap_at_every_rate() {
        for rate in [8_000, 12_000, 16_000, 24_000, 48_000].map(|hz| SampleRate::new(hz).unwrap()) {
            for hz in [100.0, 220.0, 440.0, 1_000.0] {
                let heard = bridged(hz, rate);
                let millisecond = rate.hz() as usize / 1_000;
                for piece in heard[85 * millisecond..].chunks_exact(10 * millisecond) {
                    assert!(tone::rms(piece) > 0.25, "{hz} Hz at {rate:?}: {}", tone::rms(piece));
                }
                let steepest = (hz * std::f64::consts::TAU / f64::from(rate.hz())) as f32;
                let step = heard[90 * millisecond..].windows(2).map(|two| (two[1] - two[0]).abs());
                let steepest_step = step.fold(0.0, f32::max);
                assert!(steepest_step < 0.5 * steepest * 1.6 + 0.02, "{hz} Hz at {rate:?}: {steepest_step}");
            }
        }
    }

    #[test]
    fn noise_is_left_to_the_decoder() {
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as i16 / 4
        };
        let mut extender = Extender::new(SampleRate::HZ_16000, Layout::Stereo);
        for _ in 0..5 {
            let mut frame: Vec<i16> = (0..640).map(|_| noise()).collect();
            extender.join(&mut frame, true);
        }
        let mut guess = [7; 640];
        extender.extend(&mut guess);
        assert_eq!(guess, [7; 640]);
    }

    #[test]
    fn channels_stay_apart_and_nothing_is_made_of_nothing() {
        let left = pcm(&tone::sine(200.0, 48_000, 4_800));
        let mut stereo: Vec<i16> = left.iter().flat_map(|&sample| [sample, 0]).collect();
        let mut extender = Extender::new(SampleRate::HZ_48000, Layout::Stereo);
        let mut guess = [0; 1_920];
        extender.extend(&mut guess);
        assert_eq!(guess, [0; 1_920]);
        extender.join(&mut stereo, true);
        extender.extend(&mut guess);
        assert!(guess.iter().skip(1).step_by(2).all(|&sample| sample == 0));
        assert!(guess.iter().step_by(2).any(|&sample| sample > 10_000));
    }
}
