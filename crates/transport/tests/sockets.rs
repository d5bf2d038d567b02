//! Sessions of sockets on the media threads, and by hand.

mod common;

use common::{OFFER, Observed, PATIENCE, loopback, session_options};
use parley_transport::{
    AUDIO, Chunk, EngineOptions, Layout, ManualSession, PAYLOAD, Payload, QueueLimits, ReadyList, SampleRate,
    Samples, SessionHandle, VideoQueue, WireCodec, WireOptions, attach, open,
};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const FRAME: Duration = Duration::from_millis(20);

fn limits() -> QueueLimits {
    QueueLimits { input: Duration::from_secs(5), video: VideoQueue::default() }
}

fn phone(lead: Duration) -> WireOptions {
    let rate = SampleRate::HZ_8000;
    WireOptions { codec: WireCodec::Mulaw, input_rate: rate, output_rate: rate, lead }
}

fn audio(milliseconds: usize) -> Chunk {
    let samples = Samples::I16(vec![1_000; 24 * milliseconds]);
    Chunk { samples, rate: SampleRate::HZ_24000, layout: Layout::Mono }
}

fn payloads(session: &SessionHandle) -> Vec<Payload> {
    let mut into = [0; 7_680];
    std::iter::from_fn(|| session.read_payload(&mut into).expect("room")).collect()
}

/// A session in virtual time, a second after it began.
fn by_hand(lead: Duration) -> (SessionHandle, ManualSession, Instant) {
    let start = Instant::now();
    let list = Arc::new(ReadyList::new(|| {}));
    let (handle, mut session) =
        ManualSession::open(start, (session_options(), limits()), phone(lead), list).expect("a session");
    session.run(start);
    let events: Vec<_> = handle.take_events().into_iter().map(|event| event.kind).collect();
    assert_eq!(events, ["connected"]);
    (handle, session, start)
}

#[test]
fn what_the_socket_brings_is_read_and_what_is_written_goes_to_it() {
    let (handle, mut session, start) = by_hand(Duration::ZERO);
    let mut frame = [0; 960];
    let mut frames = 0;
    for n in 1..=50 {
        handle.receive(&[0x80; 160]);
        session.run(start + FRAME * n);
        assert_ne!(handle.take_ready() & AUDIO, 0);
        while handle.read_audio(&mut frame) == Ok(480) {
            frames += 1;
            handle.write_audio(audio(20)).expect("it is open");
        }
        session.run(start + FRAME * n);
        assert_ne!(handle.take_ready() & PAYLOAD, 0);
        assert_eq!(payloads(&handle), [Payload::Audio(160)], "payload {n}");
    }
    assert_eq!(frames, 50);
    let stats = handle.stats();
    assert_eq!((stats.input_dropped, stats.output_dropped), (0, 0));
}

#[test]
fn payloads_that_nobody_reads_are_bounded_and_the_oldest_dropped() {
    let (handle, mut session, start) = by_hand(Duration::ZERO);
    handle.acknowledge(0);
    handle.write_audio(audio(8_000)).expect("it is open");
    for n in 0..=400 {
        session.run(start + FRAME * n);
    }
    assert_eq!(payloads(&handle).len(), 250);
    assert!((149..=151).contains(&handle.stats().output_dropped), "{}", handle.stats().output_dropped);
    // The far end counts what it was sent: what was made after what was dropped.
    handle.acknowledge(10);
    session.run(start + FRAME * 400);
    assert!((3_160..=3_220).contains(&handle.played().as_millis()), "{:?}", handle.played());
}

#[test]
fn a_cleared_queue_overtakes_what_waits_for_the_socket() {
    let (handle, mut session, start) = by_hand(Duration::from_millis(100));
    handle.write_audio(audio(1_000)).expect("it is open");
    session.run(start);
    handle.clear_queue();
    handle.write_audio(audio(40)).expect("it is open");
    session.run(start);
    let read = payloads(&handle);
    assert_eq!(read[0], Payload::Clear);
    assert!(read.len() >= 2 && read[1..].iter().all(|payload| *payload == Payload::Audio(160)), "{read:?}");
}

#[test]
fn messages_are_refused_for_they_go_over_the_socket_itself() {
    let session = Socket::open(&loopback());
    assert!(session.handle.send_message("hello".to_owned()).is_err());
}

#[test]
fn a_payload_of_any_length_that_is_too_long_for_the_array_stays() {
    let (handle, mut session, start) = by_hand(Duration::ZERO);
    handle.write_audio(audio(20)).expect("it is open");
    session.run(start);
    assert_eq!(handle.read_payload(&mut [0; 159]).map_err(|error| error.needed), Err(160));
    assert_eq!(payloads(&handle), [Payload::Audio(160)]);
}

/// A session on the media threads.
struct Socket {
    handle: SessionHandle,
    list: Arc<ReadyList>,
    woken: Receiver<()>,
}

impl Socket {
    fn open(engine: &EngineOptions) -> Self {
        let (wake, woken) = channel();
        let list = Arc::new(ReadyList::new(move || wake.send(()).unwrap_or_default()));
        let lead = Duration::from_millis(60);
        let handle = open(engine, session_options(), limits(), phone(lead), list.clone());
        Self { handle, list, woken }
    }

    /// Waits until something is ready, and says what.
    fn ready(&self) -> u32 {
        assert!(self.woken.recv_timeout(PATIENCE).is_ok(), "nobody is woken");
        self.list.take();
        self.handle.take_ready()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.handle.close();
    }
}

#[test]
fn who_has_the_socket_is_told_of_payloads_whoever_has_attached_the_audio() {
    let socket = Socket::open(&loopback());
    let elsewhere = Arc::new(ReadyList::new(|| {}));
    let attached = attach(socket.handle.key(), elsewhere).expect("attached");
    attached.write_audio(audio(20)).expect("it is open");
    let mut read = Vec::new();
    while read.is_empty() {
        socket.ready();
        read = payloads(&socket.handle);
    }
    assert_eq!((read, attached.take_ready() & PAYLOAD), (vec![Payload::Audio(160)], 0));
}

#[test]
fn a_media_thread_runs_sockets_beside_calls_and_tells_of_payloads() {
    let call = Observed::accept(&loopback(), session_options(), OFFER);
    call.answer();
    let socket = Socket::open(&loopback());
    while !socket.handle.take_events().iter().any(|event| event.kind == "connected") {
        socket.ready();
    }
    socket.handle.write_audio(audio(200)).expect("it is open");
    let mut read = payloads(&socket.handle).len();
    while read < 10 {
        socket.ready();
        read += payloads(&socket.handle).len();
    }
    socket.handle.drain(true);
    while !socket.handle.has_ended() {
        socket.ready();
    }
    assert_eq!(call.close(), "local");
}

#[test]
fn a_socket_needs_no_port_so_one_that_is_taken_is_no_refusal() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").expect("bound");
    let port = taken.local_addr().expect("bound").port();
    let socket = Socket::open(&EngineOptions { udp_ports: (port, port), ..loopback() });
    loop {
        let events = socket.handle.take_events();
        if let Some(event) = events.iter().find(|event| matches!(event.kind, "connected" | "rejected")) {
            assert_eq!(event.kind, "connected", "{:?}", event.text);
            return;
        }
        socket.ready();
    }
}
