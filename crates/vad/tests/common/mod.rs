//! The generated speech of `fixtures/speech`.

use parley_vad::FRAME_SAMPLES;

/// A file's samples, 16-bit at 16 kHz.
///
/// # Panics
/// When there is no such file.
pub(crate) fn speech(name: &str) -> Vec<i16> {
    let path = format!("{}/../../fixtures/speech/{name}.wav", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    // A canonical header of 44 bytes: `make.py` writes no other.
    file[44..].as_chunks::<2>().0.iter().map(|bytes| i16::from_le_bytes(*bytes)).collect()
}

/// Whole frames from −1 to 1, the last filled up with silence.
pub(crate) fn frames(samples: &[i16]) -> Vec<[f32; FRAME_SAMPLES]> {
    let frame = |samples: &[i16]| {
        let mut frame = [0.0; FRAME_SAMPLES];
        for (to, from) in frame.iter_mut().zip(samples) {
            *to = f32::from(*from) / 32_768.0;
        }
        frame
    };
    samples.chunks(FRAME_SAMPLES).map(frame).collect()
}
