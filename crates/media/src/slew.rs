//! Audio a little longer or shorter than it was, so that two clocks stay in step.

/// Which way the stream is brought back into step with real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// It is in step.
    Even,
    /// It is ahead: what follows is made shorter.
    Shorter,
    /// It is behind: what follows is made longer.
    Longer,
}

/// Of so many samples one is added or left out: 0.4 %, a fifteenth of a semitone, which nobody hears.
const ONE_OF: usize = 240;

impl Pace {
    /// How many samples so many become.
    pub(crate) fn of(self, samples: usize) -> usize {
        let step = (samples / ONE_OF).max(1);
        match self {
            Self::Even => samples,
            Self::Shorter => samples.saturating_sub(step).max(1),
            Self::Longer => samples + step,
        }
    }
}

/// Changes the length of PCM by interpolation.
#[derive(Debug, Default)]
pub(crate) struct Slew {
    samples: Vec<i16>,
}

impl Slew {
    /// The samples of `pcm` (interleaved) spread over a few more or fewer.
    pub(crate) fn stretch<'a>(&'a mut self, pcm: &'a [i16], channels: usize, pace: Pace) -> &'a [i16] {
        if pace == Pace::Even {
            return pcm;
        }
        let from = pcm.len() / channels;
        let to = pace.of(from);
        let step = from as f32 / to as f32;
        self.samples.clear();
        for n in 0..to {
            let position = n as f32 * step;
            let index = position as usize;
            let part = position - index as f32;
            // Which four frames are the nearest is the same for all channels, and plain but at the ends.
            match index.checked_sub(1).and_then(|before| pcm.get(before * channels..(index + 3) * channels)) {
                Some(near) => self.samples.extend(
                    (0..channels)
                        .map(|channel| cubic([0, 1, 2, 3].map(|at| near[at * channels + channel]), part)),
                ),
                None => {
                    let at = |frame: usize| frame.min(from - 1) * channels;
                    let near = [index.saturating_sub(1), index, index + 1, index + 2].map(at);
                    self.samples.extend(
                        (0..channels).map(|channel| cubic(near.map(|frame| pcm[frame + channel]), part)),
                    );
                }
            }
        }
        &self.samples
    }
}

/// The value at `part` of the way from the second to the third sample, by the cubic through all (Catmull and Rom's).
fn cubic(samples: [i16; 4], part: f32) -> i16 {
    let [before, here, next, after] = samples.map(f32::from);
    let slope = (next - before) / 2.0;
    let next_slope = (after - here) / 2.0;
    let bend = 3.0 * (next - here) - 2.0 * slope - next_slope;
    let twist = 2.0 * (here - next) + slope + next_slope;
    let value = here + part * (slope + part * (bend + part * twist));
    // To the nearest; rounding by name would be a call of a function for each sample.
    (value + 0.5_f32.copysign(value)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;

    fn slewed(pace: Pace) -> Vec<f32> {
        let pcm: Vec<i16> =
            tone::sine(1_000.0, 16_000, 3_200).iter().map(|y| (y * 32_768.0) as i16).collect();
        let mut slew = Slew::default();
        pcm.chunks_exact(320)
            .flat_map(|frame| slew.stretch(frame, 1, pace).to_vec())
            .map(|sample| f32::from(sample) / 32_768.0)
            .collect()
    }

    #[test]
    fn a_frame_gets_a_sample_more_or_less_and_the_tone_goes_on() {
        for (pace, length, hz) in
            [(Pace::Shorter, 3_190, 1_000.0 * 320.0 / 319.0), (Pace::Longer, 3_210, 1_000.0 * 320.0 / 321.0)]
        {
            let heard = slewed(pace);
            assert_eq!(heard.len(), length);
            let fit = tone::fit(&heard, hz, 16_000);
            assert!(fit.snr_db > 35.0, "{pace:?}: {} dB", fit.snr_db);
        }
    }

    #[test]
    fn channels_stay_apart() {
        let pcm: Vec<i16> = [7, -9].repeat(960);
        let mut slew = Slew::default();
        let longer = slew.stretch(&pcm, 2, Pace::Longer);
        assert_eq!(longer, [7, -9].repeat(964));
    }
}
