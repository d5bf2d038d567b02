//! PCM samples: number formats, channel layouts, loudness.

use crate::Layout;

/// One 16-bit step in floating point. 32,768 and not 32,767, so that both directions are exact for every `i16`.
const FULL_SCALE: f32 = 32_768.0;

/// Of silence, the highest sample there may be: what decoders make of it.
const SILENT: u16 = 2;

/// A 16-bit sample as floating point, full scale at ±1.
pub(crate) fn to_f32(sample: i16) -> f32 {
    f32::from(sample) / FULL_SCALE
}

/// A floating-point sample as the nearest 16-bit one; beyond full scale it is clipped.
pub(crate) fn to_i16(sample: f32) -> i16 {
    // `as` saturates and turns NaN into 0, which is what is wanted.
    (sample * FULL_SCALE).round_ties_even() as i16
}

/// Makes a sample from outside safe for filters that remember: NaN is silence, the rest is clipped to ±1.
pub(crate) fn sanitise(sample: f32) -> f32 {
    if sample.is_nan() { 0.0 } else { sample.clamp(-1.0, 1.0) }
}

/// Appends interleaved samples in layout `from`, converted by `convert`, to `out` in layout `to`.
///
/// Down-mixing averages the channels, so it never clips; up-mixing repeats the sample.
pub(crate) fn mix_into<T: Copy>(
    samples: &[T],
    from: Layout,
    to: Layout,
    out: &mut Vec<f32>,
    convert: impl Fn(T) -> f32,
) {
    match (from, to) {
        (Layout::Mono, Layout::Stereo) => {
            out.extend(samples.iter().flat_map(|&sample| [convert(sample); 2]));
        }
        (Layout::Stereo, Layout::Mono) => {
            out.extend(samples.chunks_exact(2).map(|pair| (convert(pair[0]) + convert(pair[1])) / 2.0));
        }
        _ => out.extend(samples.iter().map(|&sample| convert(sample))),
    }
}

/// Whether PCM is quieter than -50 dB below full scale on average: room noise, not speech.
pub(crate) fn is_quiet(samples: &[i16]) -> bool {
    // (32,768 · 10^(-50/20))², the power of such a signal.
    has_at_most(samples, 10_737)
}

/// Whether PCM is quieter than -60 dB below full scale on average: no microphone has a voice that faint.
pub(crate) fn is_faint(samples: &[i16]) -> bool {
    // (32,768 · 10^(-60/20))².
    has_at_most(samples, 1_074)
}

/// Whether there is nothing in PCM that could be heard: steps of rounding at most, 84 dB below full scale.
#[must_use]
pub fn is_silent(samples: &[i16]) -> bool {
    // In pieces, so that what is loud is known by its beginning.
    samples
        .chunks(64)
        .all(|piece| piece.iter().fold(0, |most, sample| sample.unsigned_abs().max(most)) <= SILENT)
}

/// The same for floating point.
pub(crate) fn is_silent_f32(samples: &[f32]) -> bool {
    let most = f32::from(SILENT) / FULL_SCALE;
    samples.chunks(64).all(|piece| piece.iter().all(|sample| sample.abs() <= most))
}

fn has_at_most(samples: &[i16], power: i64) -> bool {
    // Four billion samples would have to be at full scale for this to overflow.
    let sum: i64 = samples.iter().map(|&sample| i64::from(i32::from(sample) * i32::from(sample))).sum();
    sum <= power * samples.len() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_16_bit_sample_survives_the_way_to_floating_point_and_back() {
        for sample in i16::MIN..=i16::MAX {
            assert_eq!(to_i16(to_f32(sample)), sample);
        }
    }

    #[test]
    fn samples_beyond_full_scale_are_clipped_and_nan_is_silence() {
        assert_eq!(
            [1.5, -1.5, f32::INFINITY, f32::NEG_INFINITY, f32::NAN].map(sanitise),
            [1., -1., 1., -1., 0.]
        );
        assert_eq!([2.0, -2.0, f32::NAN].map(to_i16), [i16::MAX, i16::MIN, 0]);
    }

    #[test]
    fn down_mixing_averages_and_up_mixing_repeats() {
        let mut out = Vec::new();
        mix_into(&[0.5, -0.25, 1.0, 1.0], Layout::Stereo, Layout::Mono, &mut out, |sample| sample);
        assert_eq!(out, [0.125, 1.0]);
        out.clear();
        mix_into(&[16_384_i16, -32_768], Layout::Mono, Layout::Stereo, &mut out, to_f32);
        assert_eq!(out, [0.5, 0.5, -1.0, -1.0]);
    }

    #[test]
    fn speech_is_not_quiet_and_room_noise_is() {
        assert!(is_quiet(&[0; 960]) && is_quiet(&[100; 960]) && is_quiet(&[]));
        assert!(!is_quiet(&[110; 960]));
    }
}
