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

#[cfg(feature = "h264")]
mod h264 {
    use super::*;
    use parley_video::{
        Assembled, Codec, FrameAssembler, MAX_PAYLOAD, VideoDecoder, VideoEncoder, VideoPacket, h264_pieces,
    };
    use std::time::Instant;

    fn encoder(bitrate: u32) -> VideoEncoder {
        let options = EncoderOptions { bitrate, ..EncoderOptions::default() };
        VideoEncoder::new(Codec::H264, options).expect("it is built")
    }

    fn decoder() -> VideoDecoder {
        VideoDecoder::new(Codec::H264, DecoderOptions::default()).expect("it is built")
    }

    fn encode(encoder: &mut VideoEncoder, picture: &I420, index: u32, key: bool) -> EncodedFrame {
        encoder.encode(picture, at(index), key).expect("encoded").expect("not left out")
    }

    fn shown(decoder: &mut VideoDecoder, data: &[u8]) -> I420 {
        let mut picture = I420::blank(1, 1);
        decoder.decode(data).expect("decoded").expect("shown").copy_to(Rotation::None, &mut picture);
        picture
    }

    #[test]
    fn a_picture_comes_back_as_it_was_and_key_frames_when_they_are_asked_for() {
        let (mut encoder, mut decoder) = (encoder(1_000_000), decoder());
        for index in 0..30 {
            let picture = scene(320, 240, index);
            let frame = encode(&mut encoder, &picture, index, index == 13);
            assert_eq!(
                (frame.is_key, frame.codec),
                (index == 0 || index == 13, Codec::H264),
                "picture {index}"
            );
            let likeness = psnr(&picture, &shown(&mut decoder, &frame.data));
            assert!(likeness > 31.0, "picture {index}: {likeness:.1} dB");
        }
    }

    #[test]
    fn sizes_change_with_a_key_frame() {
        let (mut encoder, mut decoder) = (encoder(2_000_000), decoder());
        for (width, height) in [(16, 16), (640, 480), (322, 242), (176, 144)] {
            let picture = scene(width, height, 5);
            let frame = encode(&mut encoder, &picture, width, false);
            assert!(frame.is_key, "{width} x {height}");
            let back = shown(&mut decoder, &frame.data);
            assert_eq!((back.width(), back.height()), (width, height));
        }
        assert!(encoder.encode(&scene(33, 32, 0), at(900), false).is_err(), "an odd side");
    }

    #[test]
    fn the_bitrate_is_followed_up_and_down_without_another_key_frame() {
        let (mut encoder, mut decoder, mut index) = (encoder(800_000), decoder(), 0);
        let mut run = |bitrate: u32| {
            encoder.set_bitrate(bitrate);
            let mut bytes = 0;
            for picture in 0..150 {
                let encoded = encoder.encode(&noise(320, 240, index), at(index), false).expect("encoded");
                if let Some(frame) = encoded {
                    assert_eq!(frame.is_key, index == 0, "at {bitrate} bit/s");
                    shown(&mut decoder, &frame.data);
                    // The last 3 s.
                    bytes += if picture < 60 { 0 } else { frame.data.len() };
                }
                index += 1;
            }
            bytes * 8 / 3
        };
        for bitrate in [800_000, 300_000, 1_200_000, 100_000, 6_000_000] {
            let found = run(bitrate);
            let range = bitrate as usize * 9 / 10..bitrate as usize * 11 / 10;
            assert!(range.contains(&found), "{found} bit/s instead of {bitrate}");
        }
        // More than these pictures can take.
        assert!(run(30_000_001) > 8_000_000);
    }

