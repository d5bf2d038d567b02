//! Speech over a reply.

mod common;
mod spoken;

use common::{FRAME, MS, Packet, Rig, mono, options, tone};
use parley_media::{Mark, PipelineOptions, ReplyMode, SpeechEvent, SpeechRequest, SpeechSettings};
use spoken::{HZ, Script, listener, recording, secs};
use std::time::Duration;

/// When somebody speaks over an echo, s.
const OVER: usize = 30;

fn reply(seconds: usize) -> parley_media::Chunk {
    mono(tone::sine(440.0, 24_000, 24_000 * seconds), 24_000)
}

/// Somebody speaks over a long reply.
struct Scene {
    rig: Rig,
    packets: Vec<Packet>,
    heard: usize,
    /// When the speech begins.
    speech: Duration,
}

impl Scene {
    fn new(mode: ReplyMode, name: &str) -> Self {
        let script = Script::default().silence(2.0).say(name).silence(2.0);
        let mut rig = listener(SpeechSettings::default(), PipelineOptions { ..options() });
        rig.ask(SpeechRequest::Reply(mode));
        rig.emit(reply(20));
        Self { rig, packets: script.packets(), heard: 0, speech: secs(script.phrases[0].0) }
    }

    /// Hears on until somebody has started to speak.
    fn until_started(&mut self) -> Duration {
        while let Some(packet) = self.packets.get(self.heard) {
            self.hear(&packet.clone());
            if !self.rig.starts().is_empty() {
                return self.rig.now;
            }
        }
        panic!("nobody started to speak");
    }

    fn rest(&mut self) {
        while let Some(packet) = self.packets.get(self.heard) {
            self.hear(&packet.clone());
        }
    }

    fn hear(&mut self, packet: &Packet) {
        self.heard += 1;
        self.rig.run_until(packet.at.max(self.rig.now));
        self.rig.receive(packet);
    }

    fn interrupted(&self) -> Option<Duration> {
        self.rig.speech.iter().find_map(|(_, event)| match event {
            SpeechEvent::Started { interrupted, .. } => *interrupted,
            _ => None,
        })
    }

    fn sent_since(&self, at: Duration) -> usize {
        self.rig.packets.iter().filter(|packet| packet.at > at).count()
    }
}

#[test]
fn a_reply_is_silenced_by_the_engine_itself() {
    for name in ["interruption", "question", "greeting", "hesitation"] {
        let mut scene = Scene::new(ReplyMode::Interruptible, name);
        let started = scene.until_started();
        let after = started - scene.speech;
        assert!(after < 280 * MS, "{name}: found after {after:?}");
        let sent = FRAME * scene.rig.packets.len() as u32;
        let heard = scene.interrupted().expect("it was silenced");
        assert!(sent.abs_diff(heard) <= FRAME, "{name}: {heard:?} of {sent:?} sent");
        scene.rest();
        assert!(scene.sent_since(started) <= 2, "{name}: the fade-out, silence, and nothing more");
        assert_eq!(scene.rig.turns().len(), if name == "hesitation" { 2 } else { 1 }, "{name}");
    }
}

#[test]
fn what_is_written_before_the_queue_is_cleared_is_dropped_and_after_it_heard() {
    let mut scene = Scene::new(ReplyMode::Interruptible, "interruption");
    let started = scene.until_started();
    scene.rig.run_for(FRAME * 2);
    let before = scene.rig.packets.len();
    scene.rig.emit(reply(5));
    let now = scene.rig.instant();
    scene.rig.pipeline.mark(now, Mark { id: 7, over: None });
    scene.rest();
    assert_eq!(scene.rig.packets.len(), before, "nothing of what was written since {started:?}");
    assert_eq!(scene.rig.pipeline.take_played().map(|played| played.mark), Some(7), "its mark is passed");
    scene.rig.pipeline.clear_queue(scene.rig.instant());
    scene.rig.emit(reply(1));
    scene.rig.run_for(secs(2.0));
    assert!((50..=52).contains(&(scene.rig.packets.len() - before)));
}

#[test]
fn what_was_heard_of_a_reply_counts_from_its_beginning() {
    let mut rig = listener(SpeechSettings::default(), options());
    rig.emit(reply(1));
    rig.ask(SpeechRequest::Reply(ReplyMode::Interruptible));
    rig.emit(reply(20));
    let script = Script::default().silence(2.0).say("interruption");
    rig.hear(&script.packets());
    let sent = FRAME * rig.packets.len() as u32;
    let heard = rig.speech.iter().find_map(|(_, event)| match event {
        SpeechEvent::Started { interrupted, .. } => *interrupted,
        _ => None,
    });
    let of_reply = sent - secs(1.0);
    assert!(heard.is_some_and(|heard| heard.abs_diff(of_reply) <= 2 * FRAME), "{heard:?} of {of_reply:?}");
}

