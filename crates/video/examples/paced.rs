//! What libvpx alone costs when pictures come as from a camera: `cargo run --release -p parley-video --example paced`.
//!
//! Decodes a picture of 640 x 480 each 33 ms and encodes what came out, for 20 s, as a server that changes nothing would. Back to
//! back (`cargo bench -p parley-video`) the same work costs less, for the processor never sleeps between two pictures. Linux only:
//! it reads its own processor time from `/proc`.

#![allow(clippy::disallowed_methods, reason = "it measures time")]

use std::error::Error;
use std::thread::sleep;
use std::time::{Duration, Instant};

use parley_video::{DecoderOptions, EncoderOptions, I420, Rotation, Vp8Decoder, Vp8Encoder};

#[path = "../tests/scenes/mod.rs"]
mod scenes;

const SIZE: (u32, u32) = (640, 480);
const PICTURES: u32 = 600;
const PERIOD: Duration = Duration::from_nanos(33_333_333);

/// Processor time of this process so far, in ticks of 10 ms.
fn ticks() -> Result<u64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name, which may hold spaces, ends with a parenthesis; user and system time are fields 14 and 15 of proc(5).
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    Ok(fields[11].parse::<u64>()? + fields[12].parse::<u64>()?)
}

fn filmed() -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut encoder = Vp8Encoder::new(EncoderOptions::default());
    let mut frames = Vec::new();
    for index in 0..PICTURES {
        let picture = scenes::scene(SIZE.0, SIZE.1, index);
        frames.extend(encoder.encode(&picture, PERIOD * index, false)?.map(|frame| frame.data.to_vec()));
    }
    Ok(frames)
}

fn main() -> Result<(), Box<dyn Error>> {
    let frames = filmed()?;
    let mut decoder = Vp8Decoder::new(DecoderOptions::default())?;
    let mut encoder = Vp8Encoder::new(EncoderOptions::default());
    let mut picture = I420::blank(SIZE.0, SIZE.1);
    let (begun, before) = (Instant::now(), ticks()?);
    for (index, frame) in (0..).zip(&frames) {
        sleep((PERIOD * index).saturating_sub(begun.elapsed()));
        if let Some(decoded) = decoder.decode(frame)? {
            decoded.copy_to(Rotation::None, &mut picture);
        }
        encoder.encode(&picture, PERIOD * index, false)?;
    }
    let spent = 10.0 * (ticks()? - before) as f64;
    println!("{:.1} ms of CPU a second", spent / begun.elapsed().as_secs_f64());
    Ok(())
}
