//! What video takes from a peer.

use crate::input::Input;
use parley_netsim::start_of_time;
use parley_video::{
    Assembled, Codec, DecoderOptions, FrameAssembler, H264Frame, I420, Rotation, VideoPacket, Vp8Decoder,
    Vp8Payload,
};
use std::time::Duration;

const MAX_PACKETS: usize = 2_000;
/// What is assembled never holds more than this, so no frame is longer.
const MAX_FRAME: usize = 5 * 1024 * 1024;
const MAX_FRAMES: usize = 40;
/// Large enough for a few rows of macroblocks, small enough to be fast.
const MAX_PIXELS: u32 = 256 * 256;

/// One RTP payload.
pub fn vp8_payload(data: &[u8]) {
    if let Some(payload) = Vp8Payload::parse(data) {
        assert!(!payload.data.is_empty() && data.ends_with(payload.data));
        assert!(payload.starts_frame || !payload.starts_key_frame);
        assert!(payload.picture_id.is_none_or(|id| id.value() <= 0x7fff));
    }
}

/// RTP packets of VP8 of any order, time and payload.
pub fn video_packets(data: &[u8]) {
    assemble(Codec::Vp8, data);
}

/// RTP packets of H.264 of any order, time and payload.
pub fn h264_packets(data: &[u8]) {
    assemble(Codec::H264, data);
}

fn assemble(codec: Codec, data: &[u8]) {
    let mut input = Input::new(data);
    let mut assembler = FrameAssembler::new(codec);
    let (mut sequence_number, mut timestamp, mut now) = (input.short(), input.word(), start_of_time());
    let mut has_key = false;
    for _ in 0..MAX_PACKETS {
        if input.is_empty() {
            break;
        }
        let what = input.byte();
        sequence_number = sequence_number.wrapping_add(if what & 3 != 0 { 1 } else { input.short() });
        timestamp = timestamp.wrapping_add(if what & 12 != 0 { 0 } else { 3_000 });
        now += Duration::from_millis(if what & 48 != 0 { 5 } else { u64::from(input.byte()) * 4 });
        let length = usize::from(input.byte());
        let packet = VideoPacket {
            sequence_number,
            timestamp,
            marker: what & 64 != 0,
            payload: input.take(length),
            rotation: (what & 128 != 0).then(|| Rotation::from_cvo(what)),
        };
        assembler.receive(now, packet);
        if length == 200 {
            assembler.want_key_frame(now);
            has_key = false;
        }
        drain(&mut assembler, now, &mut has_key);
    }
    let due = assembler.wake_at().map_or(now, |at| at.max(now));
    drain(&mut assembler, due, &mut has_key);
}

/// Nothing but a key frame comes out before the first, nor after one was asked for.
fn drain(assembler: &mut FrameAssembler, now: std::time::Instant, has_key: &mut bool) {
    for _ in 0..=MAX_PACKETS {
        match assembler.poll(now) {
            Some(Assembled::Frame(frame)) => {
                *has_key |= frame.is_key;
                assert!(*has_key, "a frame that is made from one that never came");
                assert!(
                    !frame.data.is_empty() && frame.data.len() <= MAX_FRAME,
                    "{} bytes",
                    frame.data.len()
                );
                check_h264(&frame.data);
            }
            Some(Assembled::NeedsKeyFrame) => *has_key = false,
            None => return,
        }
    }
    panic!("no end of frames");
}

/// What a decoder of H.264 is given is no more than came, and is found sound again.
fn check_h264(frame: &[u8]) {
    if let Ok(checked) = H264Frame::check(frame, MAX_PIXELS) {
        assert!(!checked.data.is_empty() && checked.data.len() < frame.len() + 1_000);
        assert_eq!(H264Frame::check(&checked.data, MAX_PIXELS), Ok(checked));
    }
}

/// Frames, each behind its length, for one decoder.
pub fn vp8(data: &[u8]) {
    let mut input = Input::new(data);
    let options = DecoderOptions { threads: 1, max_pixels: MAX_PIXELS };
    let mut decoder = Vp8Decoder::new(options).expect("libvpx is the one that was built with");
    let mut picture = I420::blank(1, 1);
    for turn in 0..MAX_FRAMES {
        if input.is_empty() {
            break;
        }
        if let Ok(Some(decoded)) = decoder.decode(input.piece()) {
            assert!(decoded.width() * decoded.height() <= MAX_PIXELS);
            let rotation = Rotation::from_cvo(turn as u8);
            let sides = rotation.turn(decoded.width(), decoded.height());
            decoded.copy_to(rotation, &mut picture);
            assert_eq!((picture.width(), picture.height()), sides);
        }
    }
}
