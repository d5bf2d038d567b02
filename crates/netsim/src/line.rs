//! A peer and the link that leads to it, for whoever is at the other end.

use crate::{Link, Peer, Pipe};
use std::net::SocketAddr;
use std::time::Instant;

/// A datagram, with where it comes from or where it goes to: the address at the near end.
type Datagram = (SocketAddr, Vec<u8>);

/// A peer at the far end of a link. Give it the datagrams of the near end with [`send`](Self::send), call
/// [`run`](Self::run) at [`next_moment`](Self::next_moment), and take what [`arrived`](Self::arrived).
///
/// It knows no clock, so the near end may be a session in virtual time or a socket.
pub struct Line {
    /// The peer. After a call of its methods [`run`](Self::run) is due.
    pub peer: Peer,
    to_peer: Pipe<Datagram>,
    from_peer: Pipe<Datagram>,
    is_cut: bool,
}

impl Line {
    /// That peer behind that link.
    #[must_use]
    pub fn new(peer: Peer, link: &Link) -> Self {
        let (to_peer, from_peer) = (Pipe::new(link.clone(), 1), Pipe::new(link.clone(), 0));
        Self { peer, to_peer, from_peer, is_cut: false }
    }

    /// From now on the link is like that.
    pub fn change_link(&mut self, link: &Link) {
        self.to_peer.become_like(link.clone());
        self.from_peer.become_like(link.clone());
    }

    /// Nothing passes any more.
    pub fn cut(&mut self) {
        self.is_cut = true;
    }

    /// A datagram from that address sets out for the peer.
    pub fn send(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        if !self.is_cut {
            self.to_peer.send(now, datagram.len(), (from, datagram.to_vec()));
        }
    }

    /// A datagram that has come from the peer, and the address that it is for.
    pub fn arrived(&mut self, now: Instant) -> Option<Datagram> {
        self.from_peer.arrived(now)
    }

    /// Lets the peer do what is due.
    pub fn run(&mut self, now: Instant) {
        while let Some((from, datagram)) = self.to_peer.arrived(now) {
            if !self.is_cut {
                self.peer.receive(now, from, &datagram);
            }
        }
        if self.peer.wake_at().is_some_and(|at| at <= now) {
            self.peer.wake(now);
        }
        while let Some((to, datagram)) = self.peer.poll(now) {
            if !self.is_cut {
                self.from_peer.send(now, datagram.len(), (to, datagram.to_vec()));
            }
        }
    }

    /// When something happens next, if nobody does anything before.
    pub fn next_moment(&mut self) -> Option<Instant> {
        [self.to_peer.next_arrival(), self.from_peer.next_arrival(), self.peer.wake_at()]
            .into_iter()
            .flatten()
            .min()
    }
}
