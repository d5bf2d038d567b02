//! Addresses that a TURN server lends: in the answer, and as the only way to a server.

mod common;

use common::turnserver::Coturn;
use common::{OFFER, Observed, PATIENCE, loopback, session_options};
use parley_netsim::{Peer, PeerOptions, tone};
use parley_session::{Allocation, Identity, Received, Relay};
use parley_transport::{Chunk, EngineOptions, Layout, SampleRate, Samples, TurnServer};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

fn engine(servers: &[TurnServer]) -> EngineOptions {
    EngineOptions { turn_servers: servers.to_vec(), ..loopback() }
}

fn candidates(answer: &str) -> Vec<&str> {
    answer.lines().filter(|line| line.starts_with("a=candidate:")).collect()
}

/// Where the answer's relayed candidate is.
fn relayed(answer: &str) -> Option<SocketAddr> {
    let line = candidates(answer).into_iter().find(|line| line.contains(" typ relay "))?;
    let fields: Vec<&str> = line.split(' ').collect();
    Some(SocketAddr::new(fields[4].parse().expect("an address"), fields[5].parse().expect("a port")))
}

#[test]
fn the_answer_names_the_relayed_address_last() {
    let coturn = Coturn::start();
    let session = Observed::accept(&engine(&[coturn.known()]), session_options(), OFFER);
    let answer = session.answer();
    let [host, relay] = candidates(&answer)[..] else { panic!("two candidates: {answer}") };
    assert!(host.ends_with(" typ host"), "{host}");
    let own_port = common::port(&answer);
    assert!(relay.ends_with(&format!(" typ relay raddr 127.0.0.1 rport {own_port}")), "{relay}");
    assert!(relayed(&answer).is_some_and(|address| address.port() != own_port));
    let second = Observed::accept(&engine(&[coturn.known()]), session_options(), OFFER);
    assert_eq!(relayed(&second.answer()), relayed(&answer), "sessions share the worker's allocation");
}

#[test]
fn credentials_that_are_fresh_with_each_offer_share_one_engine() {
    let coturn = Coturn::start();
    let with = |password: &str| {
        let server = TurnServer { password: password.to_owned(), ..coturn.known() };
        Observed::accept(&engine(&[server]), session_options(), OFFER)
    };
    let (one, two) = (with("the first"), with("the second"));
    assert_eq!(common::port(&one.answer()), common::port(&two.answer()), "on one worker's port");
}

#[test]
fn an_engine_that_ends_gives_its_allocation_back() {
    let coturn = Coturn::start();
    let session = Observed::accept(&engine(&[coturn.known()]), session_options(), OFFER);
    assert!(relayed(&session.answer()).is_some());
    assert_eq!(session.close(), "local");
    coturn.wait_for_log("lifetime=0");
}

#[test]
fn wrong_credentials_give_a_warning_without_them_and_a_call_without_a_relay() {
    let coturn = Coturn::start();
    let wrong = TurnServer { password: "not the secret".into(), ..coturn.known() };
    let warnings = Warnings::about(wrong.address);
    let session = Observed::accept(&engine(std::slice::from_ref(&wrong)), session_options(), OFFER);
    let answer = session.answer();
    assert_eq!(relayed(&answer), None, "{answer}");
    assert_eq!(candidates(&answer).len(), 1, "{answer}");
    let told = warnings.taken();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("refuses the username or the credential"), "{told:?}");
    assert!(!format!("{told:?}{wrong:?}").contains("secret"));
}

#[test]
fn a_server_that_is_silent_delays_the_first_answer_alone() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("bound");
    let address = silent.local_addr().expect("bound");
    let engine = engine(&[TurnServer { address, username: "a".into(), password: "b".into() }]);
    let first = Observed::accept(&engine, session_options(), OFFER);
    assert_eq!(relayed(&first.answer()), None);
    let before = Instant::now();
    let second = Observed::accept(&engine, session_options(), OFFER);
    assert_eq!(relayed(&second.answer()), None);
    assert!(before.elapsed() < PATIENCE, "it was answered");
    silent.set_read_timeout(Some(PATIENCE)).expect("set");
    assert!(silent.recv(&mut [0; 512]).is_ok(), "it was asked");
}

