//! Base64 (RFC 4648) as messages carry it.

use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};

/// Far ends write padding or leave it out, and the last digit's spare bits may be anything.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// How many digits bytes take, with padding.
pub(crate) fn encoded_length(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

/// Appends the digits of `bytes` to `out`.
pub(crate) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let from = out.len();
    out.resize(from + encoded_length(bytes.len()), b'=');
    let written = ENGINE.encode_slice(bytes, &mut out[from..]);
    debug_assert_eq!(written, Ok(out.len() - from));
}

/// Reads `text` into `into`, which loses what it held. False when it is no base64.
pub(crate) fn decode(text: &str, into: &mut Vec<u8>) -> bool {
    into.clear();
    ENGINE.decode_vec(text, into).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_with_padding_or_without() {
        for length in 0..20 {
            let bytes: Vec<u8> = (0..length).map(|n| n * 13).collect();
            let mut text = b"#".to_vec();
            encode(&bytes, &mut text);
            assert_eq!(text.len(), 1 + encoded_length(bytes.len()));
            let text = String::from_utf8(text).expect("digits");
            let mut into = vec![7];
            for text in [&text[1..], text[1..].trim_end_matches('=')] {
                assert!(decode(text, &mut into));
                assert_eq!(into, bytes);
            }
        }
        for text in ["ä", "a", "abc?", "ab c", "-_-_"] {
            assert!(!decode(text, &mut Vec::new()), "{text}");
        }
    }
}
