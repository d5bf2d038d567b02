//! To which session a datagram belongs.
//!
//! All sessions of a worker share one port. A check names its session by the `ice-ufrag` in its USERNAME; the answer
//! to a check of ours by its transaction id; everything else by the address it comes from, and an address is bound to
//! a session only after a signed check came from there (see [`parley_session::Event::Validated`]).

use parley_session::stun::{Kind, StunView, TransactionId};
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long the answer to a check is waited for.
const CHECK_LIFETIME: Duration = Duration::from_secs(10);
/// From so many open checks on, the expired ones are dropped.
const SWEEP_AT: usize = 4096;

#[derive(Debug, Default)]
pub(crate) struct Mux {
    by_ufrag: HashMap<Vec<u8>, u32>,
    by_address: HashMap<SocketAddr, u32>,
    /// The same for addresses behind a TURN server, which are known by the address that it lends.
    by_relay: HashMap<(SocketAddr, SocketAddr), u32>,
    checks: HashMap<TransactionId, (u32, Instant)>,
    sweep_at: usize,
}

impl Mux {
    /// The session that a datagram is for.
    pub(crate) fn route(&mut self, from: SocketAddr, datagram: &[u8]) -> Option<u32> {
        self.route_stun(datagram).unwrap_or_else(|| self.by_address.get(&from).copied())
    }

    /// The session that a datagram is for which came by a TURN server.
    pub(crate) fn route_relayed(
        &mut self,
        relayed: SocketAddr,
        from: SocketAddr,
        datagram: &[u8],
    ) -> Option<u32> {
        self.route_stun(datagram).unwrap_or_else(|| self.by_relay.get(&(relayed, from)).copied())
    }

    /// `None` when the datagram is no STUN.
    fn route_stun(&mut self, datagram: &[u8]) -> Option<Option<u32>> {
        if datagram.first().is_some_and(|first| *first < 4)
            && let Some(stun) = StunView::parse(datagram)
        {
            return Some(match stun.kind() {
                Kind::Request => stun.local_ufrag().and_then(|ufrag| self.by_ufrag.get(ufrag)).copied(),
                Kind::Success => self.checks.remove(&stun.transaction_id()).map(|(key, _)| key),
                Kind::Other => None,
            });
        }
        None
    }

    /// The session whose peer is at an address.
    pub(crate) fn at(&self, address: SocketAddr) -> Option<u32> {
        self.by_address.get(&address).copied()
    }

    /// Makes a session known by its `ice-ufrag`. A restart adds another one; the old stays for checks on their way.
    pub(crate) fn add_ufrag(&mut self, ufrag: &str, key: u32) {
        self.by_ufrag.insert(ufrag.as_bytes().to_vec(), key);
    }

    /// Binds an address from which a signed check came.
    pub(crate) fn bind(&mut self, address: SocketAddr, key: u32) {
        self.by_address.insert(address, key);
    }

    /// Binds an address from which a signed check came by a TURN server.
    pub(crate) fn bind_relayed(&mut self, relayed: SocketAddr, address: SocketAddr, key: u32) {
        self.by_relay.insert((relayed, address), key);
    }

    /// Notes a check of ours on its way out, so that its answer finds the session.
    pub(crate) fn sent(&mut self, now: Instant, datagram: &[u8], key: u32) {
        if datagram.first() != Some(&0) {
            return;
        }
        let Some(stun) = StunView::parse(datagram).filter(|stun| stun.kind() == Kind::Request) else {
            return;
        };
        self.checks.insert(stun.transaction_id(), (key, now));
        if self.checks.len() > self.sweep_at.max(SWEEP_AT) {
            self.checks.retain(|_, (_, sent)| now.saturating_duration_since(*sent) < CHECK_LIFETIME);
            self.sweep_at = self.checks.len() * 2;
        }
    }

    /// Forgets the sessions of `gone`.
    pub(crate) fn remove(&mut self, gone: &HashSet<u32>) {
        self.by_ufrag.retain(|_, key| !gone.contains(key));
        self.by_address.retain(|_, key| !gone.contains(key));
        self.by_relay.retain(|_, key| !gone.contains(key));
        self.checks.retain(|_, (key, _)| !gone.contains(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stun(kind: [u8; 2], id: u8, username: &str) -> Vec<u8> {
        let padded = username.len().next_multiple_of(4);
        let length = if username.is_empty() { 0 } else { 4 + padded };
        let mut bytes = vec![kind[0], kind[1], 0, length as u8, 0x21, 0x12, 0xa4, 0x42];
        bytes.extend([id; 12]);
        if !username.is_empty() {
            bytes.extend([0, 6, 0, username.len() as u8]);
            bytes.extend(username.bytes());
            bytes.resize(20 + length, 0);
        }
        bytes
    }

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    #[test]
    fn a_check_finds_its_session_from_any_address() {
        let mut mux = Mux::default();
        mux.add_ufrag("one", 1);
        mux.add_ufrag("two", 2);
        assert_eq!(mux.route(address(1), &stun([0, 1], 0, "two:peer")), Some(2));
        assert_eq!(mux.route(address(1), &stun([0, 1], 0, "three:peer")), None);
        assert_eq!(mux.route(address(1), &stun([0, 1], 0, "")), None);
    }

    #[test]
    fn media_from_an_address_that_nobody_vouched_for_goes_nowhere() {
        let mut mux = Mux::default();
        mux.add_ufrag("one", 1);
        mux.route(address(1), &stun([0, 1], 0, "one:peer"));
        assert_eq!(mux.route(address(1), &[0x80; 40]), None, "a check that was only seen binds nothing");
        mux.bind(address(1), 1);
        assert_eq!(mux.route(address(1), &[0x80; 40]), Some(1));
        assert_eq!(mux.route(address(2), &[0x80; 40]), None);
    }

    #[test]
    fn an_address_moves_to_the_session_that_validated_it_last() {
        let mut mux = Mux::default();
        mux.bind(address(1), 1);
        mux.bind(address(1), 2);
        assert_eq!(mux.route(address(1), &[0x80; 40]), Some(2));
    }

    #[test]
    fn the_answer_to_a_check_finds_its_session_once() {
        let mut mux = Mux::default();
        mux.sent(Instant::now(), &stun([0, 1], 7, "peer:one"), 1);
        assert_eq!(mux.route(address(9), &stun([1, 1], 7, "")), Some(1));
        assert_eq!(mux.route(address(9), &stun([1, 1], 7, "")), None);
        assert_eq!(mux.route(address(9), &stun([1, 1], 8, "")), None);
    }

    #[test]
    fn open_checks_are_bounded() {
        let mut mux = Mux::default();
        let start = Instant::now();
        for n in 0..20_000_u32 {
            let mut check = stun([0, 1], 0, "peer:one");
            check[8..12].copy_from_slice(&n.to_be_bytes());
            mux.sent(start + Duration::from_millis(u64::from(n) * 10), &check, 1);
        }
        assert!(mux.checks.len() <= SWEEP_AT + 1, "{}", mux.checks.len());
    }

    #[test]
    fn a_session_that_ended_is_forgotten() {
        let mut mux = Mux::default();
        mux.add_ufrag("one", 1);
        mux.bind(address(1), 1);
        mux.remove(&HashSet::from([1]));
        assert_eq!(mux.route(address(1), &[0x80; 40]), None);
        assert_eq!(mux.route(address(1), &stun([0, 1], 0, "one:peer")), None);
    }
}
