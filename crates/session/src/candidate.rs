//! Which of a peer's ICE candidates may be contacted.
//!
//! A candidate is an address that somebody else chose and to which we would send: without a guard, one offer makes
//! the server probe a thousand addresses, those of its own network included.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Candidates of one session that are ever contacted; the rest is ignored.
pub(crate) const MAX_CANDIDATES: usize = 20;

/// Admits a session's remote candidates, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct CandidateGuard {
    allow_loopback: bool,
    admitted: Vec<SocketAddr>,
}

impl CandidateGuard {
    pub(crate) fn new(allow_loopback: bool) -> Self {
        Self { allow_loopback, admitted: Vec::new() }
    }

    /// The address behind a candidate attribute (RFC 8839, section 5.1) when we may contact it. Names, TCP, other
    /// components, addresses that can't be a peer's, repetitions and whatever can't be read give `None`: ignoring
    /// them does no harm, because the peer's own checks reach us.
    pub(crate) fn admit(&mut self, candidate: &str) -> Option<SocketAddr> {
        let address = parse(candidate)?;
        if !self.contactable(address)
            || self.admitted.contains(&address)
            || self.admitted.len() >= MAX_CANDIDATES
        {
            return None;
        }
        self.admitted.push(address);
        Some(address)
    }

    fn contactable(&self, address: SocketAddr) -> bool {
        match address.ip() {
            ip if ip.is_loopback() => self.allow_loopback,
            IpAddr::V4(ip) => !unreachable_v4(ip),
            IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
                Some(mapped) if mapped.is_loopback() => self.allow_loopback,
                Some(mapped) => !unreachable_v4(mapped),
                None => !unreachable_v6(ip),
            },
        }
    }
}

/// Unspecified, multicast, broadcast and link-local, where cloud metadata services (169.254.169.254) live.
fn unreachable_v4(ip: Ipv4Addr) -> bool {
    ip.octets()[0] == 0
        || ip.is_multicast()
        || ip.is_broadcast()
        || ip.is_link_local()
        || ip.octets()[0] >= 240
}

/// Unspecified, multicast, link-local, and the metadata address that clouds share (fd00:ec2::254).
fn unreachable_v6(ip: Ipv6Addr) -> bool {
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    ip.is_unspecified() || ip.is_multicast() || ip.is_unicast_link_local() || ip == METADATA
}

fn parse(candidate: &str) -> Option<SocketAddr> {
    let candidate = candidate.strip_prefix("a=").unwrap_or(candidate);
    let mut fields = candidate.strip_prefix("candidate:").unwrap_or(candidate).split_ascii_whitespace();
    let (_foundation, component, protocol) = (fields.next()?, fields.next()?, fields.next()?);
    let (_priority, ip, port) = (fields.next()?, fields.next()?, fields.next()?);
    if component != "1" || !protocol.eq_ignore_ascii_case("udp") {
        return None;
    }
    let (ip, port) = (ip.parse::<IpAddr>().ok()?, port.parse::<u16>().ok()?);
    (port != 0).then(|| SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(candidate: &str) -> bool {
        CandidateGuard::new(false).admit(candidate).is_some()
    }

    fn host(ip: &str) -> String {
        format!("candidate:1 1 udp 2122260223 {ip} 40000 typ host generation 0 ufrag x network-id 1")
    }

    #[test]
    fn a_plain_host_candidate_is_contacted() {
        assert!(admits(&host("192.0.2.7")));
        assert!(admits(&host("2001:db8::7")));
        assert!(admits("candidate:1 1 UDP 1 10.1.2.3 9000 typ srflx raddr 1.1.1.1 rport 2"));
        assert!(admits("1 1 udp 1 10.1.2.3 9000 typ host"), "the prefix may be missing");
    }

    #[test]
    fn addresses_that_are_no_peer_are_never_contacted() {
        for ip in [
            "0.0.0.0",
            "0.1.2.3",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "169.254.1.1",
            "224.0.0.251",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "ff02::fb",
            "fd00:ec2::254",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:224.0.0.1",
        ] {
            assert!(!admits(&host(ip)), "{ip}");
        }
    }

    #[test]
    fn names_tcp_and_nonsense_are_ignored() {
        for candidate in [
            "",
            "candidate:",
            "candidate:1 1 udp 1 0f7c.local 40000 typ host",
            "candidate:1 1 udp 1 example.com 1 typ host",
            "candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active",
            "candidate:1 2 udp 1 192.0.2.1 9 typ host",
            "candidate:1 1 udp 1 192.0.2.1 0 typ host",
            "candidate:1 1 udp 1 192.0.2.1 65536 typ host",
            "candidate:1 1 udp 1 192.0.2.1 -1 typ host",
            "candidate:é é é",
            "candidate:1 1 udp 1 192.0.2.1",
        ] {
            assert!(!admits(candidate), "{candidate}");
        }
    }

    #[test]
    fn no_more_than_twenty_addresses_are_contacted() {
        let mut guard = CandidateGuard::new(false);
        let admitted =
            (0..1000).filter(|n| guard.admit(&host(&format!("10.0.{}.{}", n / 250, n % 250 + 1))).is_some());
        assert_eq!(admitted.count(), 20);
    }

    #[test]
    fn a_server_on_loopback_talks_to_loopback() {
        let mut guard = CandidateGuard::new(true);
        assert!(guard.admit(&host("127.0.0.1")).is_some());
        assert!(guard.admit(&host("127.0.0.1")).is_none(), "repeated");
        assert!(guard.admit(&host("169.254.169.254")).is_none());
    }
}
