//! A call over real UDP.

use crate::Caller;
use mio::net::UdpSocket;
use parley_netsim::{Line, Link, Peer, PeerOptions};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const SOCKET: mio::Token = mio::Token(0);
const WAKER: mio::Token = mio::Token(1);
/// How long the thread sleeps when nothing is due.
const IDLE: Duration = Duration::from_secs(1);
/// Longer than any datagram of a session.
const MAX_DATAGRAM: usize = 2048;

/// A peer with a thread and a socket of its own. Its datagrams pass the link in both directions, so that a real network
/// loses, delays and reorders as the test says. The thread ends when this is dropped.
pub struct UdpCall {
    caller: Arc<Mutex<Caller>>,
    waker: Arc<mio::Waker>,
    ended: Arc<AtomicBool>,
}

impl UdpCall {
    /// A peer that has yet to make its offer, at an address from which the server's can be reached.
    ///
    /// # Errors
    /// When no socket can be bound or no thread be started.
    pub fn new(options: &PeerOptions, link: &Link, server: IpAddr) -> io::Result<Self> {
        let mut socket = UdpSocket::bind(SocketAddr::new(address_towards(server)?, 0))?;
        let poll = mio::Poll::new()?;
        poll.registry().register(&mut socket, SOCKET, mio::Interest::READABLE)?;
        let waker = Arc::new(mio::Waker::new(poll.registry(), WAKER)?);
        let now = Instant::now();
        let peer = Peer::new(now, socket.local_addr()?, options);
        let caller = Arc::new(Mutex::new(Caller::new(now, Line::new(peer, link), options)));
        let ended = Arc::new(AtomicBool::new(false));
        let thread = Thread { caller: caller.clone(), ended: ended.clone(), poll, socket };
        std::thread::Builder::new().name("parley-test-peer".into()).spawn(move || thread.run())?;
        Ok(Self { caller, waker, ended })
    }

    /// The peer, now.
    pub fn with<R>(&self, work: impl FnOnce(&mut Caller, Instant) -> R) -> R {
        let result = work(&mut lock(&self.caller), Instant::now());
        // A thread that can't be woken looks by itself a second later.
        let _ = self.waker.wake();
        result
    }

    /// Lets go of the thread and the socket.
    pub fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        let _ = self.waker.wake();
    }
}

impl Drop for UdpCall {
    fn drop(&mut self) {
        self.end();
    }
}

struct Thread {
    caller: Arc<Mutex<Caller>>,
    ended: Arc<AtomicBool>,
    poll: mio::Poll,
    socket: UdpSocket,
}

impl Thread {
    fn run(mut self) {
        let mut events = mio::Events::with_capacity(4);
        let mut buffer = [0; MAX_DATAGRAM];
        while !self.ended.load(Ordering::SeqCst) {
            let pause = self.round(&mut buffer);
            if self.poll.poll(&mut events, Some(pause)).is_err() {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    /// Reads and writes what there is; returns how long nothing is due.
    fn round(&self, buffer: &mut [u8]) -> Duration {
        let mut caller = lock(&self.caller);
        while let Ok((length, from)) = self.socket.recv_from(buffer) {
            caller.line.send(Instant::now(), from, &buffer[..length]);
        }
        caller.run(Instant::now());
        while let Some((to, datagram)) = caller.line.arrived(Instant::now()) {
            // As on any network, what can't be sent is lost.
            let _ = self.socket.send_to(&datagram, to);
        }
        let next = caller.line.next_moment();
        next.map_or(IDLE, |next| next.saturating_duration_since(Instant::now()).min(IDLE))
    }
}

fn lock(caller: &Mutex<Caller>) -> MutexGuard<'_, Caller> {
    caller.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An address of this machine from which that one can be reached; for "all addresses", the one of the default route.
fn address_towards(server: IpAddr) -> io::Result<IpAddr> {
    if server.is_loopback() {
        return Ok(server);
    }
    let any = match server {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(address) if address.is_unspecified() => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    // Any address outside will do, for nothing is sent (RFC 5737 keeps this one out of use).
    let outside = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    let target = if server.is_unspecified() { outside } else { server };
    let socket = std::net::UdpSocket::bind((any, 0))?;
    socket.connect((target, 9))?;
    Ok(socket.local_addr()?.ip())
}
