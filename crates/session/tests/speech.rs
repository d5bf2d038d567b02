//! Speech in a call: found on the server, whatever the network, and faster than anybody could be asked.

#[path = "../../media/tests/spoken/wav.rs"]
mod wav;

use parley_media::{
    Chunk, Layout, ReplyMode, SampleRate, Samples, SpeechEvent, SpeechRequest, SpeechSettings,
};
use parley_netsim::{Call, Link, millis, secs, tone};
use parley_session::{Event, Input};
use std::time::Instant;

fn said(name: &str) -> Chunk {
    Chunk { samples: Samples::F32(wav::read(name)), rate: SampleRate::HZ_16000, layout: Layout::Mono }
}

/// A call on that link that listens for speech.
fn listening(link: Link) -> Call {
    let mut call = Call::connect(link);
    call.handle(Input::Speech(SpeechRequest::Listen(SpeechSettings::default())));
    call.run(secs(1));
    call
}

/// When somebody had started to speak, and whether that silenced a reply.
fn started(call: &Call) -> Option<(Instant, bool)> {
    call.events.iter().find_map(|(at, event)| match event {
        Event::Speech(SpeechEvent::Started { interrupted, .. }) => Some((*at, interrupted.is_some())),
        _ => None,
    })
}

fn turns(call: &Call) -> usize {
    let is_turn = |event: &Event| matches!(event, Event::Speech(SpeechEvent::Turn(_)));
    call.events.iter().filter(|(_, event)| is_turn(event)).count()
}

/// A reply plays, somebody speaks, and nobody answers for the handler.
fn interrupted(link: Link) -> Call {
    let mut call = listening(link);
    call.handle(Input::Speech(SpeechRequest::Reply(ReplyMode::Interruptible)));
    call.handle(Input::Audio(tone(880.0, secs(20))));
    call.run(secs(2));
    call.peer.speak(call.now(), said("interruption"));
    call.run(secs(4));
    call
}

#[test]
fn the_peer_hears_silence_soon_after_it_has_started_to_speak() {
    for link in [
        Link::perfect(),
        Link::perfect().latency(millis(40)).jitter(millis(30)).seed(1),
        Link::lossy(0.1).seed(2).latency(millis(20)),
    ] {
        let call = interrupted(link.clone());
        let (found, silenced) = started(&call).expect("somebody has started to speak");
        assert!(silenced);
        let last = call.peer.heard.last_sound().expect("the reply was heard before");
        let took = last.saturating_duration_since(found);
        assert!(took <= millis(100), "{took:?} on {link:?}");
    }
}

#[test]
fn a_busy_handler_writes_on_in_vain_until_it_clears_the_queue() {
    let mut call = interrupted(Link::perfect());
    let silence = call.now();
    for _ in 0..50 {
        call.handle(Input::Audio(tone(880.0, millis(20))));
        call.run(millis(20));
    }
    assert_eq!(call.peer.heard.since(silence).first_sound(), None);
    call.handle(Input::ClearQueue);
    call.handle(Input::Audio(tone(880.0, secs(1))));
    call.run(secs(2));
    assert!(call.peer.heard.since(silence).sound() >= millis(960));
}

#[test]
fn a_turn_ends_whatever_the_network() {
    for link in [
        Link::perfect(),
        Link::lossy(0.1).seed(3),
        Link::perfect().jitter(millis(60)).reordering(0.05).duplicating(0.02).seed(4),
    ] {
        let mut call = listening(link.clone());
        call.peer.speak(call.now(), said("greeting"));
        call.run(secs(5));
        assert_eq!(turns(&call), 1, "on {link:?}");
        assert_eq!(call.handler_heard.since(call.now() - secs(5)).count(), 0, "no frame goes to the handler");
    }
}

#[test]
fn a_peer_that_vanishes_has_paused() {
    let mut call = listening(Link::perfect());
    call.peer.speak(call.now(), said("question"));
    call.run(millis(1_500));
    assert!(started(&call).is_some());
    call.peer_vanishes();
    call.run(secs(2));
    assert_eq!(turns(&call), 1);
}
