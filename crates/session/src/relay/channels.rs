//! Channels to peers by a TURN server (RFC 8656, section 12): four bytes before the data instead of 36.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

/// RFC 8656, section 12.
const NUMBERS: Range<u16> = 0x4000..0x5000;

struct Channel {
    number: u16,
    state: Binding,
    bound: Instant,
    used: Instant,
}

#[derive(PartialEq, Eq)]
enum Binding {
    Asked,
    Bound,
    /// Data goes in indications.
    Refused,
}

/// The channels that were asked for.
pub(super) struct Channels {
    by_peer: HashMap<SocketAddr, Channel>,
    by_number: HashMap<u16, SocketAddr>,
    next: u16,
}

impl Channels {
    /// None yet.
    pub(super) fn new() -> Self {
        Self { by_peer: HashMap::new(), by_number: HashMap::new(), next: NUMBERS.start }
    }

    /// Whose data comes by this channel.
    pub(super) fn peer(&mut self, now: Instant, number: u16) -> Option<SocketAddr> {
        let peer = *self.by_number.get(&number)?;
        if let Some(channel) = self.by_peer.get_mut(&peer) {
            channel.used = now;
        }
        Some(peer)
    }

    /// The channel that data for this peer goes by.
    pub(super) fn towards(&mut self, now: Instant, peer: SocketAddr) -> Option<u16> {
        let channel = self.by_peer.get_mut(&peer).filter(|channel| channel.state == Binding::Bound)?;
        channel.used = now;
        Some(channel.number)
    }

    /// Takes a number for a peer that has none; to be asked for.
    pub(super) fn bind(&mut self, now: Instant, peer: SocketAddr) -> Option<u16> {
        if self.by_peer.contains_key(&peer) {
            return None;
        }
        // In turns, for the server keeps a number to its peer for a while after the last use.
        let mut numbers = (self.next..NUMBERS.end).chain(NUMBERS.start..self.next);
        let number = numbers.find(|number| !self.by_number.contains_key(number))?;
        self.next = number + 1;
        self.by_number.insert(number, peer);
        self.by_peer.insert(peer, Channel { number, state: Binding::Asked, bound: now, used: now });
        Some(number)
    }

    /// The server bound the peer's channel, or bound it again.
    pub(super) fn bound(&mut self, now: Instant, peer: SocketAddr) {
        if let Some(channel) = self.by_peer.get_mut(&peer) {
            channel.state = Binding::Bound;
            channel.bound = now;
        }
    }

    /// The server gives no channel.
    pub(super) fn refused(&mut self, peer: SocketAddr) {
        if let Some(channel) = self.by_peer.get_mut(&peer) {
            channel.state = Binding::Refused;
        }
    }

    /// Forgets what was not used for `age`, as the server does; gives what is to be asked for again.
    pub(super) fn renew(&mut self, now: Instant, age: Duration) -> Vec<(SocketAddr, u16)> {
        let is_old = |since: Instant| now.saturating_duration_since(since) >= age;
        let by_number = &mut self.by_number;
        self.by_peer.retain(|_, channel| {
            let keep = !is_old(channel.bound) || !is_old(channel.used);
            if !keep {
                by_number.remove(&channel.number);
            }
            keep
        });
        let bound = self.by_peer.iter().filter(|(_, channel)| channel.state == Binding::Bound);
        let due = bound.filter(|(_, channel)| is_old(channel.bound));
        due.map(|(peer, channel)| (*peer, channel.number)).collect()
    }

    /// The server that bound them has forgotten all.
    pub(super) fn clear(&mut self) {
        self.by_peer.clear();
        self.by_number.clear();
    }
}
