//! Sessions over WebSockets, by hand in virtual time and on the media threads.

mod common;
#[path = "../../socket/tests/common/mod.rs"]
mod far;
#[path = "../../media/tests/spoken/wav.rs"]
mod wav;

use common::{OFFER, Observed, PATIENCE, loopback, session_options};
use far::{BINARY, CLOSE, TEXT, frame, goodbye, page, telephone};
use parley_transport::{
    AUDIO, AudioFormat, BYTES, Carrier, Chunk, EngineOptions, Layout, ManualSession, Protocol, QueueLimits,
    ReadyList, ReplyMode, SOCKET, SampleRate, Samples, Sends, SessionHandle, SessionOptions, SocketError,
    SocketEvent, SocketHandle, SpeechEvent, SpeechRequest, SpeechSettings, VideoQueue, WireCodec,
    WireOptions, accept_socket, attach, open,
};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const FRAME: Duration = Duration::from_millis(20);

fn limits() -> QueueLimits {
    QueueLimits { input: Duration::from_secs(5), video: VideoQueue::default() }
}

fn mulaw(lead: Duration) -> WireOptions {
    let rate = SampleRate::HZ_8000;
    WireOptions { codec: WireCodec::Mulaw, input_rate: rate, output_rate: rate, lead }
}

fn audio(milliseconds: usize) -> Chunk {
    let samples = Samples::I16(vec![1_000; 24 * milliseconds]);
    Chunk { samples, rate: SampleRate::HZ_24000, layout: Layout::Mono }
}

/// The frames among bytes that the far end got; what is left isn't whole.
fn frames(bytes: &mut Vec<u8>) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = &bytes[..] {
        let (length, head) = match second {
            126 if rest.len() >= 2 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), 4),
            126 => break,
            length => (usize::from(*length), 2),
        };
        let Some(payload) = bytes.get(head..head + length) else { break };
        frames.push((*first, payload.to_vec()));
        bytes.drain(..head + length);
    }
    frames
}

/// A session in virtual time, whose socket is carried.
struct ByHand {
    handle: SessionHandle,
    socket: SocketHandle,
    session: ManualSession,
    now: Instant,
    got: Vec<u8>,
}

impl ByHand {
    fn new(options: SessionOptions, wire: WireOptions, protocol: Protocol) -> Self {
        let now = Instant::now();
        let list = Arc::new(ReadyList::new(|| {}));
        let (handle, socket, session) =
            ManualSession::open(now, (options, limits()), (wire, protocol), &list).expect("a session");
        let mut rig = Self { handle, socket, session, now, got: Vec::new() };
        rig.run();
        let events: Vec<_> = rig.handle.take_events().into_iter().map(|event| event.kind).collect();
        assert_eq!(events, ["connected"]);
        rig
    }

    fn page(lead: Duration) -> Self {
        Self::new(session_options(), mulaw(lead), page())
    }

    fn run(&mut self) {
        self.session.run(self.now);
        self.got.extend(self.socket.take_bytes().unwrap_or_default());
    }

    /// Lets time pass, running the session when it asks for it.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.run();
        while let Some(at) = self.session.wake_at().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.run();
        }
        self.now = end;
        self.run();
    }

    fn frames(&mut self) -> Vec<(u8, Vec<u8>)> {
        frames(&mut self.got)
    }
}

#[test]
fn what_the_socket_brings_is_read_and_what_is_written_goes_to_it() {
    let mut rig = ByHand::page(Duration::ZERO);
    let mut samples = [0; 960];
    let mut heard = 0;
    for n in 1..=50 {
        rig.socket.feed(frame(BINARY, &[0x80; 160]));
        rig.pass(FRAME);
        assert_ne!(rig.handle.take_ready() & AUDIO, 0);
        while rig.handle.read_audio(&mut samples) == Ok(480) {
            heard += 1;
            rig.handle.write_audio(audio(20)).expect("it is open");
        }
        rig.run();
        let lengths: Vec<_> = rig.frames().into_iter().map(|(first, sent)| (first, sent.len())).collect();
        assert_eq!(lengths, [(BINARY, 160)], "payload {n}");
    }
    assert_eq!(heard, 50);
    let stats = rig.handle.stats();
    assert_eq!((stats.input_dropped, stats.output_dropped), (0, 0));
}

