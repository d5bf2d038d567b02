use crate::video::decoding::{Decoding, Taken, Turn};
use crate::video::encoding::{EmittedPicture, Encoding, Given, Next};
use parley_session::VideoOptions;
use parley_video::{EncodedFrame, EncoderOptions, I420, PixelFormat, Pixels, Rotation, Vp8Encoder};
use std::time::Duration;

const WIDTH: u32 = 32;
const HEIGHT: u32 = 16;

/// Frames of grey pictures, the given ones key frames beside the first.
fn frames(count: u32, keys: &[u32]) -> Vec<EncodedFrame> {
    let mut encoder = Vp8Encoder::new(EncoderOptions::default());
    let frame = |index: u32| {
        let mut picture = I420::blank(WIDTH, HEIGHT);
        picture.data_mut().fill(100 + index as u8);
        let at = Duration::from_millis(u64::from(index) * 33);
        encoder.encode(&picture, at, keys.contains(&index)).expect("encoded").expect("not left out")
    };
    (0..count).map(frame).collect()
}

fn damaged(frame: &EncodedFrame) -> EncodedFrame {
    EncodedFrame { data: frame.data.slice(..3), ..frame.clone() }
}

/// Decodes everything that waits. Returns the last turn.
fn decode_all(decoding: &Decoding) -> Turn {
    loop {
        let turn = decoding.turn();
        if !turn.more {
            return turn;
        }
    }
}

fn times(decoding: &Decoding) -> Vec<u128> {
    std::iter::from_fn(|| decoding.read(Duration::ZERO)).map(|(_, at)| at.as_millis()).collect()
}

#[test]
fn a_frame_becomes_an_upright_picture_of_its_time() {
    let decoding = Decoding::new(3, false);
    let frame = EncodedFrame { rotation: Rotation::By90, ..frames(2, &[1]).remove(1) };
    assert_eq!(decoding.take(frame), Taken { schedule: true, wants_key_frame: false });
    assert_eq!(decoding.turn(), Turn { more: false, shows: true, wants_key_frame: false });
    let (picture, at) = decoding.read(Duration::ZERO).expect("a picture");
    assert_eq!((picture.width(), picture.height(), at), (HEIGHT, WIDTH, Duration::from_millis(33)));
    let stats = decoding.stats();
    assert_eq!((stats.decoded, stats.width, stats.height, stats.waiting), (1, HEIGHT, WIDTH, 0));
}

#[test]
fn decoding_is_scheduled_once_for_all_that_waits() {
    let decoding = Decoding::new(9, false);
    let schedules: Vec<bool> =
        frames(3, &[]).into_iter().map(|frame| decoding.take(frame).schedule).collect();
    assert_eq!(schedules, [true, false, false]);
    assert!(decoding.turn().more && decoding.turn().more && !decoding.turn().more);
    assert_eq!(times(&decoding), [0, 33, 66]);
    assert!(decoding.take(frames(1, &[]).remove(0)).schedule, "all was decoded");
}

#[test]
fn a_handler_that_is_behind_gets_the_latest_pictures() {
    let (queue, newest) = (Decoding::new(2, false), Decoding::new(2, true));
    for decoding in [&queue, &newest] {
        for frame in frames(5, &[]) {
            decoding.take(frame);
        }
        decode_all(decoding);
    }
    assert_eq!(times(&queue), [99, 132]);
    assert_eq!(times(&newest), [132]);
    assert_eq!((queue.stats().skipped, newest.stats().skipped), (3, 4));
    assert_eq!((queue.stats().decoded, newest.stats().decoded), (5, 5), "others are made from them");
}

#[test]
fn a_decoder_that_is_behind_goes_on_at_a_key_frame() {
    let decoding = Decoding::new(9, false);
    for frame in frames(6, &[4]) {
        assert!(!decoding.take(frame).wants_key_frame);
    }
    decode_all(&decoding);
    assert_eq!(times(&decoding), [132, 165]);
    assert_eq!(decoding.stats().dropped, 4);
}

