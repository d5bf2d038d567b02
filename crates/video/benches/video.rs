//! What video costs: each figure is for one second, 30 pictures of 640 x 480.
//!
//! `cargo bench -p parley-video`. What libvpx itself takes of it is `decode_alone` and `encode`: the latter has one copy of
//! the encoded bytes besides.

use divan::{Bencher, black_box};
use parley_video::{
    Assembled, Codec, DecoderOptions, EncodedFrame, EncoderOptions, FrameAssembler, I420, MAX_PAYLOAD,
    Packetiser, PixelFormat, Pixels, PixelsMut, Rotation, VideoPacket, Vp8Decoder, Vp8Encoder, from_pixels,
    to_pixels,
};
use std::time::{Duration, Instant};

#[path = "../tests/scenes/mod.rs"]
mod scenes;

const SIZE: (u32, u32) = (640, 480);
const FORMATS: [PixelFormat; 4] =
    [PixelFormat::Bgr24, PixelFormat::Rgb24, PixelFormat::Rgba, PixelFormat::I420];

fn main() {
    divan::main();
}

fn second() -> Vec<I420> {
    (0..30).map(|index| scenes::scene(SIZE.0, SIZE.1, index)).collect()
}

fn encode_second(encoder: &mut Vp8Encoder, pictures: &[I420], index: &mut u32) -> Vec<EncodedFrame> {
    let frames = pictures.iter().filter_map(|picture| {
        *index += 1;
        let timestamp = Duration::from_millis(u64::from(*index) * 100 / 3);
        encoder.encode(picture, timestamp, false).expect("encoded")
    });
    frames.collect()
}

fn encoded() -> Vec<EncodedFrame> {
    let mut encoder = Vp8Encoder::new(EncoderOptions::default());
    // The key frame of the first picture makes that the whole can be decoded again and again.
    encode_second(&mut encoder, &second(), &mut 0)
}

#[divan::bench]
fn encode(bencher: Bencher<'_, '_>) {
    let (pictures, mut encoder, mut index) = (second(), Vp8Encoder::new(EncoderOptions::default()), 0);
    bencher.bench_local(|| black_box(encode_second(&mut encoder, &pictures, &mut index)));
}

fn decode_second(bencher: Bencher<'_, '_>, mut show: impl FnMut(&parley_video::Picture<'_>)) {
    let frames = encoded();
    let mut decoder = Vp8Decoder::new(DecoderOptions::default()).expect("a decoder");
    bencher.bench_local(|| {
        for frame in &frames {
            if let Some(picture) = decoder.decode(&frame.data).expect("decoded") {
                show(&picture);
            }
        }
    });
}

#[divan::bench]
fn decode_alone(bencher: Bencher<'_, '_>) {
    decode_second(bencher, |picture| {
        black_box(picture.width());
    });
}

#[divan::bench(args = [Rotation::None, Rotation::By90, Rotation::By180])]
fn decode(bencher: Bencher<'_, '_>, rotation: Rotation) {
    let mut into = I420::blank(SIZE.0, SIZE.1);
    decode_second(bencher, |picture| picture.copy_to(rotation, &mut into));
}

#[divan::bench(args = FORMATS)]
fn to_bytes(bencher: Bencher<'_, '_>, format: PixelFormat) {
    let picture = scenes::scene(SIZE.0, SIZE.1, 0);
    let mut pixels = vec![0; format.samples(SIZE.0, SIZE.1)];
    bencher.bench_local(|| {
        for _ in 0..30 {
            to_pixels(&picture, format, PixelsMut::U8(black_box(&mut pixels))).expect("the right length");
        }
    });
}

#[divan::bench(args = FORMATS)]
fn to_floats(bencher: Bencher<'_, '_>, format: PixelFormat) {
    let picture = scenes::scene(SIZE.0, SIZE.1, 0);
    let mut pixels = vec![0.0; format.samples(SIZE.0, SIZE.1)];
    bencher.bench_local(|| {
        for _ in 0..30 {
            to_pixels(&picture, format, PixelsMut::F32(black_box(&mut pixels))).expect("the right length");
        }
    });
}

#[divan::bench(args = FORMATS)]
fn from_bytes(bencher: Bencher<'_, '_>, format: PixelFormat) {
    let mut picture = I420::blank(SIZE.0, SIZE.1);
    let pixels = vec![100; format.samples(SIZE.0, SIZE.1)];
    bencher.bench_local(|| {
        for _ in 0..30 {
            let pixels = Pixels::U8(black_box(&pixels));
            from_pixels(format, SIZE.0, SIZE.1, pixels, &mut picture).expect("the right length");
        }
    });
}

#[divan::bench(args = FORMATS)]
fn from_floats(bencher: Bencher<'_, '_>, format: PixelFormat) {
    let mut picture = I420::blank(SIZE.0, SIZE.1);
    let pixels = vec![100.0; format.samples(SIZE.0, SIZE.1)];
    bencher.bench_local(|| {
        for _ in 0..30 {
            let pixels = Pixels::F32(black_box(&pixels));
            from_pixels(format, SIZE.0, SIZE.1, pixels, &mut picture).expect("the right length");
        }
    });
}

#[divan::bench]
fn packetise_and_assemble(bencher: Bencher<'_, '_>) {
    let frames = encoded();
    let (mut packetiser, mut assembler) = (Packetiser::new(0), FrameAssembler::new(Codec::Vp8));
    let (mut sequence_number, mut timestamp) = (0_u16, 0_u32);
    #[allow(clippy::disallowed_methods, reason = "some instant is needed to begin with")]
    let now = Instant::now();
    bencher.bench_local(|| {
        for frame in &frames {
            let payloads = packetiser.packetise(&frame.data, MAX_PAYLOAD);
            timestamp = timestamp.wrapping_add(3_000);
            for (index, payload) in payloads.iter().enumerate() {
                sequence_number = sequence_number.wrapping_add(1);
                let marker = index + 1 == payloads.len();
                assembler.receive(
                    now,
                    VideoPacket { sequence_number, timestamp, marker, payload, rotation: None },
                );
            }
            assert!(matches!(assembler.poll(now), Some(Assembled::Frame(_))));
        }
    });
}
