//! A peer's pictures, through the codec: those that it shows, and those that it sees.

use parley_netsim::Peer;
use parley_video::{DecoderOptions, EncoderOptions, I420, Picture, Rotation, Vp8Decoder, Vp8Encoder};
use std::time::Instant;

/// What the peer's encoder aims at, in bit/s.
const BITRATE: u32 = 1_000_000;
/// Pictures a second that its encoder reckons with.
const FRAMERATE: f32 = 30.0;

/// The codec of one peer.
pub(crate) struct Eyes {
    encoder: Vp8Encoder,
    decoder: Vp8Decoder,
    began: Instant,
    seen: Vec<(Instant, I420)>,
}

impl Eyes {
    /// # Panics
    /// When libvpx has no memory for a decoder.
    pub(crate) fn new(now: Instant) -> Self {
        let encoder = EncoderOptions { bitrate: BITRATE, framerate: FRAMERATE, threads: 1 };
        Self {
            encoder: Vp8Encoder::new(encoder),
            decoder: Vp8Decoder::new(DecoderOptions::default()).expect("memory for a decoder"),
            began: now,
            seen: Vec::new(),
        }
    }

    /// Has the peer's camera see a picture.
    ///
    /// # Panics
    /// When libvpx can't encode it.
    pub(crate) fn show(&mut self, peer: &mut Peer, now: Instant, picture: &I420) {
        let wants_key = peer.takes_key_wish();
        let encoded =
            self.encoder.encode(picture, now - self.began, wants_key).expect("a picture of even size");
        if let Some(frame) = encoded {
            peer.show(now, &frame.data);
        }
    }

    /// Decodes what came.
    pub(crate) fn look(&mut self, peer: &mut Peer, now: Instant) {
        for (at, frame) in peer.take_frames() {
            match self.decoder.decode(&frame) {
                Ok(picture) => self.seen.extend(picture.map(|picture| (at, copy(&picture)))),
                Err(_) => peer.want_key_frame(now),
            }
        }
    }

    pub(crate) fn take(&mut self) -> Vec<(Instant, I420)> {
        std::mem::take(&mut self.seen)
    }
}

fn copy(picture: &Picture<'_>) -> I420 {
    let mut into = I420::blank(2, 2);
    picture.copy_to(Rotation::None, &mut into);
    into
}
