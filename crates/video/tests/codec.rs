//! Pictures through libvpx and back.

mod scenes;

use parley_video::{
    CodecError, DecoderOptions, EncodedFrame, EncoderOptions, I420, Rotation, Vp8Decoder, Vp8Encoder,
    key_frame_size,
};
use scenes::{Random, psnr, scene};
use std::time::Duration;

fn at(index: u32) -> Duration {
    Duration::from_nanos(33_333_333) * index
}

fn encoder(bitrate: u32) -> Vp8Encoder {
    Vp8Encoder::new(EncoderOptions { bitrate, ..EncoderOptions::default() })
}

fn decoder() -> Vp8Decoder {
    Vp8Decoder::new(DecoderOptions::default()).expect("libvpx is the one that the crate was built with")
}

fn encode(encoder: &mut Vp8Encoder, picture: &I420, index: u32) -> EncodedFrame {
    encoder.encode(picture, at(index), false).expect("encoded").expect("not left out")
}

fn decode(decoder: &mut Vp8Decoder, frame: &EncodedFrame) -> I420 {
    let mut picture = I420::blank(1, 1);
    decoder.decode(&frame.data).expect("decoded").expect("shown").copy_to(frame.rotation, &mut picture);
    picture
}

#[test]
fn a_picture_comes_back_as_it_was() {
    let (mut encoder, mut decoder) = (encoder(1_000_000), decoder());
    for index in 0..30 {
        let picture = scene(320, 240, index);
        let frame = encode(&mut encoder, &picture, index);
        assert_eq!(frame.is_key, index == 0, "picture {index}");
        let likeness = psnr(&picture, &decode(&mut decoder, &frame));
        assert!(likeness > 33.0, "picture {index}: {likeness:.1} dB");
    }
}

#[test]
fn every_size_is_encoded_and_a_change_begins_with_a_key_frame() {
    let (mut encoder, mut decoder) = (encoder(2_000_000), decoder());
    let sizes = [(1, 1), (16, 16), (17, 31), (321, 241), (640, 480), (2, 300), (176, 144)];
    for (index, (width, height)) in (0..).step_by(2).zip(sizes) {
        let first = encode(&mut encoder, &scene(width, height, index), index);
        let size = key_frame_size(&first.data).map(|size| (size.width, size.height));
        assert_eq!((first.is_key, size), (true, Some((width, height))));
        let second = encode(&mut encoder, &scene(width, height, index + 1), index + 1);
        assert!(!second.is_key);
        let picture = scene(width, height, index);
        let likeness = psnr(&picture, &decode(&mut decoder, &first));
        assert!(likeness > 27.0, "{width} x {height}: {likeness:.1} dB");
        let shown = decode(&mut decoder, &second);
        assert_eq!((shown.width(), shown.height()), (width, height));
    }
}

#[test]
fn a_key_frame_is_made_when_it_is_asked_for() {
    let mut encoder = encoder(500_000);
    let keys: Vec<u32> = (0..20)
        .filter(|index| {
            let frame = encoder.encode(&scene(160, 120, *index), at(*index), *index == 13).expect("encoded");
            frame.is_some_and(|frame| frame.is_key)
        })
        .collect();
    assert_eq!(keys, [0, 13]);
}

#[test]
fn the_bitrate_follows_what_is_asked_for_while_it_runs() {
    let mut encoder = encoder(800_000);
    let mut run = |bitrate: u32, from: u32| {
        encoder.set_bitrate(bitrate);
        let encode = |index| encoder.encode(&noise(320, 240, index), at(index), false).expect("encoded");
        let frames: Vec<_> = (from..from + 150).map(encode).collect();
        let bytes = |frame: &Option<EncodedFrame>| frame.as_ref().map_or(0, |frame| frame.data.len());
        // The last 3 s.
        frames[60..].iter().map(bytes).sum::<usize>() * 8 / 3
    };
    for (bitrate, from) in [(800_000, 0), (300_000, 150), (1_200_000, 300)] {
        let found = run(bitrate, from);
        let range = bitrate as usize * 7 / 10..bitrate as usize * 13 / 10;
        assert!(range.contains(&found), "{found} bit/s instead of {bitrate}");
    }
}

