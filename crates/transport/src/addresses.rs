//! Which addresses an answer names.

use parley_session::LocalAddresses;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Describes a socket bound to `bound`, reachable over IPv4 and IPv6 as told.
pub(crate) fn describe(bound: SocketAddr, (v4, v6): (bool, bool), announced: &[IpAddr]) -> LocalAddresses {
    let own = own_addresses(bound.ip(), v4, v6);
    let named = if announced.is_empty() { own.clone() } else { announced.to_vec() };
    let with_port = |ip: IpAddr| SocketAddr::new(ip, bound.port());
    let stands_for = |wanted: fn(&IpAddr) -> bool, otherwise: IpAddr| {
        Some(with_port(own.iter().copied().find(wanted).unwrap_or(otherwise)))
    };
    LocalAddresses {
        v4: if v4 { stands_for(IpAddr::is_ipv4, Ipv4Addr::LOCALHOST.into()) } else { None },
        v6: if v6 { stands_for(IpAddr::is_ipv6, Ipv6Addr::LOCALHOST.into()) } else { None },
        candidates: named.into_iter().map(with_port).collect(),
        reflexive: Vec::new(),
        relayed: Vec::new(),
        allow_loopback: bound.ip().is_loopback(),
    }
}

/// The address bound to, or those of all interfaces. Loopback counts only on a machine that has nothing else, and
/// link-local addresses never: they mean nothing without their interface.
fn own_addresses(bound: IpAddr, v4: bool, v6: bool) -> Vec<IpAddr> {
    if !bound.is_unspecified() {
        return vec![bound];
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        log::warn!("the network interfaces could not be listed: {error}");
        Vec::new()
    });
    let usable = |ip: &IpAddr| if ip.is_ipv4() { v4 } else { v6 };
    let all: Vec<IpAddr> = interfaces.iter().map(if_addrs::Interface::ip).filter(usable).collect();
    let (loopback, others): (Vec<IpAddr>, Vec<IpAddr>) =
        all.into_iter().filter(|ip| !is_link_local(ip)).partition(IpAddr::is_loopback);
    if others.is_empty() { loopback } else { others }
}

fn is_link_local(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> SocketAddr {
        address.parse().expect("address")
    }

    #[test]
    fn a_socket_bound_to_one_address_names_that_one() {
        let local = describe(at("127.0.0.1:5000"), (true, false), &[]);
        assert_eq!(local.candidates, [at("127.0.0.1:5000")]);
        assert_eq!((local.v4, local.v6), (Some(at("127.0.0.1:5000")), None));
        assert!(local.allow_loopback);
    }

    #[test]
    fn announced_addresses_stand_in_for_the_machines_own() {
        let announced = ["203.0.113.9".parse().expect("ip")];
        let local = describe(at("0.0.0.0:5000"), (true, false), &announced);
        assert_eq!(local.candidates, [at("203.0.113.9:5000")]);
        assert!(!local.allow_loopback);
    }

    #[test]
    fn a_socket_bound_to_everything_names_at_least_one_address_and_no_wildcard() {
        let local = describe(at("[::]:5000"), (true, true), &[]);
        assert!(!local.candidates.is_empty());
        assert!(
            local.candidates.iter().all(|address| !address.ip().is_unspecified() && address.port() == 5000)
        );
        assert!(
            local.v4.is_some_and(|address| address.is_ipv4())
                && local.v6.is_some_and(|address| address.is_ipv6())
        );
    }
}
