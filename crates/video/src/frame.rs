//! One encoded frame.

use crate::codec::Codec;
use crate::picture::Rotation;
use bytes::Bytes;
use std::time::Duration;

/// One encoded frame, received or to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedFrame {
    /// What `data` is.
    pub codec: Codec,
    /// The frame without any RTP: of VP8 as RFC 6386 has it, of H.264 as NAL units behind start codes (annex B).
    pub data: Bytes,
    /// It needs no frame before it.
    pub is_key: bool,
    /// Time since the stream began.
    pub timestamp: Duration,
    /// How the picture is to be turned before it is shown.
    pub rotation: Rotation,
}

/// What a key frame says about its size, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyFrameSize {
    /// 0 to 16383.
    pub width: u32,
    /// 0 to 16383.
    pub height: u32,
}

/// Reads the size from the beginning of a VP8 frame; `None` when it is no key frame (RFC 6386, section 9.1).
#[must_use]
pub fn key_frame_size(frame: &[u8]) -> Option<KeyFrameSize> {
    let [tag, _, _, 0x9d, 0x01, 0x2a, size @ ..] = frame else { return None };
    let [w0, w1, h0, h1, ..] = *size else { return None };
    // The two high bits ask for scaling, which decoders leave to whoever shows the picture.
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    (tag & 1 == 0).then(|| KeyFrameSize { width: side(w0, w1), height: side(h0, h1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_frame_says_its_size_and_others_say_nothing() {
        let key = [0x10, 0, 0, 0x9d, 1, 0x2a, 0x80, 0x42, 0xe0, 0x01];
        assert_eq!(key_frame_size(&key), Some(KeyFrameSize { width: 640, height: 480 }));
        assert_eq!(key_frame_size(&key[..9]), None, "cut short");
        assert_eq!(
            key_frame_size(&[0x11, 0, 0, 0x9d, 1, 0x2a, 0x80, 0x42, 0xe0, 0x01]),
            None,
            "not a key frame"
        );
    }
}
