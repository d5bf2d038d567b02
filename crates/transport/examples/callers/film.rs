//! What a caller's camera films: two seconds of pictures, coded once for all callers, again and again.

use bytes::Bytes;
use parley_netsim::Peer;
use parley_video::{EncoderOptions, I420, Vp8Encoder};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
const PICTURES: u32 = 60;
/// From one picture to the next.
const INTERVAL: Duration = Duration::from_nanos(33_333_333);
/// In bit/s.
const BITRATE: u32 = 1_000_000;
/// What a busy machine kept it from showing is left out when it is more than this.
const LATE: Duration = Duration::from_millis(500);

/// One caller's camera.
pub(crate) struct Camera {
    next: usize,
    next_at: Instant,
}

impl Camera {
    pub(crate) fn new(now: Instant) -> Self {
        Self { next: 0, next_at: now }
    }

    pub(crate) fn wake_at(&self) -> Instant {
        self.next_at
    }

    /// Shows the pictures that are due. Only the first needs none before it, so it follows the last, and a wish.
    pub(crate) fn run(&mut self, peer: &mut Peer, now: Instant) {
        if now.saturating_duration_since(self.next_at) > LATE {
            (self.next, self.next_at) = (0, now);
        }
        while self.next_at <= now {
            self.next_at += INTERVAL;
            if peer.takes_key_wish() || self.next == film().len() {
                self.next = 0;
            }
            peer.show(now, &film()[self.next]);
            self.next += 1;
        }
    }
}

fn film() -> &'static [Bytes] {
    static FILM: OnceLock<Vec<Bytes>> = OnceLock::new();
    FILM.get_or_init(|| {
        let options = EncoderOptions { bitrate: BITRATE, framerate: 30.0, threads: 1 };
        let mut encoder = Vp8Encoder::new(options);
        let encode = |n| {
            // The rate control may leave a picture out.
            let encoded = encoder.encode(&picture(n), INTERVAL * n, n == 0).expect("a picture of even size");
            encoded.map(|frame| frame.data)
        };
        (0..PICTURES).filter_map(encode).collect()
    })
}

/// Stripes that move over a gradient.
fn picture(number: u32) -> I420 {
    let stripe = |x: u32, y: u32| {
        let is_light = ((x + 4 * number) / 32).is_multiple_of(2);
        let shade = y * 100 / HEIGHT + (x * 7 + y * 13) % 8;
        (shade + if is_light { 100 } else { 40 }) as u8
    };
    let mut data: Vec<u8> =
        (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y))).map(|(x, y)| stripe(x, y)).collect();
    data.resize((WIDTH * HEIGHT * 3 / 2) as usize, 128);
    I420::new(WIDTH, HEIGHT, &data).expect("as many samples as such a picture has")
}
