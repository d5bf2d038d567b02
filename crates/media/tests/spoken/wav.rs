//! The recordings of `fixtures/speech`.

use std::path::Path;

/// A recording's samples: mono at 16 kHz.
pub(crate) fn read(name: &str) -> Vec<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../fixtures/speech/{name}.wav"));
    let wav = std::fs::read(&path).expect("a recording");
    let data = wav.windows(4).position(|bytes| bytes == b"data").expect("a data chunk") + 8;
    let sample = |bytes: &[u8]| f32::from(i16::from_le_bytes([bytes[0], bytes[1]])) / 32_768.0;
    wav[data..].chunks_exact(2).map(sample).collect()
}
