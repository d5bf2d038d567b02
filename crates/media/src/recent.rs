//! The audio before a frame, and how a frame passes 4 ms into the past or back without a click.

use crate::{Layout, SampleRate};

/// By so much libopus delays what it may have to code as speech: 4 ms.
const LAGS_PER_SECOND: u32 = 250;
/// One delay fades into the other in 5 ms…
const FADES_PER_SECOND: u32 = 200;
/// …where they differ least, which is looked for in steps of 1 ms…
const STEPS_PER_SECOND: u32 = 1_000;
/// …and not in the last 2.5 ms, for the next packet holds these too.
const OVERLAPS_PER_SECOND: u32 = 400;

/// The last frame and the 4 ms before it.
#[derive(Debug)]
pub(crate) struct Recent {
    /// Interleaved, the oldest first.
    samples: Vec<f32>,
    layout: Layout,
    rate: SampleRate,
}

impl Recent {
    /// After silence.
    pub(crate) fn new(rate: SampleRate, layout: Layout) -> Self {
        let length = (rate.hz() / 50 + rate.hz() / LAGS_PER_SECOND) as usize;
        Self { samples: vec![0.0; length * layout.channels()], layout, rate }
    }

    /// A frame has been encoded.
    pub(crate) fn keep(&mut self, frame: &[f32]) {
        self.samples.copy_within(frame.len().., 0);
        let lag = self.samples.len() - frame.len();
        self.samples[lag..].copy_from_slice(frame);
    }

    /// The last frame.
    pub(crate) fn frame(&self) -> &[f32] {
        &self.samples[self.lag()..]
    }

    /// The last frame as it is 4 ms later.
    pub(crate) fn late_frame(&self) -> &[f32] {
        &self.samples[..self.samples.len() - self.lag()]
    }

    /// `frame`, which comes next, at first in time and at its end 4 ms late.
    pub(crate) fn later(&self, frame: &[f32]) -> Vec<f32> {
        self.fade(frame, &self.delayed(frame))
    }

    /// `frame`, which comes next, at first 4 ms late and at its end in time.
    pub(crate) fn sooner(&self, frame: &[f32]) -> Vec<f32> {
        self.fade(&self.delayed(frame), frame)
    }

    fn delayed(&self, frame: &[f32]) -> Vec<f32> {
        let (lag, end) = (self.lag(), self.samples.len());
        [&self.samples[end - lag..], &frame[..frame.len() - lag]].concat()
    }

    fn fade(&self, from: &[f32], to: &[f32]) -> Vec<f32> {
        let length = self.interleaved(FADES_PER_SECOND);
        let last = from.len() - length - self.interleaved(OVERLAPS_PER_SECOND);
        let differ = |at: usize| -> f32 {
            let pairs = from[at..at + length].iter().zip(&to[at..at + length]);
            pairs.map(|(from, to)| (from - to).powi(2)).sum()
        };
        let places = (0..=last).step_by(self.interleaved(STEPS_PER_SECOND));
        let at = places.min_by(|a, b| differ(*a).total_cmp(&differ(*b))).unwrap_or(0);
        let mut faded = [&from[..at], &to[at..]].concat();
        let frames = (length / self.layout.channels()) as f32;
        for (n, sample) in faded[at..at + length].iter_mut().enumerate() {
            let gain = (n / self.layout.channels() + 1) as f32 / frames;
            *sample = from[at + n] * (1.0 - gain) + to[at + n] * gain;
        }
        faded
    }

    fn lag(&self) -> usize {
        self.interleaved(LAGS_PER_SECOND)
    }

    /// How many samples of all channels a part of a second has.
    fn interleaved(&self, parts: u32) -> usize {
        (self.rate.hz() / parts) as usize * self.layout.channels()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of a ramp, which tells how late each sample is: each channel rises by one a sample.
    fn ramp(layout: Layout, frame: usize) -> Vec<f32> {
        (frame * 160..(frame + 1) * 160).flat_map(|n| vec![n as f32; layout.channels()]).collect()
    }

    #[test]
    fn a_frame_passes_from_in_time_to_4_ms_late_and_back() {
        for layout in [Layout::Mono, Layout::Stereo] {
            let channels = layout.channels();
            let mut recent = Recent::new(SampleRate::HZ_8000, layout);
            recent.keep(&ramp(layout, 0));
            recent.keep(&ramp(layout, 1));
            assert_eq!(recent.frame(), ramp(layout, 1));
            assert_eq!(recent.late_frame()[0], 160.0 - 32.0);
            let frame = ramp(layout, 2);
            let (later, sooner) = (recent.later(&frame), recent.sooner(&frame));
            assert_eq!((later.len(), sooner.len()), (frame.len(), frame.len()));
            assert!((later[0] - 320.0).abs() < 1.0 && (sooner[0] - 288.0).abs() < 1.0);
            let overlap = frame.len() - 20 * channels;
            for (n, in_time) in frame.iter().enumerate().skip(overlap) {
                assert_eq!((later[n], sooner[n]), (in_time - 32.0, *in_time));
            }
            assert!(later.windows(2 * channels).all(|pair| (pair[channels] - pair[0]).abs() < 2.0));
            assert!(sooner.windows(2 * channels).all(|pair| (pair[channels] - pair[0]).abs() < 2.0));
        }
    }

    #[test]
    fn it_does_so_where_that_is_heard_least() {
        let mut recent = Recent::new(SampleRate::HZ_8000, Layout::Mono);
        let mut frame = vec![0.5; 160];
        // Silence that lasts for both, 8 to 13 ms into the frame.
        frame[32..104].fill(0.0);
        recent.keep(&[0.5; 160]);
        let later = recent.later(&frame);
        assert!(later.iter().all(|sample| [0.0, 0.5].contains(sample)), "{later:?}");
    }
}
