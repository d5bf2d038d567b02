//! What calls that are over leave behind in the process, where glibc can be asked.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use parley_video::{DecoderOptions, EncoderOptions, I420, Rotation, Vp8Decoder, Vp8Encoder};
use std::time::Duration;

const MIB: usize = 1 << 20;
const SIZE: (u32, u32) = (640, 480);

/// Bytes that malloc has from the system, for pieces that are in use and for those that may be.
fn malloced() -> usize {
    // SAFETY: nothing is asked of the caller.
    unsafe { libc::mallinfo2() }.arena
}

/// Encodes a picture and decodes it again, and gives what `malloced()` is while both codecs live.
fn call() -> usize {
    let mut encoder = Vp8Encoder::new(EncoderOptions::default());
    let sent = I420::blank(SIZE.0, SIZE.1);
    let frame = encoder.encode(&sent, Duration::ZERO, true).expect("encoded").expect("not left out");
    let mut decoder = Vp8Decoder::new(DecoderOptions::default()).expect("memory");
    let mut received = I420::blank(1, 1);
    decoder.decode(&frame.data).expect("whole").expect("shown").copy_to(Rotation::None, &mut received);
    assert_eq!((received.width(), received.height()), SIZE);
    malloced()
}

#[test]
fn a_call_takes_little_of_malloc_whatever_it_takes_of_the_system() {
    // The end of such a block has malloc keep what is smaller, in a process that has shown pictures already.
    drop(std::hint::black_box(Vec::<u8>::with_capacity(31 * MIB)));
    let before = malloced();
    let during = call();
    assert!(during < before + 2 * MIB, "{} KiB", during.abs_diff(before) / 1024);
}
