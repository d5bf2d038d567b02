//! A TURN client as a value (RFC 8656): one allocation on one server, over UDP, with long-term credentials.
//!
//! Like a session it owns no socket, thread, clock or random source. It keeps the allocation, asks leave for every
//! address that it sends to, and binds a channel to those that get more than checks.

mod channels;
mod permissions;
mod server;

use crate::options::Identity;
use crate::stun::{StunView, TransactionId, mapped_address};
use crate::turn_message::{
    Auth, Request, attribute, channel_data, kind, outcome, read_channel_data, read_data_indication,
    send_indication,
};
use bytes::BytesMut;
use channels::Channels;
use permissions::{Permissions, Step};
use rtc::crypto::RTCCryptoProvider;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use server::{Allocation, TurnServer};

/// RFC 8489, section 6.2.1: the first retransmission…
const RETRY: Duration = Duration::from_millis(500);
/// …and how often one request is sent.
const ATTEMPTS: u32 = 6;
/// How often a nonce may turn out stale for one request.
const MAX_STALE: u32 = 3;
/// How long a server takes to forget an allocation that was released (coturn: a second)…
const RECLAIM: Duration = Duration::from_millis(1050);
/// …and how often that is tried.
const MAX_RECLAIMS: u32 = 3;
/// How long a server that failed is left alone.
const PAUSE: Duration = Duration::from_secs(60);
/// A NAT forgets a UDP mapping after 30 s at the earliest (RFC 4787, REQ-5, in practice), so the allocation is
/// refreshed long before it expires.
const UPKEEP: Duration = Duration::from_secs(25);
/// Permissions last 5 minutes and channels 10 (RFC 8656, sections 9 and 12); those in use are renewed in time.
const RENEW: Duration = Duration::from_secs(200);
/// What a datagram of the server's address was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received<'a> {
    /// Data of this peer.
    Data(SocketAddr, &'a [u8]),
    /// The relay's own business.
    Taken,
    /// Nothing of the relay's: the same host may be a STUN server or a peer, too.
    Unknown,
}

enum State {
    Allocating,
    Allocated(Allocation),
    Failed,
    Released,
}

struct Transaction {
    id: TransactionId,
    request: Request,
    signed: bool,
    datagram: BytesMut,
    sent: u32,
    stale: u32,
    due: Instant,
}

/// The client of one TURN server. Feed it what comes from there, then take what it sends with [`poll`](Self::poll).
pub struct Relay {
    server: TurnServer,
    provider: Arc<dyn RTCCryptoProvider>,
    new_id: fn() -> TransactionId,
    auth: Option<Auth>,
    state: State,
    /// When the allocation is refreshed, or the server tried again.
    upkeep_at: Instant,
    transactions: Vec<Transaction>,
    permissions: Permissions,
    channels: Channels,
    outgoing: VecDeque<BytesMut>,
    /// How often an allocation of an earlier life was released to make room.
    reclaims: u32,
    warned: bool,
}

impl Relay {
    /// A client that begins to allocate when it is woken, at once. `new_id` gives unpredictable transaction ids.
    #[must_use]
    pub fn new(now: Instant, server: TurnServer, identity: &Identity, new_id: fn() -> TransactionId) -> Self {
        Self {
            server,
            provider: identity.provider.clone(),
            new_id,
            auth: None,
            state: State::Allocating,
            upkeep_at: now,
            transactions: Vec::new(),
            permissions: Permissions::default(),
            channels: Channels::new(),
            outgoing: VecDeque::new(),
            reclaims: 0,
            warned: false,
        }
    }

    /// Takes fresh credentials, for when the server no longer takes the ones before.
    pub fn set_credentials(&mut self, username: &str, password: &str) {
        username.clone_into(&mut self.server.username);
        password.clone_into(&mut self.server.password);
    }

    /// Where everything that [`poll`](Self::poll) gives is sent.
    #[must_use]
    pub fn server(&self) -> SocketAddr {
        self.server.address
    }

    /// What the server lends at the moment.
    #[must_use]
    pub fn allocation(&self) -> Option<Allocation> {
        if let State::Allocated(allocation) = self.state { Some(allocation) } else { None }
    }

