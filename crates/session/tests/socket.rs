//! A session at the other end of a socket.

#[path = "../../media/tests/counting/mod.rs"]
mod counting;

use counting::allocations_of;
use parley_media::{Chunk, Layout, Mark, SampleRate, Samples, WireCodec, WireOptions};
use parley_netsim::{millis, secs, start_of_time};
use parley_session::{AudioFormat, CloseReason, Event, Input, Mode, Output, SessionOptions, SocketSession};
use std::time::{Duration, Instant};

const FRAME: Duration = Duration::from_millis(20);

/// A phone call in virtual time.
struct Phone {
    session: SocketSession,
    now: Instant,
    wakes: Option<Instant>,
    frames: Vec<usize>,
    payloads: Vec<Instant>,
    /// How many payloads there were each time that the far end was to drop what it has.
    cleared: Vec<usize>,
    events: Vec<(Instant, Event)>,
}

impl Phone {
    fn new(mode: Mode, lead: Duration) -> Self {
        let format = AudioFormat { rate: SampleRate::HZ_24000, layout: Layout::Mono };
        let options = SessionOptions { input: format, output: format, mode, ..SessionOptions::default() };
        let rate = SampleRate::HZ_8000;
        let wire = WireOptions { codec: WireCodec::Mulaw, input_rate: rate, output_rate: rate, lead };
        let now = start_of_time();
        let session = SocketSession::new(now, &options, wire).expect("valid options");
        let mut phone = Self {
            session,
            now,
            wakes: None,
            frames: Vec::new(),
            payloads: Vec::new(),
            cleared: Vec::new(),
            events: Vec::new(),
        };
        phone.take_outputs();
        phone
    }

    fn handle(&mut self, input: Input<'_>) {
        self.session.handle(self.now, input);
        self.take_outputs();
    }

    fn take_outputs(&mut self) {
        loop {
            match self.session.poll_output() {
                Output::Frame(samples) => self.frames.push(samples.len()),
                Output::Payload(payload) => {
                    assert_eq!(payload.len(), 160);
                    self.payloads.push(self.now);
                }
                Output::ClearSent => self.cleared.push(self.payloads.len()),
                Output::Event(event) => self.events.push((self.now, event)),
                Output::Datagram(..) | Output::Relayed { .. } | Output::VideoFrame(_) => {
                    unreachable!("a socket has no network, and no video")
                }
                Output::WakeAt(at) => {
                    self.wakes = at;
                    return;
                }
            }
        }
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.wakes.filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.handle(Input::Wake);
        }
        self.now = end;
    }

    fn when(&self, wanted: &Event) -> Option<Instant> {
        self.events.iter().find(|(_, event)| event == wanted).map(|(at, _)| *at)
    }
}

fn audio(length: Duration) -> Chunk {
    let samples = vec![1_000; (length.as_millis() * 24) as usize];
    Chunk { samples: Samples::I16(samples), rate: SampleRate::HZ_24000, layout: Layout::Mono }
}

#[test]
fn a_socket_is_connected_from_the_start_and_counts_what_goes_both_ways() {
    let mut phone = Phone::new(Mode::SendReceive, Duration::ZERO);
    assert_eq!(phone.events, [(phone.now, Event::Connected)]);
    for _ in 0..50 {
        phone.handle(Input::Payload(&[0xff; 160]));
        phone.run(FRAME);
    }
    phone.handle(Input::Audio(audio(secs(1))));
    phone.run(secs(1));
    let stats = phone.session.stats();
    assert!(phone.frames.iter().all(|samples| *samples == 480));
    assert_eq!((stats.packets_in, stats.bytes_in, stats.refused), (50, 8_000, 0));
    assert_eq!(stats.packets_out, phone.payloads.len() as u64);
    assert_eq!((stats.codec, stats.media.bitrate), (Some(WireCodec::Mulaw), 64_000));
}

#[test]
fn payloads_that_no_message_holds_are_refused_and_counted() {
    let mut phone = Phone::new(Mode::SendReceive, Duration::ZERO);
    phone.handle(Input::Payload(&[]));
    phone.handle(Input::Payload(&vec![0xff; 65_537]));
    assert_eq!((phone.session.stats().refused, phone.frames.len()), (2, 0));
    phone.handle(Input::Payload(&vec![0xff; 65_536]));
    assert_eq!(phone.session.stats().packets_in, 1);
}

