//! What a pipeline takes that listens for speech.

use crate::audio::{MAX_PACKETS, Rig};
use crate::input::Input;
use parley_media::{Chunk, Layout, ReplyMode, RtpView, SampleRate, Samples, SpeechRequest, SpeechSettings};
use std::time::Duration;

fn settings(input: &mut Input<'_>) -> SpeechSettings {
    let mut ms = |most: u64| Duration::from_millis(u64::from(input.short()) % (most + 1));
    SpeechSettings {
        window: ms(2_000) + Duration::from_millis(32),
        started: ms(1_000),
        interrupt: ms(1_000),
        pause: ms(1_000),
        max_continuous: Some(ms(60_000)),
        min_speech: ms(1_000),
        min_silence: ms(3_000),
        pad: ms(10_000),
        threshold: f32::from(input.byte()) / 255.0,
        probabilities: input.byte().is_multiple_of(2),
        echo_guard: input.byte().is_multiple_of(2),
    }
}

fn request(what: u8) -> SpeechRequest {
    match what % 8 {
        0 => SpeechRequest::ContinueTurn,
        1 => SpeechRequest::PeekTurn,
        2 => SpeechRequest::TakeTurn,
        3 => SpeechRequest::Reset,
        4 => SpeechRequest::Reply(ReplyMode::None),
        5 => SpeechRequest::Reply(ReplyMode::Interruptible),
        6 => SpeechRequest::Reply(ReplyMode::Ask),
        _ => SpeechRequest::Reply(ReplyMode::Deaf),
    }
}

/// Opus payloads, pauses, replies and requests in any order, and any settings.
pub fn listening(data: &[u8]) {
    let mut input = Input::new(data);
    let mut rig = Rig::new(&mut input);
    let settings = settings(&mut input);
    rig.ask(SpeechRequest::Listen(settings));
    let (mut sequence_number, mut timestamp) = (0_u16, 0_u32);
    for _ in 0..MAX_PACKETS {
        if input.is_empty() {
            break;
        }
        let what = input.byte();
        match what % 16 {
            0 => rig.ask(request(what / 16)),
            1 => rig.pass(Duration::from_millis(u64::from(input.short() % 2_000))),
            2 => rig.emit(Chunk {
                samples: Samples::I16(vec![9_000; usize::from(input.short())]),
                rate: SampleRate::HZ_24000,
                layout: Layout::Mono,
            }),
            3 => rig.clear_queue(),
            _ => {
                let length = usize::from(input.byte());
                let payload = input.take(length);
                rig.receive(RtpView { ssrc: 1, sequence_number, timestamp, marker: false, payload });
                rig.pass(Duration::from_millis(20));
                (sequence_number, timestamp) = (sequence_number + 1, timestamp.wrapping_add(960));
            }
        }
    }
    rig.pass(Duration::from_secs(1));
}