#[test]
fn media_and_texts_flow_by_the_relay_alone() {
    let coturn = Coturn::start();
    let socket = UdpSocket::bind("127.0.0.1:0").expect("bound");
    socket.set_read_timeout(Some(Duration::from_millis(2))).expect("set");
    let now = Instant::now();
    let mut peer = Peer::new(now, socket.local_addr().expect("bound"), &PeerOptions::default());
    let session = Observed::accept(&engine(&[coturn.known()]), session_options(), &peer.offer(now));
    let answer = session.answer();
    let relayed = relayed(&answer).expect("a relayed candidate");
    let only_relayed: String = answer
        .split_inclusive("\r\n")
        .filter(|line| !line.starts_with("a=candidate:") || line.contains(" typ relay "))
        .collect();
    peer.answered(now, &only_relayed);
    peer.speak(now, tone(440.0, Duration::from_secs(30)));
    let mut texted = false;
    run(&mut peer, &socket, relayed, |peer| {
        echo(&session);
        if peer.channel_is_open() && !std::mem::replace(&mut texted, true) {
            peer.send_text(Instant::now(), "by the relay");
        }
        peer.heard.last(Duration::from_secs(1)).tone_share(440.0) > 0.9 && peer.heard.count() > 50
    });
    assert_eq!(session.wait_for("message").text.as_deref(), Some("by the relay"));
}

/// Runs the peer on its socket until it is content. Nothing but the relay reaches it or hears it.
fn run(peer: &mut Peer, socket: &UdpSocket, relayed: SocketAddr, mut content: impl FnMut(&mut Peer) -> bool) {
    let give_up = Instant::now() + PATIENCE;
    let mut buffer = [0; 2048];
    while !content(peer) {
        let now = Instant::now();
        assert!(now < give_up, "connected: {}, heard: {:?}", peer.is_connected(), peer.heard.duration());
        while let Some((to, datagram)) = peer.poll(now) {
            if to == relayed {
                socket.send_to(&datagram, to).expect("sent");
            }
        }
        if let Ok((length, from)) = socket.recv_from(&mut buffer)
            && from == relayed
        {
            peer.receive(Instant::now(), from, &buffer[..length]);
        }
        peer.wake(Instant::now());
    }
}

/// Sends back what the session heard.
fn echo(session: &Observed) {
    let mut frame = [0; 480];
    while session.session.read_audio(&mut frame) == Ok(480) {
        let samples = Samples::I16(frame.to_vec());
        let chunk = Chunk { samples, rate: SampleRate::HZ_24000, layout: Layout::Mono };
        session.session.write_audio(chunk).expect("the session is open");
    }
}

#[test]
fn an_allocation_that_nobody_gave_back_makes_room() {
    let coturn = Coturn::start();
    let mut killed = Client::new(&coturn);
    let first = killed.allocate();
    // From the same port, as after the end of a process that was killed.
    let mut next = Client { relay: Client::relay(&coturn), ..killed };
    assert_eq!(next.allocate().mapped, first.mapped);
}

#[test]
fn a_server_that_was_started_again_lends_an_address_again() {
    let coturn = Coturn::start();
    let mut client = Client::new(&coturn);
    client.allocate();
    let _coturn = coturn.restart();
    client.later(Duration::from_secs(26));
    client.until(|client| client.relay.allocation().is_none(), "noticed");
    client.allocate();
}