#[test]
fn a_decoder_that_is_a_second_behind_asks_for_a_key_frame() {
    let decoding = Decoding::new(9, false);
    let wants: Vec<bool> =
        frames(40, &[]).into_iter().map(|frame| decoding.take(frame).wants_key_frame).collect();
    assert_eq!(wants.iter().position(|wants| *wants), Some(30));
    assert_eq!(wants.iter().filter(|wants| **wants).count(), 1, "it is asked for once");
    assert_eq!(decode_all(&decoding), Turn::default());
    let taken = decoding.take(frames(1, &[]).remove(0));
    assert!(!taken.wants_key_frame);
    assert!(decode_all(&decoding).shows);
}

#[test]
fn a_frame_that_can_not_be_decoded_shows_nothing_until_the_next_key_frame() {
    let decoding = Decoding::new(9, false);
    let frames = frames(6, &[5]);
    decoding.take(frames[0].clone());
    decoding.take(damaged(&frames[1]));
    decoding.take(frames[2].clone());
    assert!(decoding.turn().shows);
    assert_eq!(decoding.turn(), Turn { more: false, shows: false, wants_key_frame: true });
    assert_eq!(decoding.take(frames[3].clone()), Taken::default(), "made from what failed");
    assert!(decoding.take(frames[5].clone()).schedule);
    assert!(decoding.turn().shows);
    let stats = decoding.stats();
    assert_eq!((stats.decoded, stats.failed, stats.dropped), (2, 1, 2));
}

#[test]
fn nothing_is_decoded_after_the_end() {
    let decoding = Decoding::new(9, false);
    let frames = frames(2, &[]);
    decoding.take(frames[0].clone());
    decoding.close();
    assert_eq!(decoding.turn(), Turn::default());
    assert_eq!(decoding.take(frames[1].clone()), Taken::default());
}

fn emit(encoding: &Encoding, millis: u64) -> Given {
    let pixels = vec![120; PixelFormat::Rgb24.samples(WIDTH, HEIGHT)];
    let (format, pixels) = (PixelFormat::Rgb24, Pixels::U8(&pixels));
    let picture = EmittedPicture { format, width: WIDTH, height: HEIGHT, pixels, timestamp: None };
    encoding.give(Duration::from_millis(millis), &picture).expect("the right length")
}

fn encode(encoding: &Encoding) -> Option<EncodedFrame> {
    let (_, picture) = encoding.begin_turn();
    let frame = encoding.encode(picture.expect("one waits"));
    encoding.end_turn();
    frame
}

#[test]
fn one_picture_waits_while_another_is_encoded_and_a_refused_one_hears_of_room() {
    let encoding = Encoding::new(VideoOptions::default());
    assert_eq!(emit(&encoding, 0), Given::Schedule);
    let (room, first) = encoding.begin_turn();
    assert!(!room, "nobody wished for it");
    assert_eq!(emit(&encoding, 33), Given::Taken);
    assert_eq!(emit(&encoding, 66), Given::Refused);
    assert!(encoding.encode(first.expect("the first")).is_some_and(|frame| frame.is_key));
    assert!(encoding.end_turn().more);
    let (room, second) = encoding.begin_turn();
    assert!(room);
    let second = encoding.encode(second.expect("the second"));
    assert_eq!(second.map(|frame| (frame.is_key, frame.timestamp)), Some((false, Duration::from_millis(33))));
    assert!(!encoding.end_turn().more);
    assert_eq!(emit(&encoding, 99), Given::Schedule);
    let stats = encoding.stats();
    assert_eq!((stats.encoded, stats.key_frames, stats.refused), (2, 1, 1));
}

#[test]
fn the_next_picture_is_a_key_frame_when_the_peer_needs_one() {
    let encoding = Encoding::new(VideoOptions::default());
    let is_key = |index: u64| {
        if index == 2 {
            encoding.want_key_frame();
        }
        emit(&encoding, index * 33);
        encode(&encoding).is_some_and(|frame| frame.is_key)
    };
    assert_eq!((0..5).map(is_key).collect::<Vec<_>>(), [true, false, true, false, false]);
}

