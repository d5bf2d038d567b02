//! What the owner of one session can do to another session on the same port.

mod common;

use common::{Observed, PATIENCE, loopback, port, session_options};
use parley_netsim::{Check, Peer, PeerOptions, tone};
use parley_transport::{Chunk, Layout, SampleRate, Samples};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// A call of a foreign peer over real UDP.
struct Caller {
    peer: Peer,
    socket: UdpSocket,
    session: Observed,
    server: SocketAddr,
}

impl Caller {
    fn call() -> (Self, String) {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("bound");
        socket.set_read_timeout(Some(Duration::from_millis(2))).expect("set");
        let now = Instant::now();
        let mut peer = Peer::new(now, socket.local_addr().expect("bound"), &PeerOptions::default());
        let session = Observed::accept(&loopback(), session_options(), &peer.offer(now));
        let answer = session.answer();
        peer.answered(now, &answer);
        let server = SocketAddr::from(([127, 0, 0, 1], port(&answer)));
        (Self { peer, socket, session, server }, answer)
    }

    /// Runs the call until `content`.
    fn run(&mut self, content: impl FnMut(&mut Self) -> bool) {
        self.run_with(Self::echo, content);
    }

    /// The same for a session that has ended, so that nothing is echoed.
    fn run_silently(&mut self, content: impl FnMut(&mut Self) -> bool) {
        self.run_with(|_| (), content);
    }

    fn run_with(&mut self, echo: impl Fn(&Self), mut content: impl FnMut(&mut Self) -> bool) {
        let give_up = Instant::now() + PATIENCE;
        let mut buffer = [0; 2048];
        while !content(self) {
            let now = Instant::now();
            assert!(
                now < give_up,
                "connected: {}, heard: {:?}",
                self.peer.is_connected(),
                self.peer.heard.duration()
            );
            while let Some((to, datagram)) = self.peer.poll(now) {
                self.socket.send_to(&datagram, to).expect("sent");
            }
            if let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
                self.peer.receive(Instant::now(), from, &buffer[..length]);
            }
            self.peer.wake(Instant::now());
            echo(self);
        }
    }

    fn echo(&self) {
        let mut frame = [0; 480];
        while self.session.session.read_audio(&mut frame) == Ok(480) {
            let samples = Samples::I16(frame.to_vec());
            let chunk = Chunk { samples, rate: SampleRate::HZ_24000, layout: Layout::Mono };
            self.session.session.write_audio(chunk).expect("the session is open");
        }
    }

    fn hears_its_tone(&self) -> bool {
        self.peer.heard.last(Duration::from_millis(500)).tone_share(440.0) > 0.9
            && self.peer.heard.count() > 50
    }
}

fn attribute<'a>(sdp: &'a str, name: &str) -> &'a str {
    sdp.lines().find_map(|line| line.strip_prefix(name)).expect("in every description").trim()
}

#[test]
fn a_check_signed_for_one_session_takes_no_address_from_another() {
    let (mut victim, _) = Caller::call();
    victim.peer.speak(Instant::now(), tone(440.0, Duration::from_secs(30)));
    victim.run(|call| call.hears_its_tone());

    let attacker_address = SocketAddr::from(([127, 0, 0, 1], 9));
    let mut attacker = Peer::new(Instant::now(), attacker_address, &PeerOptions::default());
    let offer = attacker.offer(Instant::now());
    let session = Observed::accept(&loopback(), session_options(), &offer);
    let answer = session.answer();
    assert_eq!(port(&answer), victim.server.port(), "on one port");
    let forged = Check {
        username: format!("{}:{}", attribute(&answer, "a=ice-ufrag:"), attribute(&offer, "a=ice-ufrag:")),
        password: Some(attribute(&answer, "a=ice-pwd:").to_owned()),
        ..Check::default()
    };
    // Sent from the victim's own address, as somebody would who forges it.
    for _ in 0..5 {
        victim.socket.send_to(&forged.bytes(), victim.server).expect("sent");
    }

    let before = victim.session.session.stats().session.packets_in;
    let heard = victim.peer.heard.count();
    victim.run(|call| call.peer.heard.count() > heard + 50);
    assert!(victim.hears_its_tone());
    victim.run(|call| call.session.session.stats().session.packets_in > before + 50);
}

/// A call that hears its tone, on the worker of a session that something is about to happen to.
fn with_a_neighbour() -> (Caller, Observed) {
    let (mut caller, _) = Caller::call();
    caller.peer.speak(Instant::now(), tone(440.0, Duration::from_secs(30)));
    caller.run(|call| call.hears_its_tone());
    let address = SocketAddr::from(([127, 0, 0, 1], 9));
    let mut neighbour = Peer::new(Instant::now(), address, &PeerOptions::default());
    let session = Observed::accept(&loopback(), session_options(), &neighbour.offer(Instant::now()));
    assert_eq!(port(&session.answer()), caller.server.port(), "on one worker");
    (caller, session)
}

impl Caller {
    /// A worker that died would be silent for good; a machine that is busy isn't for so long.
    fn hears_no_gap_since(&mut self, moment: Instant) {
        let heard = self.peer.heard.count();
        self.run(|call| call.peer.heard.count() > heard + 50);
        let gap = self.peer.heard.since(moment).longest_without(440.0);
        assert!(gap < Duration::from_millis(200), "{gap:?}");
    }
}

#[test]
fn a_panic_in_a_session_is_not_heard_by_its_neighbour() {
    let (mut caller, neighbour) = with_a_neighbour();
    let moment = Instant::now();
    neighbour.session.inject_panic();
    assert_eq!(neighbour.wait_for("error").code, Some("ERR_PARLEY_SESSION_FAULT"));
    caller.hears_no_gap_since(moment);
}

#[test]
fn a_panic_of_a_media_thread_outside_of_all_sessions_ends_none_and_is_not_heard() {
    let (mut caller, neighbour) = with_a_neighbour();
    let moment = Instant::now();
    for _ in 0..3 {
        neighbour.session.inject_panic_outside(1);
        caller.hears_no_gap_since(moment);
    }
    assert_eq!(neighbour.close(), "local");
}

#[test]
fn the_peer_of_a_session_that_panics_is_told_that_it_ended() {
    let (mut caller, _neighbour) = with_a_neighbour();
    let closed = caller.peer.channels_closed;
    caller.session.session.inject_panic();
    caller.run_silently(|call| call.peer.channels_closed > closed || !call.peer.is_connected());
}
