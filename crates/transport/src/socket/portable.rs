//! One datagram for each call, for systems without `recvmmsg`.

use super::{BATCH, BUFFER};
use bytes::BytesMut;
use std::net::SocketAddr;

/// The buffer of one datagram.
pub(super) struct Batch {
    buffer: Vec<u8>,
}

impl Batch {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; BUFFER] }
    }

    /// Reads what waits, at most a batch, and returns how many datagrams that was.
    pub(super) fn receive(
        &mut self,
        socket: &mio::net::UdpSocket,
        mut each: impl FnMut(SocketAddr, &[u8]),
    ) -> usize {
        for received in 0..BATCH {
            let Ok((length, from)) = socket.recv_from(&mut self.buffer) else { return received };
            each(from, &self.buffer[..length]);
        }
        BATCH
    }

    /// Nothing to ask for: here nobody tells.
    pub(super) fn ask_for_errors(_: &socket2::Socket, _: SocketAddr) -> std::io::Result<()> {
        Ok(())
    }

    pub(super) fn take_trouble(&mut self) -> bool {
        false
    }

    pub(super) fn errors(&mut self, _: &mio::net::UdpSocket, _: impl FnMut(SocketAddr)) {}

    /// Sends at most a batch, and returns how many datagrams could not be sent.
    pub(super) fn send(
        &mut self,
        socket: &mio::net::UdpSocket,
        datagrams: &[(SocketAddr, BytesMut)],
    ) -> usize {
        datagrams.iter().filter(|(to, datagram)| socket.send_to(datagram, *to).is_err()).count()
    }
}
