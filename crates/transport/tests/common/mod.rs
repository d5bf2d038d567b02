//! Sessions of one pretended JavaScript environment.

#![allow(
    unreachable_pub,
    dead_code,
    reason = "each test program compiles its own copy and uses a part of it"
)]

#[allow(dead_code, reason = "some tests have one")]
pub(crate) mod caller;
#[allow(dead_code, reason = "only the tests of relays have one")]
pub(crate) mod turnserver;

use parley_transport::{
    AudioFormat, EngineOptions, Layout, QueueLimits, ReadyList, SampleRate, SessionEvent, SessionHandle,
    SessionOptions, VideoQueue, accept,
};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// What a browser offers: audio both ways and a data channel.
pub const OFFER: &str = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111 63 110\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:peer\r\n\
    a=ice-pwd:asd88fgpdd777uzjYhagZg\r\na=fingerprint:sha-256 \
    19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2\r\n\
    a=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\n\
    a=rtpmap:110 telephone-event/48000\r\na=ssrc:1001 cname:peer\r\n\
    m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:peer\r\n\
    a=ice-pwd:asd88fgpdd777uzjYhagZg\r\na=fingerprint:sha-256 \
    19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:05:E9:26:33:E8:70:88:A2\r\n\
    a=setup:actpass\r\na=mid:1\r\na=sctp-port:5000\r\n";

/// Longest wait for anything; far more than it takes.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub fn loopback() -> EngineOptions {
    EngineOptions {
        workers: 1,
        bind_address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        udp_ports: (0, 0),
        announced_addresses: Vec::new(),
        stun_servers: Vec::new(),
        turn_servers: Vec::new(),
    }
}

pub fn session_options() -> SessionOptions {
    let format = AudioFormat { rate: SampleRate::HZ_24000, layout: Layout::Mono };
    SessionOptions { input: format, output: format, ..SessionOptions::default() }
}

/// A session and the events that its environment was woken for.
pub struct Observed {
    pub session: SessionHandle,
    woken: Receiver<()>,
    list: Arc<ReadyList>,
    events: RefCell<VecDeque<SessionEvent>>,
}

impl Observed {
    pub fn accept(engine: &EngineOptions, options: SessionOptions, offer: &str) -> Self {
        let (wake, woken) = channel();
        let list = Arc::new(ReadyList::new(move || wake.send(()).unwrap_or_default()));
        let limits = QueueLimits { input: Duration::from_secs(5), video: VideoQueue::default() };
        let session = accept(engine, options, limits, offer.to_owned(), list.clone());
        Self { session, woken, list, events: RefCell::default() }
    }

    /// The next event of that kind; those before it are gone.
    pub fn wait_for(&self, kind: &str) -> SessionEvent {
        let give_up = Instant::now() + PATIENCE;
        loop {
            while let Some(event) = self.events.borrow_mut().pop_front() {
                if event.kind == kind {
                    return event;
                }
            }
            let left = give_up.saturating_duration_since(Instant::now());
            assert!(self.woken.recv_timeout(left).is_ok(), "no {kind:?} event came");
            self.look();
        }
    }

    /// Whether such an event came, and wasn't waited for yet.
    pub fn has_event(&self, kind: &str) -> bool {
        if self.woken.try_iter().count() > 0 {
            self.look();
        }
        self.events.borrow().iter().any(|event| event.kind == kind)
    }

    fn look(&self) {
        self.list.take();
        let _ready = self.session.take_ready();
        self.events.borrow_mut().extend(self.session.take_events());
    }

    pub fn answer(&self) -> String {
        self.wait_for("answer").text.expect("an SDP")
    }

    /// Ends the session and says for what reason it ended.
    pub fn close(&self) -> &'static str {
        self.session.close();
        self.wait_for("closed").code.expect("a reason")
    }
}

/// A handle that goes does not end its session, so a test would leave its threads to the next.
impl Drop for Observed {
    fn drop(&mut self) {
        self.session.close();
    }
}

/// The UDP port that an answer names.
pub fn port(answer: &str) -> u16 {
    let candidate = answer.lines().find(|line| line.starts_with("a=candidate:")).expect("a candidate");
    candidate.split(' ').nth(5).and_then(|port| port.parse().ok()).expect("a port")
}
