//! Speech in a whole piece of audio of any rate and layout.

use parley_vad::{SAMPLE_RATE, Segment, SpeechOptions};

use crate::fifo::Fifo;
use crate::resample::Resampler;
use crate::{Chunk, Layout, MediaError, SampleRate, Samples, pcm};

/// The stretches of speech in `chunk`, in order, at 16 kHz: positions count samples of that rate, whatever the chunk's.
/// Channels are averaged.
///
/// # Errors
/// [`MediaError::Resampler`] when there is none for the chunk's rate.
pub fn find_speech(chunk: &Chunk, options: &SpeechOptions) -> Result<Vec<Segment>, MediaError> {
    let rate = SampleRate::new(SAMPLE_RATE)?;
    let mono = mono(chunk);
    if chunk.rate == rate {
        return Ok(parley_vad::find_speech(&mono, options));
    }
    let mut resampler = Resampler::new(chunk.rate, rate, Layout::Mono)?;
    let mut converted = Fifo::default();
    // Positions count from the chunk's first sample, not from the filter's.
    resampler.trim_delay();
    resampler.push(&mono, &mut converted);
    resampler.flush(&mut converted);
    Ok(parley_vad::find_speech(converted.as_slice(), options))
}

fn mono(chunk: &Chunk) -> Vec<f32> {
    let mut mono = Vec::with_capacity(chunk.frames());
    match &chunk.samples {
        Samples::I16(samples) => pcm::mix_into(samples, chunk.layout, Layout::Mono, &mut mono, pcm::to_f32),
        Samples::F32(samples) => pcm::mix_into(samples, chunk.layout, Layout::Mono, &mut mono, pcm::sanitise),
    }
    mono
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// `fixtures/speech/question.wav`: one sentence from 0.3 s on.
    fn question() -> Vec<f32> {
        let file = include_bytes!("../../../fixtures/speech/question.wav");
        file[44..].as_chunks().0.iter().map(|bytes| pcm::to_f32(i16::from_le_bytes(*bytes))).collect()
    }

    fn at_rate(samples: &[f32], hz: u32, layout: Layout) -> Chunk {
        let rate = SampleRate::new(hz).unwrap();
        let mut out = Fifo::default();
        if rate == SampleRate::HZ_16000 {
            out.extend(samples);
        } else {
            let mut resampler = Resampler::new(SampleRate::HZ_16000, rate, Layout::Mono).unwrap();
            resampler.trim_delay();
            resampler.push(samples, &mut out);
            resampler.flush(&mut out);
        }
        let channels = |sample: &f32| std::iter::repeat_n(*sample, layout.channels());
        Chunk { samples: Samples::F32(out.as_slice().iter().flat_map(channels).collect()), rate, layout }
    }

    fn options() -> SpeechOptions {
        SpeechOptions {
            min_silence: Duration::from_millis(100),
            pad: Duration::ZERO,
            ..SpeechOptions::default()
        }
    }

    #[test]
    fn speech_is_found_at_the_same_place_at_every_rate_and_layout() {
        let expected = find_speech(&at_rate(&question(), 16_000, Layout::Mono), &options()).unwrap();
        assert_eq!(expected.len(), 1, "{expected:?}");
        for hz in [22_050, 24_000, 44_100, 48_000, 192_000] {
            for layout in [Layout::Mono, Layout::Stereo] {
                let found = find_speech(&at_rate(&question(), hz, layout), &options()).unwrap();
                assert_eq!(found, expected, "{hz} Hz, {layout:?}");
            }
        }
    }

    #[test]
    fn telephone_speech_is_found_within_a_frame() {
        let expected = find_speech(&at_rate(&question(), 16_000, Layout::Mono), &options()).unwrap();
        let found = find_speech(&at_rate(&question(), 8_000, Layout::Mono), &options()).unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].start.abs_diff(expected[0].start) <= 512, "{found:?} for {expected:?}");
        assert!(found[0].end.abs_diff(expected[0].end) <= 512, "{found:?} for {expected:?}");
    }

    #[test]
    fn speech_on_one_side_alone_is_found() {
        let samples = question().iter().flat_map(|&sample| [sample, 0.0]).collect();
        let chunk =
            Chunk { samples: Samples::F32(samples), rate: SampleRate::HZ_16000, layout: Layout::Stereo };
        assert_eq!(find_speech(&chunk, &options()).unwrap().len(), 1);
    }

    #[test]
    fn nothing_and_odd_rests_hold_no_speech() {
        for samples in [Samples::I16(Vec::new()), Samples::I16(vec![5]), Samples::F32(vec![f32::NAN; 3])] {
            for (hz, layout) in [(8_000, Layout::Mono), (16_000, Layout::Stereo), (11_025, Layout::Stereo)] {
                let chunk = Chunk { samples: samples.clone(), rate: SampleRate::new(hz).unwrap(), layout };
                assert_eq!(find_speech(&chunk, &options()).unwrap(), []);
            }
        }
    }
}
