//! The generated speech of `fixtures/speech`.

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
