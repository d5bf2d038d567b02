//! What comes from the network: which of it is believed, and how it reaches the core.

use super::{Path, Pending, RtcSession};
use crate::contract::{CloseReason, Event, MAX_DATAGRAM_BYTES};
use crate::dtls_record;
use crate::setup;
use crate::stun::{Kind, StunView, TransactionId};
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};

/// Most addresses that one session's checks may come from.
const MAX_VALIDATED: usize = 32;
/// Most checks whose answer is awaited.
const MAX_PENDING_CHECKS: usize = 64;
/// Most candidates that are remembered until then; how many are ever contacted is the guard's business.
const MAX_UNTRIED: usize = 64;
/// Most datagrams that are held until a path is found: two flights of a handshake.
const MAX_EARLY: usize = 8;

impl RtcSession {
    pub(super) fn datagram(&mut self, path: Option<Path>, bytes: &[u8]) {
        let Some(path) = path.filter(|path| self.admits(*path, bytes)) else {
            self.stats.refused += 1;
            return;
        };
        if bytes.first().is_some_and(|first| *first > 3) {
            self.stats.remote_address = Some(path.from);
            self.comes_by_relay = self.local.is_relayed(path.local);
            if !self.has_path {
                return self.hold_back(path, bytes);
            }
        }
        self.feed(path, bytes);
    }

    pub(super) fn admits(&mut self, path: Path, bytes: &[u8]) -> bool {
        let admitted = match bytes.first() {
            Some(0..=3) => self.admits_stun(path, bytes),
            Some(20..=63) => self.validated.contains(&path) && dtls_record::is_plausible(bytes),
            Some(128..=191) => self.validated.contains(&path) && bytes.len() >= 12,
            _ => false,
        };
        admitted && bytes.len() <= MAX_DATAGRAM_BYTES
    }

    /// The peer may begin its handshake before our own check of the path was answered, and the core would drop that
    /// flight, which comes again only a second later.
    pub(super) fn hold_back(&mut self, path: Path, bytes: &[u8]) {
        if self.early.len() < MAX_EARLY {
            self.early.push((path, bytes.to_vec()));
        } else {
            self.stats.refused += 1;
        }
    }

    pub(super) fn path_found(&mut self) {
        self.has_path = true;
        for (path, bytes) in std::mem::take(&mut self.early) {
            self.feed(path, &bytes);
        }
    }

    pub(super) fn feed(&mut self, path: Path, bytes: &[u8]) {
        let established = !self.is_connecting();
        if matches!(bytes.first(), Some(20..=63)) && !self.handshake.admit(bytes, established) {
            self.stats.refused += 1;
            return;
        }
        if bytes[0] >= 128 && !self.sources.admit(bytes) {
            self.stats.refused += 1;
            return;
        }
        // RFC 5761, section 4: what has one of these second bytes is RTCP, which the core may keep to itself.
        let is_media = bytes[0] >= 128 && !matches!(bytes.get(1), Some(192..=223));
        if is_media && self.comes_again(bytes) {
            return;
        }
        if is_media {
            self.unread_rtp += 1;
            self.pending.media = true;
        } else {
            self.pending = Pending::all();
        }
        let transport = TransportContext {
            local_addr: path.local,
            peer_addr: path.from,
            ecn: None,
            transport_protocol: TransportProtocol::UDP,
        };
        let datagram = TaggedBytesMut { now: self.now, transport, message: self.scratch.copy(bytes) };
        if let Err(error) = self.pc.handle_read(datagram) {
            log::debug!("a datagram was refused: {error}");
            self.stats.refused += 1;
        }
    }

    /// Whether a packet was delivered already. One that came right before it may be forged: the core judges that first.
    fn comes_again(&mut self, packet: &[u8]) -> bool {
        if self.delivered.hands_over(packet) {
            self.drain_core();
            self.delivered.hands_over(packet);
        }
        self.delivered.repeats(packet)
    }

    /// Nothing unsigned reaches the ICE agent, whose role even an unsigned request could switch.
    pub(super) fn admits_stun(&mut self, path: Path, bytes: &[u8]) -> bool {
        let Some(stun) = StunView::parse(bytes) else { return false };
        match stun.kind() {
            Kind::Request => self.admits_check(path, &stun),
            Kind::Success => self.take_check(stun.transaction_id()),
            Kind::Other => false,
        }
    }

    pub(super) fn admits_check(&mut self, path: Path, stun: &StunView<'_>) -> bool {
        let ours = stun.local_ufrag() == Some(self.credentials.ufrag.as_bytes());
        if !ours || !stun.is_signed_with(&self.credentials.password, self.identity.provider.crypto()) {
            return false;
        }
        self.presence.heard(self.now);
        if self.now < self.try_at {
            self.try_candidates();
        }
        if !self.validated.contains(&path) {
            if self.validated.len() >= MAX_VALIDATED {
                return false;
            }
            self.validated.push(path);
        }
        // Each time, for the address may have belonged to another session until now.
        self.events.push_back(if self.local.is_relayed(path.local) {
            Event::ValidatedByRelay(path.local, path.from)
        } else {
            Event::Validated(path.from)
        });
        true
    }

    /// A response counts only when it answers a check of ours; its signature is the agent's business.
    pub(super) fn take_check(&mut self, id: TransactionId) -> bool {
        let Some(index) = self.checks.iter().position(|(sent, _)| *sent == id) else { return false };
        let (_, sent_at) = self.checks.swap_remove(index);
        self.presence.heard(self.now);
        // What the media themselves tell is nearer to the truth.
        if self.reported_round_trip.is_none() {
            self.note_round_trip(self.now.saturating_duration_since(sent_at));
        }
        true
    }

    pub(super) fn note_sent(&mut self, datagram: &[u8]) {
        match datagram.first() {
            Some(0) => self.note_check(datagram),
            Some(20..=63) if dtls_record::holds_protected_alert(datagram) => self.association_ended(),
            // The core keeps a handshake that it refused in its state, and would refuse it again and again.
            Some(20..=63) if dtls_record::refuses_certificate(datagram) && self.is_connecting() => {
                self.finish(CloseReason::Failed);
            }
            _ => {}
        }
    }

    /// The core raises no event for the peer's `close_notify`, but answers it with one, and sends no other alert
    /// after the handshake unless we close.
    pub(super) fn association_ended(&mut self) {
        let reason = if self.is_connecting() { CloseReason::Failed } else { CloseReason::Peer };
        self.finish(reason);
    }

    pub(super) fn note_check(&mut self, datagram: &[u8]) {
        let Some(stun) = StunView::parse(datagram) else { return };
        if stun.kind() == Kind::Request {
            if self.checks.len() >= MAX_PENDING_CHECKS {
                self.checks.remove(0);
            }
            self.checks.push((stun.transaction_id(), self.now));
        }
    }

    /// Candidates are tried once the peer's own check came, or a while later: a check of ours that overtakes the answer
    /// makes the peer take us for a peer-reflexive candidate, which some (Pion) accept only after a second.
    pub(super) fn candidate(&mut self, candidate: &str) {
        if self.now < self.try_at {
            if self.untried.len() < MAX_UNTRIED {
                self.untried.push(candidate.to_owned());
            }
        } else {
            setup::add_candidate(&mut self.pc, &mut self.guard, candidate);
        }
    }

    pub(super) fn try_candidates(&mut self) {
        self.try_at = self.now;
        for candidate in std::mem::take(&mut self.untried) {
            setup::add_candidate(&mut self.pc, &mut self.guard, &candidate);
        }
    }
}