    /// Whether the first attempt has come to an end, good or bad.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !matches!(self.state, State::Allocating)
    }

    /// Takes a datagram that came from the server's address.
    pub fn handle<'a>(&mut self, now: Instant, datagram: &'a [u8]) -> Received<'a> {
        if let Some((number, data)) = read_channel_data(datagram) {
            let peer = self.channels.peer(now, number);
            return peer.map_or(Received::Taken, |peer| Received::Data(peer, data));
        }
        let Some(message) = StunView::parse(datagram) else { return Received::Unknown };
        if message.message_type() == kind::DATA_INDICATION {
            let data = read_data_indication(&message).filter(|_| self.allocation().is_some());
            return data.map_or(Received::Taken, |(peer, data)| Received::Data(peer, data));
        }
        self.response(now, &message)
    }

    /// Sends to a peer by the server, once that has given leave. Nothing is sent without an allocation.
    pub fn send(&mut self, now: Instant, to: SocketAddr, data: &[u8]) {
        if self.allocation().is_none() {
            return;
        }
        match self.channels.towards(now, to) {
            Some(number) => self.outgoing.push_back(channel_data(number, data)),
            None => self.send_with_leave(now, to, data),
        }
    }

    /// The time asked for with [`wake_at`](Self::wake_at) has come.
    pub fn wake(&mut self, now: Instant) {
        let mut given_up = Vec::new();
        self.transactions.retain_mut(|transaction| {
            let due = transaction.due <= now;
            if due && transaction.sent >= ATTEMPTS {
                given_up.push(transaction.request);
                return false;
            }
            if due {
                transaction.due = now + RETRY * 2_u32.pow(transaction.sent);
                transaction.sent += 1;
                self.outgoing.push_back(transaction.datagram.clone());
            }
            true
        });
        for request in given_up {
            self.failed(now, request, "it does not answer");
        }
        if self.upkeep_at <= now {
            self.upkeep(now);
        }
    }

    /// When it wants to be woken; never after [`release`](Self::release).
    #[must_use]
    pub fn wake_at(&self) -> Option<Instant> {
        let upkeep = (!matches!(self.state, State::Released)).then_some(self.upkeep_at);
        self.transactions.iter().map(|transaction| transaction.due).chain(upkeep).min()
    }

    /// The next datagram for the server.
    pub fn poll(&mut self) -> Option<BytesMut> {
        self.outgoing.pop_front()
    }

    /// Gives the allocation back; the last thing to do.
    pub fn release(&mut self, now: Instant) {
        if self.allocation().is_some() {
            self.ask(now, Request::Refresh { release: true }, 0);
        }
        self.transactions.clear();
        self.state = State::Released;
    }

    fn allocate(&mut self, now: Instant) {
        self.state = State::Allocating;
        // A server that was started again knows nothing of the old nonce.
        self.auth = None;
        self.transactions.clear();
        self.permissions.clear();
        self.channels.clear();
        // Later than the request gives up by itself.
        self.upkeep_at = now + RETRY * 2_u32.pow(ATTEMPTS + 1);
        self.ask(now, Request::Allocate, 0);
    }

    fn ask(&mut self, now: Instant, request: Request, stale: u32) {
        let id = (self.new_id)();
        match request.encode(id, self.auth.as_ref(), self.provider.crypto()) {
            Ok(datagram) => {
                self.outgoing.push_back(datagram.clone());
                let signed = self.auth.is_some();
                let due = now + RETRY;
                self.transactions.push(Transaction { id, request, signed, datagram, sent: 1, stale, due });
            }
            Err(error) => self.failed(now, request, &format!("the request can't be signed: {error}")),
        }
    }

    fn response(&mut self, now: Instant, response: &StunView<'_>) -> Received<'static> {
        let id = response.transaction_id();
        let found = self.transactions.iter().position(|transaction| transaction.id == id);
        let Some(index) = found else { return Received::Unknown };
        let Transaction { request, signed, stale, .. } = self.transactions[index];
        match outcome(request, response) {
            // An unsigned success may be anybody's (RFC 8489, section 9.2.5).
            Some(Ok(())) if self.is_authentic(response) => {
                self.transactions.swap_remove(index);
                self.succeeded(now, request, response);
            }
            Some(Err(code)) => {
                self.transactions.swap_remove(index);
                self.refused(now, request, signed, stale, code, response);
            }
            _ => {}
        }
        Received::Taken
    }

    fn is_authentic(&self, response: &StunView<'_>) -> bool {
        let crypto = self.provider.crypto();
        self.auth.as_ref().is_none_or(|auth| auth.has_signed(response, crypto))
    }

    fn succeeded(&mut self, now: Instant, request: Request, response: &StunView<'_>) {
        match request {
            Request::Allocate => self.allocated(now, response),
            Request::Refresh { release } => self.released(now, release),
            Request::CreatePermission(ip) => {
                for (to, data) in self.permissions.granted(now, ip) {
                    self.send(now, to, &data);
                }
            }
            Request::ChannelBind(peer, _) => self.channels.bound(now, peer),
        }
    }

    /// Soon there is room for a new allocation, if that is what the old one was released for.
    fn released(&mut self, now: Instant, release: bool) {
        if release && matches!(self.state, State::Allocating) {
            self.upkeep_at = now + RECLAIM;
        }
    }

    fn allocated(&mut self, now: Instant, response: &StunView<'_>) {
        let relayed = response.xor_address(attribute::XOR_RELAYED_ADDRESS);
        let Some((relayed, mapped)) = relayed.zip(mapped_address(response)) else {
            return self.failed(now, Request::Allocate, "its answer names no addresses");
        };
        let lifetime = match response.attribute(attribute::LIFETIME) {
            Some([a, b, c, d]) => Duration::from_secs(u32::from_be_bytes([*a, *b, *c, *d]).into()),
            _ => UPKEEP * 2,
        };
        self.state = State::Allocated(Allocation { relayed, mapped });
        self.upkeep_at = now + UPKEEP.min(lifetime / 2).max(RETRY);
        self.reclaims = 0;
        self.warned = false;
    }

    fn refused(
        &mut self,
        now: Instant,
        request: Request,
        signed: bool,
        stale: u32,
        code: u16,
        response: &StunView<'_>,
    ) {
        let TurnServer { username, password, .. } = &self.server;
        match (code, request) {
            (401, _) if !signed => {
                match Auth::answering(response, username, password, self.provider.crypto()) {
                    Some(auth) => {
                        self.auth = Some(auth);
                        self.ask(now, request, stale);
                    }
                    None => self.failed(
                        now,
                        request,
                        "it asks for credentials without naming a realm and a nonce",
                    ),
                }
            }
            (438, _) if stale < MAX_STALE && self.auth.is_some() => {
                if let Some(auth) = &mut self.auth {
                    auth.renew(response);
                }
                self.ask(now, request, stale + 1);
            }
            // Of a process that ended without giving it back, on the same port.
            (437, Request::Allocate) if self.reclaims < MAX_RECLAIMS => {
                self.reclaims += 1;
                self.ask(now, Request::Refresh { release: true }, 0);
            }
            (401 | 441, Request::Allocate) => {
                self.failed(now, request, "it refuses the username or the credential")
            }
            (486, Request::Allocate) => {
                self.failed(now, request, "it refuses: the user has too many allocations")
            }
            _ => self.failed(now, request, &format!("it refuses with error {code}")),
        }
    }

    /// A request came to nothing.
    fn failed(&mut self, now: Instant, request: Request, why: &str) {
        match request {
            Request::Allocate => self.pause(now, why),
            Request::Refresh { release: true } => self.released(now, true),
            Request::Refresh { release: false } if self.allocation().is_some() => {
                log::warn!("the TURN server {} lost its relayed address: {why}", self.server.address);
                self.allocate(now);
            }
            Request::Refresh { release: false } => {}
            Request::CreatePermission(ip) => {
                log::debug!("the TURN server {} gives no leave to reach {ip}: {why}", self.server.address);
                self.permissions.refused(now, ip);
            }
            Request::ChannelBind(peer, _) => self.channels.refused(peer),
        }
    }

    /// Leaves the server alone for a while. Its trouble is told once, until it works again.
    fn pause(&mut self, now: Instant, why: &str) {
        if !std::mem::replace(&mut self.warned, true) {
            let server = self.server.address;
            log::warn!("the TURN server {server} gives no relayed address, so answers name none: {why}");
        }
        self.state = State::Failed;
        self.auth = None;
        self.reclaims = 0;
        self.upkeep_at = now + PAUSE;
    }

    fn send_with_leave(&mut self, now: Instant, to: SocketAddr, data: &[u8]) {
        match self.permissions.step(now, to, data) {
            Step::Ask => self.ask(now, Request::CreatePermission(to.ip()), 0),
            Step::Wait => {}
            Step::Send => {
                self.outgoing.push_back(send_indication((self.new_id)(), to, data));
                // Checks alone, the first bytes of which are 0 to 3, are too few to be worth a channel.
                if data.first().is_some_and(|first| *first > 3) {
                    self.bind_channel(now, to);
                }
            }
        }
    }

    fn bind_channel(&mut self, now: Instant, peer: SocketAddr) {
        if let Some(number) = self.channels.bind(now, peer) {
            self.ask(now, Request::ChannelBind(peer, number), 0);
        }
    }

    fn upkeep(&mut self, now: Instant) {
        match self.state {
            State::Allocated(_) => {
                self.upkeep_at = now + UPKEEP;
                self.ask_once(now, Request::Refresh { release: false });
                for ip in self.permissions.renew(now, RENEW) {
                    self.ask_once(now, Request::CreatePermission(ip));
                }
                for (peer, number) in self.channels.renew(now, RENEW) {
                    self.ask_once(now, Request::ChannelBind(peer, number));
                }
            }
            State::Allocating | State::Failed => self.allocate(now),
            State::Released => {}
        }
    }

    fn ask_once(&mut self, now: Instant, request: Request) {
        if !self.transactions.iter().any(|transaction| transaction.request == request) {
            self.ask(now, request, 0);
        }
    }
}