#[test]
fn data_goes_both_ways_soon_on_a_channel_and_for_as_long_as_it_flows() {
    let coturn = Coturn::start();
    let mut client = Client::new(&coturn);
    let relayed = client.allocate().relayed;
    let peer = UdpSocket::bind("127.0.0.1:0").expect("bound");
    peer.set_read_timeout(Some(PATIENCE)).expect("set");
    let address = peer.local_addr().expect("bound");
    for round in 0..40 {
        client.relay.send(client.now, address, &[0x80, round]);
        client.until(Client::is_idle, "answered");
        let mut buffer = [0; 64];
        assert_eq!(peer.recv_from(&mut buffer).expect("arrived"), (2, relayed));
        assert_eq!(buffer[..2], [0x80, round]);
        peer.send_to(&[0x90, round], relayed).expect("sent");
        client.until(|client| client.got.last() == Some(&(address, vec![0x90, round])), "heard back");
        // Twenty minutes in all: permissions last five, channels and the allocation ten.
        client.later(Duration::from_secs(30));
    }
    let last = client.sent.iter().rev().find(|datagram| datagram[0] >= 0x40).expect("a channel is used");
    assert_eq!(last[..], [0x40, 0, 0, 2, 0x80, 39]);
    // Refresh, and ChannelBind, which renews the permission as well.
    for method in [4, 9] {
        let asked = client.sent.iter().filter(|datagram| datagram[..2] == [0, method]).count();
        assert!(asked > 3, "method {method} was asked {asked} times");
    }
}

/// A relay and its socket. Its time runs as it is told, the server's by itself.
struct Client {
    relay: Relay,
    socket: UdpSocket,
    now: Instant,
    sent: Vec<Vec<u8>>,
    got: Vec<(SocketAddr, Vec<u8>)>,
}

impl Client {
    fn new(coturn: &Coturn) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("bound");
        socket.set_read_timeout(Some(Duration::from_millis(20))).expect("set");
        Self { relay: Self::relay(coturn), socket, now: Instant::now(), sent: Vec::new(), got: Vec::new() }
    }

    fn relay(coturn: &Coturn) -> Relay {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let identity = Identity::generate().expect("a certificate");
        Relay::new(Instant::now(), coturn.known(), &identity, || {
            let mut id = [7; 12];
            id[..4].copy_from_slice(&NEXT.fetch_add(1, Ordering::SeqCst).to_be_bytes());
            id
        })
    }

    fn allocate(&mut self) -> Allocation {
        self.later(Duration::ZERO);
        self.until(|client| client.relay.allocation().is_some(), "allocated");
        self.relay.allocation().expect("just seen")
    }

    fn later(&mut self, duration: Duration) {
        self.now += duration;
        self.relay.wake(self.now);
    }

    /// No answer is awaited: retransmissions would be due within a second.
    fn is_idle(&self) -> bool {
        self.relay.wake_at().is_some_and(|at| at > self.now + Duration::from_secs(1))
    }

    /// Runs the relay until something is so.
    fn until(&mut self, is_so: impl Fn(&Self) -> bool, what: &str) {
        let give_up = Instant::now() + PATIENCE;
        let mut buffer = [0; 2048];
        loop {
            while let Some(datagram) = self.relay.poll() {
                self.socket.send_to(&datagram, self.relay.server()).expect("sent");
                self.sent.push(datagram.to_vec());
            }
            if is_so(self) {
                return;
            }
            assert!(Instant::now() < give_up, "it was not {what}");
            match self.socket.recv(&mut buffer) {
                Ok(length) => match self.relay.handle(self.now, &buffer[..length]) {
                    Received::Data(peer, data) => self.got.push((peer, data.to_vec())),
                    Received::Taken => {}
                    Received::Unknown => panic!("{:?}", &buffer[..length]),
                },
                // As long as nothing comes, time passes for the relay, too.
                Err(_) => self.later(Duration::from_millis(20)),
            }
        }
    }
}

/// The warnings of the process that name an address.
struct Warnings(String);

static WARNED: LazyLock<Mutex<Vec<String>>> = LazyLock::new(Mutex::default);

struct Recorder;

impl log::Log for Recorder {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            WARNED.lock().unwrap_or_else(PoisonError::into_inner).push(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

impl Warnings {
    fn about(address: SocketAddr) -> Self {
        log::set_logger(&Recorder).expect("the only logger");
        log::set_max_level(log::LevelFilter::Warn);
        Self(address.to_string())
    }

    fn taken(&self) -> Vec<String> {
        let all = WARNED.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|warning| warning.contains(&self.0)).cloned().collect()
    }
}