    #[test]
    fn nothing_is_shown_between_a_damaged_frame_and_a_key_frame() {
        let mut encoder = encoder(1_000_000);
        let frames: Vec<_> = (0..6).map(|n| encode(&mut encoder, &scene(320, 240, n), n, n == 4)).collect();
        let mut decoder = decoder();
        assert_eq!(decoder.decode(&frames[1].data).err(), Some(CodecError::NeedsKeyFrame));
        shown(&mut decoder, &frames[0].data);
        assert!(decoder.decode(&frames[1].data[..20]).is_err());
        assert_eq!(decoder.decode(&frames[2].data).err(), Some(CodecError::NeedsKeyFrame));
        let likeness = psnr(&scene(320, 240, 4), &shown(&mut decoder, &frames[4].data));
        assert!(likeness > 31.0, "{likeness:.1} dB");
    }

    #[test]
    fn any_bytes_are_refused_or_shown_and_a_key_frame_mends_it() {
        let mut encoder = encoder(500_000);
        let frames: Vec<_> =
            (0..8).map(|n| encode(&mut encoder, &scene(128, 96, n), n, n % 4 == 0)).collect();
        let (mut decoder, mut random, mut shown_count) = (decoder(), Random::new(11), 0);
        for turn in 0..400 {
            let mut data = frames[turn % frames.len()].data.to_vec();
            for _ in 0..1 + turn % 5 {
                let at = random.below(data.len() as u64) as usize;
                data[at] ^= 1 << random.below(8);
            }
            let whole = data.len();
            data.truncate(if random.happens(30) { random.below(whole as u64) as usize } else { whole });
            let mut picture = I420::blank(1, 1);
            if let Ok(Some(decoded)) = decoder.decode(&data) {
                decoded.copy_to(Rotation::None, &mut picture);
                assert_eq!((picture.width(), picture.height()), (decoded.width(), decoded.height()));
                shown_count += 1;
            }
        }
        assert!(shown_count > 0, "some damage leaves a frame");
        let likeness = psnr(&scene(128, 96, 4), &shown(&mut decoder, &frames[4].data));
        assert!(likeness > 40.0, "{likeness:.1} dB");
    }

    #[test]
    fn frames_are_assembled_from_packets_in_any_order_and_a_lost_one_brings_a_key_frame() {
        #[allow(clippy::disallowed_methods, reason = "some instant is needed to begin with")]
        let now = Instant::now();
        let (mut encoder, mut random) = (encoder(3_000_000), Random::new(7));
        let mut assembler = FrameAssembler::new(Codec::H264);
        let (mut number, mut came, mut lost) = (65_500_u16, Vec::new(), 0);
        for index in 0..60 {
            let frame = encode(&mut encoder, &scene(640, 480, index), index, index == 40);
            let pieces = h264_pieces(&frame.data, MAX_PAYLOAD);
            let last = pieces.len() - 1;
            let mut packets: Vec<_> = pieces.iter().enumerate().collect();
            if random.happens(50) {
                packets.reverse();
            }
            for (piece, payload) in packets {
                // A hole in the tenth picture, which nobody mends.
                if index == 10 && piece == last {
                    lost += 1;
                    continue;
                }
                let sequence_number = number.wrapping_add(piece as u16);
                let timestamp = 3_000 * index;
                let marker = piece == last;
                let packet = VideoPacket { sequence_number, timestamp, marker, payload, rotation: None };
                assembler.receive(now + at(index), packet);
            }
            number = number.wrapping_add(pieces.len() as u16);
            while let Some(assembled) = assembler.poll(now + at(index)) {
                if let Assembled::Frame(assembled) = assembled {
                    assert_eq!(assembled.is_key, assembled.timestamp == 0 || assembled.timestamp == 120_000);
                    came.push((assembled.timestamp / 3_000, assembled.data == frame.data));
                }
            }
        }
        let numbers: Vec<_> = came.iter().map(|(number, _)| *number).collect();
        assert_eq!(lost, 1);
        assert_eq!(numbers, (0..10).chain(40..60).collect::<Vec<_>>());
        assert!(came.iter().all(|(_, is_same)| *is_same));
        assert!(assembler.stats().key_frames_wanted > 0);
    }
}