/// A scene that is hard to encode.
fn noise(width: u32, height: u32, index: u32) -> I420 {
    let mut picture = scene(width, height, index);
    let mut random = Random::new(u64::from(index));
    for sample in picture.data_mut() {
        *sample = sample.saturating_add(random.below(24) as u8);
    }
    picture
}

#[test]
fn a_time_that_does_not_rise_is_no_error() {
    let mut encoder = encoder(500_000);
    for timestamp in [5, 5, 0, 1_000_000, 6] {
        let encoded = encoder.encode(&scene(64, 64, 0), Duration::from_secs(timestamp), false);
        assert!(encoded.is_ok(), "{timestamp} s: {encoded:?}");
    }
}

#[test]
fn a_turned_picture_is_set_upright() {
    let frame = encode(&mut encoder(1_000_000), &scene(64, 48, 0), 0);
    let turned = EncodedFrame { rotation: Rotation::By90, ..frame.clone() };
    let upright = decode(&mut decoder(), &turned);
    let lying = decode(&mut decoder(), &frame);
    assert_eq!((upright.width(), upright.height()), (48, 64));
    // The lower left corner becomes the upper left one.
    assert_eq!(upright.data()[0], lying.data()[47 * 64]);
}

#[test]
fn a_decoder_that_failed_shows_nothing_before_the_next_key_frame() {
    let (mut encoder, mut decoder) = (encoder(500_000), decoder());
    let frames: Vec<_> = (0..4).map(|index| encode(&mut encoder, &scene(160, 120, index), index)).collect();
    assert_eq!(decoder.decode(&frames[1].data).err(), Some(CodecError::NeedsKeyFrame));
    assert!(decoder.decode(&frames[0].data).is_ok_and(|picture| picture.is_some()));
    assert!(matches!(decoder.decode(&frames[1].data[..8]).err(), Some(CodecError::Damaged(_))));
    assert_eq!(decoder.decode(&frames[2].data).err(), Some(CodecError::NeedsKeyFrame));
    assert!(decoder.decode(&frames[0].data).is_ok());
    assert!(decoder.decode(&frames[1].data).is_ok());
    assert!(matches!(decoder.decode(&[]).err(), Some(CodecError::Damaged(_))));
}

#[test]
fn a_key_frame_that_asks_for_too_large_a_picture_is_refused() {
    let mut frame = encode(&mut encoder(500_000), &scene(64, 64, 0), 0).data.to_vec();
    frame[6..10].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
    assert_eq!(decoder().decode(&frame).err(), Some(CodecError::TooLarge(16_383, 16_383)));
    frame[6..10].copy_from_slice(&[0, 0, 64, 0]);
    assert!(matches!(decoder().decode(&frame).err(), Some(CodecError::Damaged(_))));
}

#[test]
fn damaged_frames_are_errors_or_pictures_and_nothing_worse() {
    let mut random = Random::new(7);
    let mut encoder = encoder(500_000);
    let frames: Vec<_> = (0..8).map(|index| encode(&mut encoder, &scene(80, 60, index), index)).collect();
    let mut decoder = decoder();
    let mut failures = 0;
    for round in 0..400 {
        let mut data = frames[round % frames.len()].data.to_vec();
        for _ in 0..random.below(4) {
            let place = random.below(data.len() as u64) as usize;
            data[place] = random.below(256) as u8;
        }
        data.truncate(
            data.len() - random.below(data.len() as u64 / 2) as usize * usize::from(random.happens(30)),
        );
        failures += usize::from(decoder.decode(&data).is_err());
    }
    assert!((1..400).contains(&failures), "{failures} failures");
}

#[test]
fn threads_make_no_difference_to_the_picture() {
    let picture = scene(1280, 720, 3);
    let options = EncoderOptions { bitrate: 3_000_000, threads: 2, ..EncoderOptions::default() };
    let frame = encode(&mut Vp8Encoder::new(options), &picture, 0);
    let alone = decode(&mut decoder(), &frame);
    let options = DecoderOptions { threads: 4, ..DecoderOptions::default() };
    let mut shared = Vp8Decoder::new(options).expect("a decoder");
    assert!(decode(&mut shared, &frame) == alone);
    assert!(psnr(&picture, &alone) > 30.0);
}