#[test]
fn each_mode_goes_its_way_only() {
    for (mode, hears, speaks) in
        [(Mode::SendReceive, true, true), (Mode::Send, true, false), (Mode::Receive, false, true)]
    {
        let mut phone = Phone::new(mode, Duration::ZERO);
        phone.handle(Input::Payload(&[0x80; 800]));
        phone.handle(Input::Audio(audio(millis(200))));
        phone.run(secs(1));
        assert_eq!((!phone.frames.is_empty(), !phone.payloads.is_empty()), (hears, speaks), "{mode:?}");
    }
}

#[test]
fn what_was_emitted_is_played_out_before_a_drained_session_closes() {
    let mut phone = Phone::new(Mode::SendReceive, millis(100));
    phone.handle(Input::Audio(audio(secs(1))));
    phone.handle(Input::Mark(Mark { id: 1, over: None }));
    phone.handle(Input::Drain { close: true });
    let start = phone.now;
    phone.run(secs(3));
    let closed = phone.when(&Event::Closed(CloseReason::Local)).expect("it closes") - start;
    assert!((millis(1_100)..=millis(1_400)).contains(&closed), "{closed:?}");
    let played = phone.events.iter().find_map(|(_, event)| match event {
        Event::Played(played) => Some(played.played),
        _ => None,
    });
    assert_eq!(played, Some(secs(1)));
    assert!(phone.when(&Event::Drained) <= phone.when(&Event::Closed(CloseReason::Local)));
    assert_eq!(phone.wakes, None);
}

#[test]
fn a_far_end_that_says_what_it_has_played_is_waited_for() {
    let mut phone = Phone::new(Mode::SendReceive, millis(100));
    phone.handle(Input::Audio(audio(secs(1))));
    phone.handle(Input::Acknowledged(0));
    phone.handle(Input::Drain { close: false });
    phone.run(secs(2));
    assert_eq!(phone.when(&Event::Drained), None, "it has not said so yet");
    let sent = phone.payloads.len() as u64;
    phone.handle(Input::Acknowledged(sent));
    assert_eq!(phone.when(&Event::Drained), Some(phone.now));
}

#[test]
fn a_cleared_queue_comes_in_order_with_payloads() {
    let mut phone = Phone::new(Mode::SendReceive, millis(100));
    phone.handle(Input::Audio(audio(secs(5))));
    phone.run(secs(1));
    let sent = phone.payloads.len();
    phone.handle(Input::ClearQueue);
    phone.handle(Input::Audio(audio(millis(20))));
    phone.run(secs(1));
    assert_eq!((phone.cleared.as_slice(), phone.payloads.len() > sent), (&[sent][..], true));
}

#[test]
fn messages_go_over_the_socket_itself_and_after_the_end_nothing_happens() {
    let mut phone = Phone::new(Mode::SendReceive, Duration::ZERO);
    phone.handle(Input::Message("hello".to_owned()));
    assert!(matches!(phone.events.last(), Some((_, Event::MessageFailed(_)))));
    phone.handle(Input::Close);
    let said = phone.events.len();
    phone.handle(Input::Payload(&[0x80; 160]));
    phone.handle(Input::Audio(audio(secs(1))));
    phone.run(secs(1));
    assert_eq!((phone.events.len(), phone.frames.len(), phone.payloads.len()), (said, 0, 0));
}

/// A second of an echo at 24 kHz.
fn second(session: &mut SocketSession, now: Instant, chunks: Vec<Chunk>) -> usize {
    let mut outputs = 0;
    for (n, chunk) in chunks.into_iter().enumerate() {
        let now = now + FRAME * n as u32;
        session.handle(now, Input::Payload(&[0x55; 160]));
        session.handle(now, Input::Audio(chunk));
        session.handle(now, Input::Wake);
        while !matches!(session.poll_output(), Output::WakeAt(_)) {
            outputs += 1;
        }
    }
    outputs
}

#[test]
fn once_warm_a_payload_costs_no_memory() {
    let mut phone = Phone::new(Mode::SendReceive, millis(60));
    let chunks = || vec![audio(FRAME); 50];
    let mut at = phone.now;
    for _ in 0..3 {
        second(&mut phone.session, at, chunks());
        at += secs(1);
    }
    let given = chunks();
    let mut outputs = 0;
    let allocations = allocations_of(|| outputs = second(&mut phone.session, at, given));
    assert!((95..=105).contains(&outputs), "{outputs}");
    assert_eq!(allocations, 0);
}
