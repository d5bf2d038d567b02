//! Where the media threads listen.

use parley_session::TurnServer;
use std::net::{IpAddr, SocketAddr};

/// Where the media threads listen. Sessions with equal options share their threads and ports.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EngineOptions {
    /// Media threads, each with one UDP port; 1 or more.
    pub workers: usize,
    /// The address to bind; the unspecified IPv6 address takes IPv4 too.
    pub bind_address: IpAddr,
    /// First and last UDP port to try; both 0 for any.
    pub udp_ports: (u16, u16),
    /// What answers name instead of the machine's own addresses (behind NAT, in a container).
    pub announced_addresses: Vec<IpAddr>,
    /// STUN servers that tell where the socket is seen from outside.
    pub stun_servers: Vec<SocketAddr>,
    /// TURN servers that lend addresses to the socket, for peers that reach no other one.
    pub turn_servers: Vec<TurnServer>,
}
