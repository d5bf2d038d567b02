//! A call in virtual time.

use crate::Caller;
use parley_netsim::{Line, Link, Peer, PeerOptions, peer_address, server_address, start_of_time};
use parley_transport::{ManualSession, QueueLimits, ReadyList, Seed, SessionHandle, SessionOptions};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So often may one moment come again before it counts as a busy loop.
const SPIN: u32 = 10_000;

/// A peer, a link and a session, whose time passes in [`advance`](Self::advance) alone.
pub struct VirtualCall {
    caller: Caller,
    session: Option<(Arc<SessionHandle>, ManualSession)>,
    list: Arc<ReadyList>,
    seed: u64,
    now: Instant,
}

impl VirtualCall {
    /// A peer that has yet to make its offer. The seed decides where the session's media begins.
    #[must_use]
    pub fn new(options: &PeerOptions, link: &Link, seed: u64) -> Self {
        let now = start_of_time();
        let peer = Peer::new(now, peer_address(), options);
        Self {
            caller: Caller::new(now, Line::new(peer, link), options),
            session: None,
            list: Arc::new(ReadyList::new(|| {})),
            seed,
            now,
        }
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The peer, now.
    pub fn with<R>(&mut self, work: impl FnOnce(&mut Caller, Instant) -> R) -> R {
        let result = work(&mut self.caller, self.now);
        self.caller.run(self.now);
        result
    }

    /// Has a session answer an offer. What it says comes by the handle, when time passes.
    pub fn accept(
        &mut self,
        options: SessionOptions,
        limits: QueueLimits,
        offer: &str,
    ) -> Arc<SessionHandle> {
        let (address, parts) = (server_address(), (options, limits));
        let (handle, session) = ManualSession::accept(
            self.now,
            address,
            first_packet(self.seed),
            parts,
            offer,
            self.list.clone(),
        );
        let handle = Arc::new(handle);
        self.session = session.map(|session| (handle.clone(), session));
        handle
    }

    /// Lets time pass until the session has something to say, at most that long. Returns how long.
    ///
    /// # Panics
    /// When an end asks to be woken at one moment again and again.
    pub fn advance(&mut self, most: Duration) -> Duration {
        let (start, mut repeated) = (self.now, 0);
        let end = start + most;
        loop {
            self.step();
            if self.session.as_ref().is_some_and(|(handle, _)| handle.is_ready()) {
                break;
            }
            let Some(next) = self.next_moment().filter(|next| *next <= end) else {
                self.now = end;
                break;
            };
            repeated = if next > self.now { 0 } else { repeated + 1 };
            assert!(repeated < SPIN, "the call is busy {:?} after its start", self.now - start_of_time());
            self.now = self.now.max(next);
        }
        // Who is in it is known; it would only grow.
        self.list.take();
        self.now - start
    }

    /// Does all that is due at this moment.
    fn step(&mut self) {
        let (now, caller) = (self.now, &mut self.caller);
        caller.run(now);
        let Some((_, session)) = &mut self.session else { return };
        while let Some((to, datagram)) = caller.line.arrived(now) {
            if to == server_address() {
                session.receive(now, peer_address(), &datagram);
            }
        }
        for (to, datagram) in session.run(now) {
            if to == peer_address() {
                caller.line.send(now, server_address(), &datagram);
            }
        }
    }

    fn next_moment(&mut self) -> Option<Instant> {
        let session = self.session.as_ref().and_then(|(_, session)| session.wake_at());
        [self.caller.line.next_moment(), session].into_iter().flatten().min()
    }
}

fn first_packet(seed: u64) -> Seed {
    let mixed = parley_netsim::Random::new(seed).bits();
    Seed { ssrc: (mixed >> 32) as u32, sequence_number: (mixed >> 16) as u16, timestamp: mixed as u32 }
}
