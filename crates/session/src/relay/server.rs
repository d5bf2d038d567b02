//! TURN servers and what they lend.

use std::net::SocketAddr;

/// A TURN server and what it knows us by.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TurnServer {
    /// Where it listens for UDP.
    pub address: SocketAddr,
    /// The long-term credential's name…
    pub username: String,
    /// …and its password.
    pub password: String,
}

/// Without the credentials, which belong in no log.
impl std::fmt::Debug for TurnServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TurnServer").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What a TURN server lends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation {
    /// Where peers reach us by the server.
    pub relayed: SocketAddr,
    /// Where the server sees our socket.
    pub mapped: SocketAddr,
}
