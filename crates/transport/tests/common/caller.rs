//! A call over real UDP.

use super::{Observed, PATIENCE, loopback, port, session_options};
use parley_netsim::{Peer, PeerOptions, tone};
use parley_transport::{Chunk, Layout, SampleRate, Samples, SessionOptions};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// A call of a foreign peer over real UDP.
pub struct Caller {
    pub peer: Peer,
    pub socket: UdpSocket,
    pub session: Observed,
    pub server: SocketAddr,
    /// Frames that were echoed.
    pub echoed: usize,
}

impl Caller {
    /// One with audio, and the answer that it got.
    pub fn call() -> (Self, String) {
        Self::call_with(session_options(), &PeerOptions::default())
    }

    pub fn call_with(options: SessionOptions, of_peer: &PeerOptions) -> (Self, String) {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("bound");
        socket.set_read_timeout(Some(Duration::from_millis(2))).expect("set");
        let now = Instant::now();
        let mut peer = Peer::new(now, socket.local_addr().expect("bound"), of_peer);
        let session = Observed::accept(&loopback(), options, &peer.offer(now));
        let answer = session.answer();
        peer.answered(now, &answer);
        let server = SocketAddr::from(([127, 0, 0, 1], port(&answer)));
        (Self { peer, socket, session, server, echoed: 0 }, answer)
    }

    /// Runs the call, whose audio is echoed, until `content`.
    pub fn run(&mut self, mut content: impl FnMut(&mut Self) -> bool) {
        self.run_silently(|call| {
            call.echo();
            content(call)
        });
    }

    /// The same without an echo.
    pub fn run_silently(&mut self, mut content: impl FnMut(&mut Self) -> bool) {
        let give_up = Instant::now() + PATIENCE;
        while !content(self) {
            assert!(
                Instant::now() < give_up,
                "connected: {}, heard: {:?}",
                self.peer.is_connected(),
                self.peer.heard.duration()
            );
            self.step();
        }
    }

    /// Sends what the peer has to send, and takes what comes next.
    pub fn step(&mut self) {
        let mut buffer = [0; 2048];
        while let Some((to, datagram)) = self.peer.poll(Instant::now()) {
            self.socket.send_to(&datagram, to).expect("sent");
        }
        if let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
            self.peer.receive(Instant::now(), from, &buffer[..length]);
        }
        self.peer.wake(Instant::now());
    }

    fn echo(&mut self) {
        let mut frame = [0; 480];
        while self.session.session.read_audio(&mut frame) == Ok(480) {
            let samples = Samples::I16(frame.to_vec());
            let chunk = Chunk { samples, rate: SampleRate::HZ_24000, layout: Layout::Mono };
            self.session.session.write_audio(chunk).expect("the session is open");
            self.echoed += 1;
        }
    }

    pub fn hears_its_tone(&self) -> bool {
        self.peer.heard.last(Duration::from_millis(500)).tone_share(440.0) > 0.9
            && self.peer.heard.count() > 50
    }

    /// Speaks for half a minute, and hears that already.
    pub fn speaking() -> Self {
        let (mut caller, _) = Self::call();
        caller.peer.speak(Instant::now(), tone(440.0, Duration::from_secs(30)));
        caller.run(|call| call.hears_its_tone());
        caller
    }
}
