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
        let to = pace.of(pcm.len() / channels);
        match channels {
            1 => spread::<1>(pcm, to, &mut self.samples),
            _ => spread::<2>(pcm, to, &mut self.samples),
        }
        &self.samples
    }
}

/// Makes `to` samples of each of `N` channels.
fn spread<const N: usize>(pcm: &[i16], to: usize, out: &mut Vec<i16>) {
    let (frames, _) = pcm.as_chunks::<N>();
    let Some(last) = frames.len().checked_sub(1) else { return out.clear() };
    out.clear();
    out.resize(to * N, 0);
    // Where in `frames` each one is: behind that index by so many of `to` parts.
    let (mut index, mut past, part) = (0_usize, 0_usize, 1.0 / to as f32);
    for frame in out.as_chunks_mut::<N>().0 {
        let near = match frames.get(index.wrapping_sub(1)..).and_then(|near| near.first_chunk::<4>()) {
            Some(near) => *near,
            None => [index.saturating_sub(1), index, index + 1, index + 2].map(|at| frames[at.min(last)]),
        };
        for (channel, sample) in frame.iter_mut().enumerate() {
            *sample = cubic(near.map(|frame| frame[channel]), past as f32 * part);
        }
        past += frames.len();
        while past >= to {
            past -= to;
            index += 1;
        }
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
