//! A worker's UDP socket: bound once, read and written in batches.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;

#[cfg(target_os = "linux")]
use linux::Batch;
#[cfg(not(target_os = "linux"))]
use portable::Batch;

use bytes::BytesMut;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;

/// Datagrams read or written by one system call.
const BATCH: usize = 64;
/// Longest datagram that is read; a longer one is cut, and refused for it.
const BUFFER: usize = parley_session::MAX_DATAGRAM_BYTES + 1;
/// Kernel buffers: half a second of 160 sessions.
const KERNEL_BUFFER: usize = 4 << 20;

/// One port for all of a worker's sessions.
pub(crate) struct WorkerSocket {
    socket: mio::net::UdpSocket,
    /// An IPv6 socket that carries IPv4 too, as mapped addresses.
    dual_stack: bool,
    batch: Batch,
    unsent: u64,
}

impl WorkerSocket {
    /// Binds to the first free port of `ports`; 0 stands for any. The unspecified IPv6 address takes IPv4 too, and
    /// falls back to IPv4 alone where IPv6 is switched off.
    pub(crate) fn bind(address: IpAddr, ports: RangeInclusive<u16>) -> io::Result<Self> {
        let mut last = io::Error::new(io::ErrorKind::AddrInUse, "no UDP port to try");
        for port in ports {
            match bind_one(address, port) {
                Ok((socket, dual_stack)) => {
                    return Ok(Self {
                        socket: mio::net::UdpSocket::from_std(socket.into()),
                        dual_stack,
                        batch: Batch::new(),
                        unsent: 0,
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    pub(crate) fn local_address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Whether IPv4 peers, IPv6 peers can be reached.
    pub(crate) fn families(&self) -> io::Result<(bool, bool)> {
        let v6 = self.local_address()?.is_ipv6();
        Ok((!v6 || self.dual_stack, v6))
    }

    pub(crate) fn source(&mut self) -> &mut mio::net::UdpSocket {
        &mut self.socket
    }

    /// Reads one batch; false when nothing more waits.
    pub(crate) fn receive(&mut self, mut each: impl FnMut(SocketAddr, &[u8])) -> bool {
        self.batch.receive(&self.socket, |from, datagram| each(canonical(from), datagram)) == BATCH
    }

    /// Names the destinations that answered "port unreachable", if the kernel said that there are any.
    pub(crate) fn errors(&mut self, told: bool, mut each: impl FnMut(SocketAddr)) {
        if self.batch.take_trouble() || told {
            self.batch.errors(&self.socket, |address| each(canonical(address)));
        }
    }

    /// Sends all datagrams and empties the list. What the kernel has no room for is dropped and counted, as a
    /// network would.
    pub(crate) fn send(&mut self, datagrams: &mut Vec<(SocketAddr, BytesMut)>) {
        if self.dual_stack {
            for (to, _) in datagrams.iter_mut() {
                *to = mapped(*to);
            }
        }
        for chunk in datagrams.chunks(BATCH) {
            self.unsent += self.batch.send(&self.socket, chunk) as u64;
        }
        datagrams.clear();
    }

    /// Datagrams that the kernel had no room for.
    pub(crate) fn unsent(&self) -> u64 {
        self.unsent
    }
}

fn bind_one(address: IpAddr, port: u16) -> io::Result<(Socket, bool)> {
    let dual_stack = address == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    match bind_exactly(address, port, dual_stack) {
        Err(error) if dual_stack && error.kind() != io::ErrorKind::AddrInUse => {
            bind_exactly(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port, false).map(|socket| (socket, false))
        }
        result => result.map(|socket| (socket, dual_stack)),
    }
}

fn bind_exactly(address: IpAddr, port: u16, dual_stack: bool) -> io::Result<Socket> {
    let address = SocketAddr::new(address, port);
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if dual_stack {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    // The kernel caps these silently; smaller buffers work, they only forgive less.
    socket.set_recv_buffer_size(KERNEL_BUFFER)?;
    socket.set_send_buffer_size(KERNEL_BUFFER)?;
    Batch::ask_for_errors(&socket, address)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// IPv4 as IPv4, however the socket writes it.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn mapped(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) => SocketAddr::new(IpAddr::V6(ip.to_ipv6_mapped()), address.port()),
        IpAddr::V6(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::time::{Duration, Instant};

    fn receive_all(socket: &mut WorkerSocket, count: usize) -> Vec<(SocketAddr, Vec<u8>)> {
        let mut got = Vec::new();
        let give_up = Instant::now() + Duration::from_secs(5);
        while got.len() < count && Instant::now() < give_up {
            while socket.receive(|from, datagram| got.push((from, datagram.to_vec()))) {}
        }
        got
    }

    fn echo_between(address: &str, peer: &str) {
        let mut socket = WorkerSocket::bind(address.parse().expect("ip"), 0..=0).expect("bound");
        let port = socket.local_address().expect("bound").port();
        let peer = UdpSocket::bind((peer, 0)).expect("bound");
        let peer_address = peer.local_addr().expect("bound");
        let to = SocketAddr::new(peer_address.ip(), port);
        for n in 0..200_u8 {
            peer.send_to(&[n; 3], to).expect("sent");
        }
        let got = receive_all(&mut socket, 200);
        assert_eq!(got.len(), 200);
        assert!(got.iter().all(|(from, _)| *from == peer_address), "IPv4 is told as IPv4: {:?}", got[0].0);
        assert!(got.iter().zip(0_u8..).all(|((_, datagram), n)| *datagram == [n; 3]));
        let mut replies = (0..150_u8).map(|n| (peer_address, BytesMut::from(&[n; 5][..]))).collect();
        socket.send(&mut replies);
        assert!(replies.is_empty());
        peer.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
        let mut buffer = [0; 16];
        for n in 0..150_u8 {
            let (length, from) = peer.recv_from(&mut buffer).expect("arrived");
            assert_eq!((&buffer[..length], from), (&[n; 5][..], to));
        }
        assert_eq!(socket.unsent(), 0);
    }

    #[test]
    fn many_datagrams_go_both_ways_over_ipv4() {
        echo_between("127.0.0.1", "127.0.0.1");
    }

    #[test]
    fn many_datagrams_go_both_ways_over_ipv6() {
        echo_between("::1", "::1");
    }

    #[test]
    fn one_socket_serves_both_families() {
        echo_between("::", "127.0.0.1");
        echo_between("::", "::1");
    }

    #[test]
    fn a_datagram_that_is_too_long_is_read_as_too_long() {
        let mut socket = WorkerSocket::bind("127.0.0.1".parse().expect("ip"), 0..=0).expect("bound");
        let peer = UdpSocket::bind("127.0.0.1:0").expect("bound");
        peer.send_to(&[1; 9000], socket.local_address().expect("bound")).expect("sent");
        assert_eq!(receive_all(&mut socket, 1)[0].1.len(), parley_session::MAX_DATAGRAM_BYTES + 1);
    }

    #[cfg(target_os = "linux")]
    fn learns_of_a_shut_port(address: &str, peer: &str) {
        let mut socket = WorkerSocket::bind(address.parse().expect("ip"), 0..=0).expect("bound");
        let gone = UdpSocket::bind((peer, 0)).and_then(|socket| socket.local_addr()).expect("bound");
        let here = UdpSocket::bind((peer, 0)).expect("bound");
        let to = here.local_addr().expect("bound");
        let mut shut = Vec::new();
        let give_up = Instant::now() + Duration::from_secs(5);
        while shut.is_empty() && Instant::now() < give_up {
            socket.send(&mut vec![(gone, BytesMut::from(&b"x"[..])), (to, BytesMut::from(&b"y"[..]))]);
            socket.receive(|_, _| {});
            socket.errors(true, |address| shut.push(address));
        }
        assert_eq!(shut.first(), Some(&gone));
        assert!(shut.iter().all(|address| *address == gone));
        assert_eq!(socket.unsent(), 0, "nobody else's datagram is lost for it");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_port_that_was_shut_is_told() {
        learns_of_a_shut_port("127.0.0.1", "127.0.0.1");
        learns_of_a_shut_port("::1", "::1");
        learns_of_a_shut_port("::", "127.0.0.1");
        learns_of_a_shut_port("::", "::1");
    }

    #[test]
    fn ports_are_tried_until_one_is_free() {
        let taken =
            UdpSocket::bind("127.0.0.1:0").expect("bound").local_addr().expect("bound").port().min(65_000);
        let _keep = UdpSocket::bind(("127.0.0.1", taken)).expect("bound");
        let socket = WorkerSocket::bind("127.0.0.1".parse().expect("ip"), taken..=taken + 50).expect("bound");
        assert_ne!(socket.local_address().expect("bound").port(), taken);
        assert!(WorkerSocket::bind("127.0.0.1".parse().expect("ip"), taken..=taken).is_err());
    }
}