#[test]
fn audio_for_a_far_end_that_reads_too_slowly_is_dropped_and_counted() {
    let mut rig = ByHand::page(Duration::ZERO);
    rig.socket.send_binary(vec![0; 140_000]).expect("there is room");
    rig.run();
    // What JavaScript has taken and not written still waits.
    rig.handle.write_audio(audio(1_000)).expect("it is open");
    let end = rig.now + Duration::from_secs(1);
    while rig.now < end {
        rig.now += FRAME;
        rig.session.run(rig.now);
    }
    assert!((45..=51).contains(&rig.handle.stats().output_dropped), "{}", rig.handle.stats().output_dropped);
    assert!(rig.socket.buffered() >= 140_000);
    assert_eq!(rig.socket.take_bytes(), None, "all of it is written");
    assert_eq!(rig.socket.buffered(), 0);
}

#[test]
fn the_far_end_counts_what_it_was_sent() {
    let mut rig = ByHand::page(Duration::ZERO);
    rig.handle.acknowledge(0);
    rig.handle.write_audio(audio(2_000)).expect("it is open");
    rig.pass(Duration::from_secs(1));
    rig.socket.feed(frame(TEXT, br#"{"event":"played","payloads":25}"#));
    rig.run();
    let played = rig.handle.played().as_millis();
    assert!((480..=520).contains(&played), "{played} ms");
    assert_eq!(rig.socket.next_event(), None, "that is no message of the program's");
}

#[test]
fn a_cleared_queue_is_told_at_once_and_nothing_of_it_follows() {
    let mut rig = ByHand::page(Duration::from_millis(100));
    rig.handle.write_audio(audio(1_000)).expect("it is open");
    rig.run();
    assert!(rig.frames().len() >= 5);
    rig.handle.clear_queue();
    rig.handle.write_audio(audio(40)).expect("it is open");
    rig.run();
    let sent = rig.frames();
    assert_eq!(sent[0], (TEXT, br#"{"event":"clear"}"#.to_vec()));
    assert!(sent.len() >= 2 && sent[1..].iter().all(|(first, _)| *first == BINARY), "{}", sent.len());
}

#[test]
fn whoever_speaks_over_a_reply_has_it_cleared_in_the_moment_that_is_found() {
    let rate = SampleRate::HZ_16000;
    let format = AudioFormat { rate, layout: Layout::Mono };
    let options = SessionOptions { input: format, output: format, ..SessionOptions::default() };
    let lead = Duration::from_millis(160);
    let wire = WireOptions { codec: WireCodec::PcmS16le, input_rate: rate, output_rate: rate, lead };
    let mut rig = ByHand::new(options, wire, page());
    rig.handle.speech(SpeechRequest::Listen(SpeechSettings::default()));
    rig.handle.speech(SpeechRequest::Reply(ReplyMode::Interruptible));
    rig.handle.write_audio(audio(20_000)).expect("it is open");
    let silence = vec![0.0; 16_000];
    let speech = [silence, wav::read("interruption")].concat();
    for piece in speech.chunks(320) {
        let bytes: Vec<u8> =
            piece.iter().flat_map(|sample| ((sample * 32_767.0) as i16).to_le_bytes()).collect();
        rig.socket.feed(frame(BINARY, &bytes));
        rig.run();
        let cleared = rig.frames().iter().any(|(_, sent)| sent == br#"{"event":"clear"}"#);
        if let Some(SpeechEvent::Started { interrupted, .. }) = rig.handle.read_speech() {
            assert!(interrupted.is_some() && cleared, "cleared: {cleared}");
            return;
        }
        assert!(!cleared);
        rig.pass(FRAME);
    }
    panic!("nobody started to speak");
}

#[test]
fn marks_and_the_rest_of_a_call_go_their_ways() {
    let mut rig = ByHand::new(session_options(), mulaw(Duration::from_millis(160)), telephone());
    rig.handle.write_audio(audio(400)).expect("it is open");
    rig.pass(Duration::from_secs(1));
    let texts: Vec<_> =
        rig.frames().into_iter().map(|(_, sent)| String::from_utf8(sent).expect("text")).collect();
    let marks: Vec<_> = texts.iter().filter(|text| text.contains("mark")).cloned().collect();
    assert_eq!(marks[..2], [r#"{"mark":"own10"}"#, r#"{"mark":"own20"}"#]);
    rig.socket.feed(frame(TEXT, br#"{"event":"mark","mark":{"name":"own20"}}"#));
    rig.socket.feed(frame(TEXT, br#"{"event":"stop"}"#));
    rig.run();
    let played = rig.handle.played().as_millis();
    assert!((380..=400).contains(&played), "{played} ms");
    assert_eq!(rig.socket.take_ready() & SOCKET, SOCKET);
    assert_eq!(rig.socket.next_event(), Some(SocketEvent::Text(r#"{"event":"stop"}"#.into())));
}

#[test]
fn audio_that_the_program_found_is_put_in_order_too() {
    let protocol =
        Protocol { reads: None, sends: Sends { playout: None, ..telephone().sends }, ..telephone() };
    let mut rig = ByHand::new(session_options(), mulaw(Duration::ZERO), protocol);
    for chunk in [1, 3, 2] {
        rig.handle.receive(Some(chunk), &[0x80; 160]);
    }
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.handle.stats().session.packets_in, 3);
}

#[test]
fn a_chunk_with_the_greatest_of_numbers_does_no_harm() {
    let mut rig = ByHand::new(session_options(), mulaw(Duration::ZERO), telephone());
    for _ in 0..2 {
        rig.handle.receive(Some(u64::MAX), &[0x80; 160]);
    }
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.handle.stats().session.packets_in, 2);
}

#[test]
fn bytes_that_are_carried_here_faster_than_anybody_reads_them_end_the_socket() {
    let mut rig = ByHand::page(Duration::ZERO);
    let piece = frame(BINARY, &[0x80; 60_000]);
    for _ in 0..1_000 {
        rig.socket.feed(piece.clone());
    }
    assert!(rig.socket.fed() <= 11 << 20, "{} bytes wait", rig.socket.fed());
    rig.run();
    assert_eq!(rig.socket.fed(), 0);
    let closed = SocketEvent::Closed { code: 1008, reason: "too_many_messages".into() };
    assert_eq!(rig.socket.next_event(), Some(closed));
}

#[test]
fn messages_are_refused_for_they_go_over_the_socket_itself() {
    let rig = ByHand::page(Duration::ZERO);
    assert!(rig.handle.send_message("hello".to_owned()).is_err());
}

#[test]
fn a_socket_that_is_closed_or_full_takes_no_message() {
    let mut rig = ByHand::page(Duration::ZERO);
    for _ in 0..2 {
        assert_eq!(rig.socket.send("x".repeat(600_000)), Ok(()));
    }
    assert_eq!(rig.socket.send("one".into()), Err(SocketError::Full));
    rig.run();
    assert_eq!(rig.socket.send("one".into()), Err(SocketError::Full), "it is not written yet");
    rig.run();
    assert_eq!(rig.socket.send("one".into()), Ok(()));
    rig.socket.close(1000, "done".into());
    for _ in 0..2 {
        assert_eq!(rig.socket.send("two".into()), Err(SocketError::Closed), "before it is told, and after");
        assert_eq!(rig.socket.send_binary(vec![2]), Err(SocketError::Closed));
        rig.run();
    }
    let closed = SocketEvent::Closed { code: 1000, reason: "done".into() };
    assert_eq!(rig.socket.next_event(), Some(closed));
    rig.socket.feed(frame(CLOSE, &goodbye(1000, "")));
    rig.run();
    assert_eq!(rig.socket.next_event(), Some(SocketEvent::Gone));
}

#[test]
fn a_program_that_takes_no_messages_is_spared_by_ending_the_socket() {
    let mut rig = ByHand::page(Duration::ZERO);
    let mut fed = 0;
    while rig.socket.send("still open?".into()) != Err(SocketError::Closed) {
        rig.socket.feed(frame(TEXT, b"x").repeat(1_000));
        rig.pass(Duration::from_secs(1));
        fed += 1;
        assert!(fed < 20);
    }
    let events: Vec<_> = std::iter::from_fn(|| rig.socket.next_event()).collect();
    assert!((10_000..=12_000).contains(&events.len()), "{}", events.len());
    let closed = SocketEvent::Closed { code: 1008, reason: "too_many_messages".into() };
    assert!(events.contains(&closed));
}

/// A socket on the media threads, whose far end is the test.
struct Socket {
    socket: SocketHandle,
    list: Arc<ReadyList>,
    woken: Receiver<()>,
    events: VecDeque<SocketEvent>,
    got: Vec<u8>,
    far: Far,
}

/// How the far end's bytes go.
enum Far {
    Carried,
    #[cfg(unix)]
    Native(std::os::unix::net::UnixStream),
}

impl Socket {
    fn carried(engine: &EngineOptions) -> Self {
        Self::accept(engine, Carrier::Carried, Vec::new(), Far::Carried)
    }

    #[cfg(unix)]
    fn native(head: Vec<u8>) -> Self {
        use std::os::fd::AsFd;
        let (near, far) = std::os::unix::net::UnixStream::pair().expect("a pair");
        far.set_read_timeout(Some(PATIENCE)).expect("set");
        let carrier = Carrier::duplicate(near.as_fd()).expect("a stream socket");
        Self::accept(&loopback(), carrier, head, Far::Native(far))
    }

    fn accept(engine: &EngineOptions, carrier: Carrier, head: Vec<u8>, far: Far) -> Self {
        let (wake, woken) = channel();
        let list = Arc::new(ReadyList::new(move || wake.send(()).unwrap_or_default()));
        let socket = accept_socket(engine, carrier, head, list.clone());
        Self { socket, list, woken, events: VecDeque::new(), got: Vec::new(), far }
    }

    fn both() -> Vec<Self> {
        vec![
            Self::carried(&loopback()),
            #[cfg(unix)]
            Self::native(Vec::new()),
        ]
    }

    fn open(&self, protocol: Protocol) -> SessionHandle {
        let wire = (mulaw(Duration::from_millis(60)), protocol);
        open(&self.socket, session_options(), limits(), wire, self.list.clone())
    }

    /// Waits until something is ready.
    fn wait(&mut self) {
        assert!(self.woken.recv_timeout(PATIENCE).is_ok(), "nobody is woken");
        self.list.take();
        if self.socket.take_ready() & BYTES != 0 {
            while let Some(bytes) = self.socket.take_bytes() {
                self.got.extend(bytes);
            }
        }
        self.events.extend(std::iter::from_fn(|| self.socket.next_event()));
    }

    fn event(&mut self) -> SocketEvent {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            self.wait();
        }
    }

    /// The far end sends.
    fn bring(&mut self, bytes: &[u8]) {
        match &mut self.far {
            Far::Carried => self.socket.feed(bytes.to_vec()),
            #[cfg(unix)]
            Far::Native(far) => std::io::Write::write_all(far, bytes).expect("it is open"),
        }
    }

    /// The next frame that the far end gets.
    fn frame(&mut self) -> (u8, Vec<u8>) {
        loop {
            let mut own = self.got.clone();
            if let Some(first) = frames(&mut own).into_iter().next() {
                let length = first.1.len() + if first.1.len() < 126 { 2 } else { 4 };
                self.got.drain(..length);
                return first;
            }
            match &mut self.far {
                Far::Carried => self.wait(),
                #[cfg(unix)]
                Far::Native(far) => {
                    let mut bytes = [0; 4096];
                    let read = std::io::Read::read(far, &mut bytes).expect("in time");
                    assert_ne!(read, 0, "the end");
                    self.got.extend(&bytes[..read]);
                }
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.terminate();
    }
}

#[test]
fn messages_cross_before_there_is_a_session_and_a_goodbye_ends_it() {
    for mut socket in Socket::both() {
        socket.bring(&frame(TEXT, b"hello"));
        assert_eq!(socket.event(), SocketEvent::Text("hello".into()));
        socket.socket.send("back".into()).expect("it is open");
        assert_eq!(socket.frame(), (TEXT, b"back".to_vec()));
        socket.socket.close(1000, "done".into());
        assert_eq!(socket.event(), SocketEvent::Closed { code: 1000, reason: "done".into() });
        assert_eq!(socket.frame(), (CLOSE, goodbye(1000, "done")));
        socket.bring(&frame(CLOSE, &goodbye(1000, "")));
        #[cfg(unix)]
        if let Far::Native(far) = &mut socket.far {
            assert_eq!(std::io::Read::read(far, &mut [0]).expect("in time"), 0, "its side is closed");
            far.shutdown(std::net::Shutdown::Both).expect("it is open");
        }
        assert_eq!(socket.event(), SocketEvent::Gone);
        assert!(socket.socket.is_gone());
    }
}

#[test]
fn what_is_held_for_a_session_goes_to_it_in_order_and_the_rest_comes() {
    for mut socket in Socket::both() {
        socket.bring(&frame(TEXT, b"start"));
        assert_eq!(socket.event(), SocketEvent::Text("start".into()));
        socket.socket.hold();
        socket.bring(&[frame(BINARY, &[0x80; 160]).repeat(3), frame(TEXT, b"held")].concat());
        let session = socket.open(page());
        assert_eq!(socket.event(), SocketEvent::Text("held".into()));
        socket.bring(&frame(BINARY, &[0x80; 160]).repeat(2));
        while session.stats().session.packets_in < 5 {
            std::thread::yield_now();
        }
        assert!(socket.events.is_empty(), "{:?}", socket.events);
        session.write_audio(audio(20)).expect("it is open");
        assert_eq!(socket.frame().1.len(), 160);
        session.close();
    }
}

#[test]
fn audio_that_the_program_hands_over_before_the_session_has_begun_is_kept_for_it() {
    for socket in Socket::both() {
        let session = socket.open(page());
        for _ in 0..3 {
            session.receive(None, &[0x80; 160]);
        }
        while session.stats().session.packets_in < 3 {
            std::thread::yield_now();
        }
        session.close();
    }
}

#[test]
fn an_end_is_told_even_while_messages_are_held() {
    let mut socket = Socket::carried(&loopback());
    socket.bring(&frame(TEXT, b"start"));
    socket.event();
    socket.socket.hold();
    socket.bring(&frame(TEXT, b"held"));
    socket.socket.ended();
    assert_eq!(socket.event(), SocketEvent::Closed { code: 1006, reason: String::new() });
    assert_eq!(socket.event(), SocketEvent::Gone);
    let session = socket.open(page());
    session.close();
}

#[cfg(unix)]
#[test]
fn what_was_read_before_comes_first_and_a_far_end_that_vanishes_is_told() {
    let whole = frame(TEXT, b"first");
    let mut socket = Socket::native(whole[..4].to_vec());
    socket.bring(&whole[4..]);
    assert_eq!(socket.event(), SocketEvent::Text("first".into()));
    if let Far::Native(far) = &socket.far {
        far.shutdown(std::net::Shutdown::Both).expect("it is open");
    }
    assert_eq!(socket.event(), SocketEvent::Closed { code: 1006, reason: String::new() });
    assert_eq!(socket.event(), SocketEvent::Gone);
}

#[cfg(unix)]
#[test]
fn a_far_end_that_stops_reading_for_a_while_loses_no_message() {
    let mut socket = Socket::native(Vec::new());
    let text = "x".repeat(60_000);
    for _ in 0..16 {
        socket.socket.send(text.clone()).expect("there is room");
    }
    socket.socket.send("last".into()).expect("there is room");
    for _ in 0..16 {
        assert_eq!(socket.frame(), (TEXT, text.clone().into_bytes()));
    }
    assert_eq!(socket.frame(), (TEXT, b"last".to_vec()));
    while socket.socket.buffered() > 0 {
        std::thread::yield_now();
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_connected_stream_is_refused() {
    use std::os::fd::AsFd;
    let file = std::fs::File::open("/dev/null").expect("opened");
    assert!(Carrier::duplicate(file.as_fd()).is_err());
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").expect("bound");
    assert!(Carrier::duplicate(udp.as_fd()).is_err());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    assert!(Carrier::duplicate(listener.as_fd()).is_err());
}

#[test]
fn a_session_may_be_attached_elsewhere() {
    let mut socket = Socket::carried(&loopback());
    let session = socket.open(page());
    let elsewhere = Arc::new(ReadyList::new(|| {}));
    let attached = attach(session.key(), elsewhere).expect("attached");
    attached.write_audio(audio(20)).expect("it is open");
    assert_eq!(socket.frame().1.len(), 160);
    session.close();
}

#[test]
fn a_media_thread_runs_sockets_beside_calls() {
    let call = Observed::accept(&loopback(), session_options(), OFFER);
    call.answer();
    for mut socket in Socket::both() {
        let session = socket.open(page());
        session.write_audio(audio(200)).expect("it is open");
        for _ in 0..10 {
            assert_eq!(socket.frame().1.len(), 160);
        }
        session.close();
    }
    assert_eq!(call.close(), "local");
}

#[test]
fn a_fault_of_one_session_ends_it_alone_and_its_socket_lives_to_tell() {
    let mut others = Socket::both();
    let mut socket = Socket::carried(&loopback());
    let session = socket.open(page());
    session.inject_panic();
    while !session.has_ended() {
        socket.wait();
    }
    socket.socket.send("sorry".into()).expect("it is open");
    assert_eq!(socket.frame(), (TEXT, b"sorry".to_vec()));
    for other in &mut others {
        other.bring(&frame(TEXT, b"hello"));
        assert_eq!(other.event(), SocketEvent::Text("hello".into()));
    }
}

#[test]
fn a_socket_needs_no_port_so_one_that_is_taken_is_no_refusal() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").expect("bound");
    let port = taken.local_addr().expect("bound").port();
    let mut socket = Socket::carried(&EngineOptions { udp_ports: (port, port), ..loopback() });
    socket.bring(&frame(TEXT, b"hello"));
    assert_eq!(socket.event(), SocketEvent::Text("hello".into()));
}
