//! What the guard makes of generated speech that comes back, and of voices over it: in virtual time, with the real speech
//! model, and the default that four frames of speech in 600 ms interrupt.

mod scene;
mod signals;

use std::collections::VecDeque;

use parley_vad::{Silero, State};
use scene::{Call, Scene, voices};
use signals::RATE;

use super::EchoGuard;

const FRAME: usize = 512;

/// Frames in the window of 600 ms.
const WINDOW: usize = 18;

/// Over 120 ms of speech in the window interrupt.
const ENOUGH: usize = 4;

/// When the reply would be interrupted, in samples: each time that enough speech of somebody else comes together.
fn interruptions(call: &Call, loss: f32, guarded: bool) -> Vec<usize> {
    let mut guard = EchoGuard::new();
    guard.set_loss(loss);
    let (mut state, mut is_speech) = (State::default(), false);
    let mut window = VecDeque::from([false; WINDOW]);
    let mut speech = VecDeque::from([false; WINDOW]);
    let mut found = Vec::new();
    let mut interrupts = false;
    for (n, frame) in call.heard.as_chunks::<FRAME>().0.iter().enumerate() {
        let at = n * FRAME;
        guard.sent(at as u64, &call.sent[at..at + FRAME]);
        let probability = Silero::shared().probability(&mut state, frame);
        is_speech = probability >= if is_speech { 0.35 } else { 0.5 };
        let theirs = guard.hear(at as u64, frame, is_speech) as usize;
        window.pop_front();
        window.push_back(!guarded);
        window.iter_mut().rev().take(theirs).for_each(|frame| *frame = true);
        speech.pop_front();
        speech.push_back(is_speech);
        let counted = window.iter().zip(&speech).filter(|(theirs, speech)| **theirs && **speech).count();
        if counted >= ENOUGH && !interrupts {
            found.push(at + FRAME);
        }
        interrupts = counted >= if interrupts { 3 } else { ENOUGH };
    }
    found
}

/// From the start of each voice to the interruption, in ms, sorted. `None` is the last: not within 1.5 s.
fn times(scene: Scene, level: f32) -> Vec<Option<usize>> {
    let voices = voices();
    let found = interruptions(&scene.call(&voices, level), scene.loss, true);
    let time = |begins: usize| {
        let found = found.iter().find(|at| (begins..begins + 3 * RATE / 2).contains(at));
        found.map(|at| (at - begins) * 1_000 / RATE)
    };
    let mut times: Vec<_> = voices.iter().map(|(begins, _)| time(*begins)).collect();
    times.sort_by_key(|time| time.unwrap_or(usize::MAX));
    times
}

fn late(times: &[Option<usize>]) -> usize {
    times.iter().filter(|time| time.is_none_or(|time| time > 300)).count()
}

const CLEAN: Scene = Scene { echo: Some(-10.0), delay: 180, room: true, loss: 0.0, distorts: false };

#[test]
fn a_reply_that_comes_back_interrupts_nothing_in_a_minute() {
    let scenes = [
        CLEAN,
        Scene { delay: 30, room: false, ..CLEAN },
        Scene { delay: 500, echo: Some(-20.0), ..CLEAN },
        Scene { loss: 0.05, ..CLEAN },
    ];
    for scene in scenes {
        let call = scene.call(&[], 0.0);
        assert_eq!(interruptions(&call, scene.loss, true), [0; 0], "{scene:?}");
        assert_ne!(interruptions(&call, scene.loss, false), [0; 0], "it would without the guard: {scene:?}");
    }
}

#[test]
fn a_voice_as_loud_as_the_echo_interrupts_within_300_ms() {
    for echo in [-10.0, -20.0] {
        let alone = times(Scene { echo: None, ..CLEAN }, echo);
        assert_eq!(late(&alone), 0, "where no echo is: {alone:?}");
        let over_echo = times(Scene { echo: Some(echo), ..CLEAN }, echo);
        assert!(late(&over_echo) <= 1, "of 20 over an echo of {echo} dB: {over_echo:?}");
    }
}

#[test]
fn speech_is_nobodys_echo_while_nothing_is_sent() {
    let mut guard = EchoGuard::new();
    let frame = [0.1; FRAME];
    assert_eq!(guard.hear(0, &frame, true), 1);
    assert_eq!(guard.hear(512, &frame, false), 0);
}

fn show(times: &[Option<usize>]) -> String {
    let ms = |time: Option<usize>| time.map_or("never".to_owned(), |time| time.to_string());
    format!("{} / {} ({})", ms(times[times.len() / 2]), ms(times[times.len() - 1]), late(times))
}

fn row(name: &str, scene: Scene, level: f32) {
    let count = |guarded| interruptions(&scene.call(&[], 0.0), scene.loss, guarded).len();
    println!(
        "| {name} | {} | {} | {} | {} |",
        count(false),
        count(true),
        show(&times(scene, level)),
        show(&times(Scene { echo: None, ..scene }, level)),
    );
}

#[test]
#[ignore = "prints the table of bench/RESULTS.md"]
fn table() {
    println!(
        "| echo | interrupts itself in 60 s, unguarded | guarded | voice over echo, ms: p50 / max (over 300) | voice alone |"
    );
    println!("| --- | --- | --- | --- | --- |");
    for echo in [-10.0, -20.0] {
        for delay in [30, 250, 500] {
            for (room, loss) in [(false, 0.0), (true, 0.0), (true, 0.05)] {
                let scene = Scene { echo: Some(echo), delay, room, loss, distorts: false };
                let place = if room { ", room" } else { "" };
                row(&format!("{echo} dB, {delay} ms{place}, {} % lost", loss * 100.0), scene, echo);
            }
        }
    }
    row("-10 dB, 250 ms, room, loudspeaker overdriven", Scene { distorts: true, delay: 250, ..CLEAN }, -10.0);
    row("-10 dB, 700 ms, room", Scene { delay: 700, ..CLEAN }, -10.0);
    row("0 dB, 250 ms, room, voice 10 dB below", Scene { echo: Some(0.0), delay: 250, ..CLEAN }, -10.0);
    row("-10 dB, 250 ms, room, voice 6 dB below", Scene { delay: 250, ..CLEAN }, -16.0);
    row("-10 dB, 250 ms, room, voice 6 dB above", Scene { delay: 250, ..CLEAN }, -4.0);
    row("-30 dB, 250 ms, room, voice 20 dB above", Scene { echo: Some(-30.0), delay: 250, ..CLEAN }, -10.0);
}

#[test]
#[ignore = "to be timed: an hour of reply and echo, without the speech model"]
fn an_hour() {
    let call = CLEAN.call(&[], 0.0);
    let mut guard = EchoGuard::new();
    let frames = call.heard.as_chunks::<FRAME>().0.len();
    let mut theirs = 0;
    for n in 0..60 * frames {
        let (at, from) = ((n * FRAME) as u64, n % frames * FRAME);
        guard.sent(at, &call.sent[from..from + FRAME]);
        let frame = call.heard[from..].first_chunk().unwrap();
        theirs += guard.hear(at, frame, true);
    }
    println!("{theirs} of {} frames", 60 * frames);
}
