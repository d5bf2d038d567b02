//! The TURN servers that lend addresses to a worker's socket.

use crate::identity::identity;
use crate::reflexive::{Mappings, random_id};
use bytes::BytesMut;
use parley_session::{Allocation, LocalAddresses, Received, Relay, TurnServer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// One allocation on each server. Without servers all of this costs nothing.
pub(crate) struct Relays {
    relays: Vec<Relay>,
    mappings: Arc<Mappings>,
    /// What was said last.
    said: Option<(Vec<Allocation>, bool)>,
}

/// What a datagram from a TURN server's address was.
pub(crate) enum ByRelay<'a> {
    /// It carries another one, which came to the first address from the second.
    Data(SocketAddr, SocketAddr, &'a [u8]),
    /// It was for the relay.
    Taken,
    /// Treat it as any other.
    Unknown,
}

impl Relays {
    /// Begins to allocate on all `servers` that the socket can reach.
    pub(crate) fn new(
        now: Instant,
        servers: &[TurnServer],
        local: &LocalAddresses,
        mappings: Arc<Mappings>,
    ) -> Self {
        let reachable = servers.iter().filter(|server| local.towards(server.address).is_some()).cloned();
        let relay = |server| identity().ok().map(|identity| Relay::new(now, server, identity, random_id));
        let relays = reachable.filter_map(relay).collect();
        let mut relays = Self { relays, mappings, said: None };
        relays.say();
        relays
    }

    /// Takes fresh credentials for the servers, which are the same in the same order.
    pub(crate) fn refresh(&mut self, servers: &[TurnServer]) {
        for relay in &mut self.relays {
            if let Some(server) = servers.iter().find(|server| server.address == relay.server()) {
                relay.set_credentials(&server.username, &server.password);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.relays.is_empty()
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.relays.iter().filter_map(Relay::wake_at).min()
    }

    /// Takes a datagram that may be a relay's.
    pub(crate) fn take<'a>(&mut self, now: Instant, from: SocketAddr, datagram: &'a [u8]) -> ByRelay<'a> {
        // Several sets of credentials may be good for one server.
        for relay in self.relays.iter_mut().filter(|relay| relay.server() == from) {
            match (relay.handle(now, datagram), relay.allocation()) {
                (Received::Unknown, _) => {}
                (Received::Data(peer, data), Some(allocation)) => {
                    return ByRelay::Data(allocation.relayed, peer, data);
                }
                _ => return ByRelay::Taken,
            }
        }
        ByRelay::Unknown
    }

    /// Has a datagram sent from an address that a server lends; when it no longer does, the datagram is lost.
    pub(crate) fn send(&mut self, now: Instant, relayed: SocketAddr, to: SocketAddr, datagram: &[u8]) {
        let lends =
            |relay: &&mut Relay| relay.allocation().is_some_and(|allocation| allocation.relayed == relayed);
        if let Some(relay) = self.relays.iter_mut().find(lends) {
            relay.send(now, to, datagram);
        }
    }

    pub(crate) fn wake(&mut self, now: Instant) {
        let due = |relay: &&mut Relay| relay.wake_at().is_some_and(|at| at <= now);
        self.relays.iter_mut().filter(due).for_each(|relay| relay.wake(now));
    }

    /// Gives everything back.
    pub(crate) fn release(&mut self, now: Instant) {
        self.relays.iter_mut().for_each(|relay| relay.release(now));
    }

    /// Takes what is to be sent, and tells the admission thread what is lent.
    pub(crate) fn pump(&mut self, datagrams: &mut Vec<(SocketAddr, BytesMut)>) {
        for relay in &mut self.relays {
            let server = relay.server();
            datagrams.extend(std::iter::from_fn(|| relay.poll()).map(|datagram| (server, datagram)));
        }
        self.say();
    }

    fn say(&mut self) {
        let lent = self.relays.iter().filter_map(Relay::allocation).collect();
        let now = (lent, self.relays.iter().all(Relay::is_settled));
        if self.said.as_ref() != Some(&now) {
            self.mappings.lend(now.0.clone(), now.1);
            self.said = Some(now);
        }
    }
}
