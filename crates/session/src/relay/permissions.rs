//! Leave to reach peers by a TURN server (RFC 8656, section 9).

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Most addresses that have leave at one time.
const MAX_PERMISSIONS: usize = 4096;
/// Most datagrams that wait for an address's leave.
const MAX_HELD: usize = 4;

struct Permission {
    state: Leave,
    granted: Instant,
    used: Instant,
}

enum Leave {
    Asked(Vec<(SocketAddr, Vec<u8>)>),
    Granted,
    Refused,
}

/// What becomes of a datagram.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The address has leave.
    Send,
    /// Leave is to be asked for; the datagram waits for it.
    Ask,
    /// It waits, or is dropped.
    Wait,
}

/// The addresses that were asked leave for.
#[derive(Default)]
pub(super) struct Permissions(HashMap<IpAddr, Permission>);

impl Permissions {
    /// Says what becomes of a datagram for this address, and keeps it if it waits.
    pub(super) fn step(&mut self, now: Instant, to: SocketAddr, data: &[u8]) -> Step {
        let Some(permission) = self.0.get_mut(&to.ip()) else { return self.begin(now, to, data) };
        permission.used = now;
        match &mut permission.state {
            Leave::Granted => return Step::Send,
            Leave::Asked(held) if held.len() < MAX_HELD => held.push((to, data.to_vec())),
            Leave::Asked(_) | Leave::Refused => {}
        }
        Step::Wait
    }

    fn begin(&mut self, now: Instant, to: SocketAddr, data: &[u8]) -> Step {
        if self.0.len() >= MAX_PERMISSIONS {
            return Step::Wait;
        }
        let state = Leave::Asked(vec![(to, data.to_vec())]);
        self.0.insert(to.ip(), Permission { state, granted: now, used: now });
        Step::Ask
    }

    /// The server gave leave, or renewed it; gives what waited for it.
    pub(super) fn granted(&mut self, now: Instant, ip: IpAddr) -> Vec<(SocketAddr, Vec<u8>)> {
        let Some(permission) = self.0.get_mut(&ip) else { return Vec::new() };
        permission.granted = now;
        match std::mem::replace(&mut permission.state, Leave::Granted) {
            Leave::Asked(held) => held,
            Leave::Granted | Leave::Refused => Vec::new(),
        }
    }

    /// The server gives no leave.
    pub(super) fn refused(&mut self, now: Instant, ip: IpAddr) {
        if let Some(permission) = self.0.get_mut(&ip) {
            permission.state = Leave::Refused;
            permission.granted = now;
        }
    }

    /// Forgets what was not used for `age`, as the server does; gives what is to be asked for again.
    pub(super) fn renew(&mut self, now: Instant, age: Duration) -> Vec<IpAddr> {
        let is_old = |since: Instant| now.saturating_duration_since(since) >= age;
        self.0.retain(|_, permission| {
            !is_old(permission.granted)
                || !is_old(permission.used) && !matches!(permission.state, Leave::Refused)
        });
        let due = self.0.iter().filter(|(_, permission)| is_old(permission.granted));
        due.map(|(ip, _)| *ip).collect()
    }

    /// The server that gave leave has forgotten all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
