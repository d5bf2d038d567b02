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
    fn run(&mut self, mut content: impl FnMut(&mut Self) -> bool) {
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
            self.echo();
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
