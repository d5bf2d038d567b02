//! Endings without a click.

use crate::{Layout, SampleRate};

/// Fades run over 5 ms.
const FADES_PER_SECOND: u32 = 200;

/// Remembers where the signal stands, and lets it decay from there when it breaks off.
#[derive(Debug)]
pub(crate) struct Fader {
    channels: usize,
    /// Samples per channel of a fade.
    length: usize,
    /// The last sample sent, of each channel.
    last: [f32; 2],
}

impl Fader {
    pub(crate) fn new(rate: SampleRate, layout: Layout) -> Self {
        Self { channels: layout.channels(), length: (rate.hz() / FADES_PER_SECOND) as usize, last: [0.0; 2] }
    }

    /// What comes next follows silence.
    pub(crate) fn forget(&mut self) {
        self.last = [0.0; 2];
    }

    /// A frame goes out.
    pub(crate) fn note(&mut self, frame: &[f32]) {
        if let Some(last) = frame.len().checked_sub(self.channels).map(|at| &frame[at..]) {
            self.last[..self.channels].copy_from_slice(last);
        }
    }

    /// Lets what was sent before decay beneath `frame`, which has nothing to do with it.
    pub(crate) fn splice(&self, frame: &mut [f32]) {
        for (n, samples) in frame.chunks_exact_mut(self.channels).take(self.length).enumerate() {
            let gain = 1.0 - (n + 1) as f32 / self.length as f32;
            for (sample, last) in samples.iter_mut().zip(self.last) {
                *sample = (*sample + last * gain).clamp(-1.0, 1.0);
            }
        }
    }

    /// Ends `frame`, of which the first `used` samples are audio and the rest is to be silent: the last sample is held
    /// and decays. Only where the frame has no room for that does the decay take the end of the audio itself.
    pub(crate) fn end(&self, frame: &mut [f32], used: usize) {
        let used = used / self.channels;
        let total = frame.len() / self.channels;
        let from = used.min(total.saturating_sub(self.length));
        let mut held = self.last;
        for (n, samples) in
            frame.chunks_exact_mut(self.channels).enumerate().skip(from.min(used.saturating_sub(1)))
        {
            if n < used {
                held[..self.channels].copy_from_slice(samples);
            }
            let faded = (n + 1).saturating_sub(from) as f32 / self.length as f32;
            for (sample, held) in samples.iter_mut().zip(held) {
                *sample = held * (1.0 - faded).max(0.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fader() -> Fader {
        let mut fader = Fader::new(SampleRate::HZ_8000, Layout::Mono);
        fader.note(&[0.1, 0.8]);
        fader
    }

    #[test]
    fn an_empty_frame_decays_from_the_last_sample_within_5_ms() {
        let mut frame = [0.0; 160];
        fader().end(&mut frame, 0);
        assert!((frame[0] - 0.78).abs() < 1e-6);
        assert!((frame[19] - 0.4).abs() < 1e-6);
        assert_eq!(frame[39..], [0.0; 121]);
        assert!(frame.is_sorted_by(|a, b| a >= b));
    }

    #[test]
    fn audio_at_the_start_of_a_last_frame_is_left_alone() {
        let mut frame = [0.0; 160];
        frame[..100].fill(0.5);
        fader().end(&mut frame, 100);
        assert_eq!(frame[..100], [0.5; 100]);
        assert!(frame[100] > 0.45 && frame[120] > 0.2);
        assert_eq!(frame[140..], [0.0; 20]);
    }

    #[test]
    fn a_last_frame_that_is_full_of_audio_ends_in_silence_all_the_same() {
        let mut frame = [0.5; 160];
        fader().end(&mut frame, 159);
        assert_eq!(frame[..120], [0.5; 120]);
        assert_eq!(frame[159], 0.0);
        assert!(frame[120..].is_sorted_by(|a, b| a >= b));
    }

    #[test]
    fn a_splice_has_no_step() {
        let mut frame = [0.0; 160];
        fader().splice(&mut frame);
        assert!((frame[0] - 0.78).abs() < 1e-6 && frame[40] == 0.0);
    }
}