#[test]
fn a_reply_goes_on_when_somebody_else_decides() {
    let mut scene = Scene::new(ReplyMode::Ask, "interruption");
    let started = scene.until_started();
    assert!(started - scene.speech < 280 * MS, "it is told as soon");
    scene.rest();
    assert_eq!(scene.interrupted(), None);
    assert!(scene.sent_since(started) > 100);
}

#[test]
fn a_deaf_reply_hears_nothing_and_listening_begins_afresh_behind_it() {
    let mut scene = Scene::new(ReplyMode::Deaf, "interruption");
    scene.rest();
    assert!(scene.rig.speech.is_empty());
    scene.rig.ask(SpeechRequest::Reply(ReplyMode::None));
    let (now, script) = (scene.rig.now, Script::default().silence(0.1).say("greeting").silence(1.5));
    let mut packets = script.packets();
    let (number, timestamp) = (scene.packets.len() as u16, 960 * scene.packets.len() as u32);
    for packet in &mut packets {
        packet.sequence_number += number;
        packet.timestamp += timestamp;
    }
    scene.rig.hear(&packets);
    let (turns, began) = (scene.rig.turns(), now.as_secs_f64() + script.phrases[0].0);
    assert_eq!(turns.len(), 1);
    assert!((0.2..0.5).contains(&(began - turns[0].from.as_secs_f64())), "{:?} for {began}", turns[0].from);
}

/// A reply that is spoken plays for a minute, and comes back so much quieter after 150 ms. Somebody may speak over it, half
/// a minute after its beginning.
fn echoed(quieter: f32, guard: bool, over: Option<&str>) -> Rig {
    let reply = (0..11).fold(Script::default(), |script, _| script.say("reply"));
    let mut echo = Script::default().silence(0.15);
    echo.samples.extend(reply.samples.iter().map(|sample| sample * 10_f32.powf(-quieter / 20.0)));
    let voice = over.map(|name| recording(name).samples).unwrap_or_default();
    for (sample, voice) in echo.samples[OVER * HZ..].iter_mut().zip(voice) {
        *sample += voice;
    }
    let settings = SpeechSettings { echo_guard: guard, ..SpeechSettings::default() };
    let mut rig = listener(settings, options());
    rig.ask(SpeechRequest::Reply(ReplyMode::Interruptible));
    rig.emit(mono(reply.samples, 16_000));
    rig.hear(&echo.packets());
    rig
}

#[test]
fn the_echo_of_a_reply_interrupts_nobody() {
    for quieter in [10.0, 20.0] {
        assert_eq!(echoed(quieter, true, None).starts(), [], "{quieter} dB quieter");
        assert!(!echoed(quieter, false, None).starts().is_empty(), "the guard is to thank for that");
    }
}

#[test]
fn a_voice_over_the_echo_of_a_reply_interrupts_it() {
    for quieter in [10.0, 20.0] {
        for name in ["interruption", "question", "greeting"] {
            let rig = echoed(quieter, true, Some(name));
            let began = (OVER * HZ + recording(name).phrases[0].0) as f64 / HZ as f64;
            let (_, found) = rig.starts()[0];
            assert!((0.0..0.4).contains(&(found - began)), "{name}, {quieter} dB: {found} for {began}");
        }
    }
}

/// Once a second, so many ms of noise that dies away: a knock, a door, a cough.
fn knocks(ms: usize, level: f32) -> Script {
    let mut script = Script::default().silence(1.0);
    let mut state = 7_u32;
    for _ in 0..30 {
        let count = ms * HZ / 1_000;
        for n in 0..count {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 8) as f32 / 8_388_608.0 - 1.0;
            script.samples.push(level * noise * (-4.0 * n as f32 / count as f32).exp());
        }
        script = script.silence(1.0);
    }
    script
}

#[test]
fn knocks_interrupt_nobody() {
    for (ms, level) in [(10, 0.9), (50, 0.9), (150, 0.9), (300, 0.5), (300, 0.05)] {
        let mut rig = listener(SpeechSettings::default(), options());
        rig.ask(SpeechRequest::Reply(ReplyMode::Interruptible));
        rig.hear(&knocks(ms, level).packets());
        assert_eq!(rig.starts(), [], "noise of {ms} ms");
    }
}

#[test]
fn a_reply_that_nobody_interrupts_is_heard_to_its_end() {
    let mut rig = listener(SpeechSettings::default(), options());
    rig.ask(SpeechRequest::Reply(ReplyMode::Interruptible));
    rig.emit(reply(3));
    rig.pipeline.drain();
    rig.hear(&Script::default().silence(4.0).packets());
    assert!((150..=152).contains(&rig.packets.len()));
    assert!(rig.speech.is_empty());
}