#[test]
fn a_peer_that_takes_nothing_costs_no_encoding() {
    let encoding = Encoding::new(VideoOptions::default());
    encoding.set_bitrate(0);
    assert_eq!(emit(&encoding, 0), Given::Taken);
    assert_eq!(encoding.stats().dropped, 1);
    encoding.set_bitrate(300_000);
    assert_eq!(emit(&encoding, 33), Given::Schedule);
}

/// Encodes so many seconds of pictures that are hard to encode, from that second on; returns their frames.
fn encode_noise(encoding: &Encoding, from: u64, seconds: u64) -> Vec<EncodedFrame> {
    let (format, width, height) = (PixelFormat::I420, 320, 240);
    let mut random = parley_netsim::Random::new(from + 1);
    let picture_at = |index: u64| {
        let noise: Vec<u8> = (0..format.samples(width, height)).map(|_| random.below(256) as u8).collect();
        let picture = EmittedPicture { format, width, height, pixels: Pixels::U8(&noise), timestamp: None };
        encoding.give(Duration::from_millis(index * 100 / 3), &picture).expect("the right length");
        encode(encoding)
    };
    (from * 30..(from + seconds) * 30).filter_map(picture_at).collect()
}

#[test]
fn where_the_bitrate_is_low_pictures_are_left_out_before_anything_else_gives_way() {
    let encoding = Encoding::new(VideoOptions::default());
    encoding.set_bitrate(100_000);
    let few = encode_noise(&encoding, 0, 6).len() as u64;
    let stats = encoding.stats();
    assert_eq!((stats.encoded, stats.dropped), (few, 180 - few), "all are counted");
    assert_eq!((stats.width, stats.height), (320, 240));
    assert!((2..90).contains(&few), "{few} pictures");
    encoding.set_bitrate(20_000_000);
    let _ = encode_noise(&encoding, 6, 2);
    assert!(encode_noise(&encoding, 8, 2).len() > 55, "and all are back when the way is wide again");
}

#[test]
fn no_more_pictures_are_encoded_in_a_second_than_are_allowed() {
    let encoding = Encoding::new(VideoOptions { max_framerate: Some(10.0), ..VideoOptions::default() });
    let sent: Vec<u64> = (0..30)
        .map(|index| index * 100 / 3)
        .filter(|at| emit(&encoding, *at) == Given::Schedule && encode(&encoding).is_some())
        .collect();
    assert_eq!(sent, (0..10).map(|index| index * 100).collect::<Vec<_>>());
    assert_eq!((encoding.stats().encoded, encoding.stats().dropped), (10, 20));
}

#[test]
fn pixels_that_are_no_picture_leave_everything_as_it_was() {
    let encoding = Encoding::new(VideoOptions::default());
    let (format, pixels) = (PixelFormat::Bgr24, Pixels::F32(&[0.0; 10]));
    let picture = EmittedPicture { format, width: 2, height: 2, pixels, timestamp: None };
    assert!(encoding.give(Duration::ZERO, &picture).is_err());
    assert_eq!(emit(&encoding, 0), Given::Schedule);
}

#[test]
fn a_picture_that_is_encoded_when_the_session_ends_is_the_last() {
    let encoding = Encoding::new(VideoOptions::default());
    emit(&encoding, 0);
    let (_, picture) = encoding.begin_turn();
    encoding.close();
    encoding.encode(picture.expect("one waits"));
    encoding.end_turn();
    assert_eq!(emit(&encoding, 33), Given::Taken);
    assert_eq!(encoding.begin_turn(), (false, None));
}

#[test]
fn a_session_is_drained_when_the_last_picture_is_handed_over() {
    let encoding = Encoding::new(VideoOptions::default());
    assert!(encoding.drain(false), "there is nothing to encode");
    emit(&encoding, 0);
    let (_, first) = encoding.begin_turn();
    emit(&encoding, 33);
    assert!(!encoding.drain(true));
    encoding.encode(first.expect("the first"));
    assert_eq!(encoding.end_turn(), Next { more: true, drain: None });
    let (_, second) = encoding.begin_turn();
    encoding.encode(second.expect("the second"));
    assert_eq!(encoding.end_turn(), Next { more: false, drain: Some(true) });
}
