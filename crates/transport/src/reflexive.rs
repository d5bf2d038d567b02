//! Where STUN servers see a worker's socket: asked once at the start, and again to keep the NAT's mapping alive.

use parley_session::Allocation;
use parley_session::stun::{StunView, TransactionId, binding_request, mapped_address};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A NAT forgets a UDP mapping after 30 s at the earliest (RFC 4787, REQ-5, in practice).
const REFRESH: Duration = Duration::from_secs(25);
/// RFC 8489, section 6.2.1: the first retransmission.
const RETRY: Duration = Duration::from_millis(500);
/// How often one question is asked.
const ATTEMPTS: u32 = 7;

/// What is known of a socket's mapped addresses; the admission thread waits on it.
#[derive(Debug, Default)]
pub(crate) struct Mappings {
    known: Mutex<Known>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Known {
    gathered: Gathered,
    stun_is_done: bool,
    turn_is_done: bool,
}

/// What servers outside told or lent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gathered {
    /// Mapped addresses with the local ones behind them.
    pub(crate) reflexive: Vec<(SocketAddr, SocketAddr)>,
    pub(crate) relayed: Vec<Allocation>,
}

impl Mappings {
    /// What is known, waiting for the first answers at most `patience`.
    pub(crate) fn wait(&self, patience: Duration) -> Gathered {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let result = self.changed.wait_timeout_while(known, patience, |known| !known.is_complete());
        let mut known = result.unwrap_or_else(PoisonError::into_inner).0;
        // What took so long once is not waited for again; it counts when it comes.
        (known.stun_is_done, known.turn_is_done) = (true, true);
        known.gathered.clone()
    }

    fn add(&self, mapped: SocketAddr, base: SocketAddr) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.gathered.reflexive.retain(|(address, _)| *address != mapped);
        known.gathered.reflexive.push((mapped, base));
    }

    fn complete(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).stun_is_done = true;
        self.changed.notify_all();
    }

    /// Says what TURN servers lend now, and whether each has been heard of.
    pub(crate) fn lend(&self, relayed: Vec<Allocation>, is_done: bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.gathered.relayed = relayed;
        known.turn_is_done |= is_done;
        self.changed.notify_all();
    }
}

impl Known {
    fn is_complete(&self) -> bool {
        self.stun_is_done && self.turn_is_done
    }
}

/// Asks the STUN servers on behalf of one socket.
pub(crate) struct Prober {
    questions: Vec<Question>,
    mappings: Arc<Mappings>,
}

struct Question {
    server: SocketAddr,
    base: SocketAddr,
    id: TransactionId,
    attempts: u32,
    due: Instant,
    answered: bool,
}

impl Prober {
    /// `servers`, each with the local address that stands for the socket towards it.
    pub(crate) fn new(now: Instant, servers: Vec<(SocketAddr, SocketAddr)>, mappings: Arc<Mappings>) -> Self {
        if servers.is_empty() {
            mappings.complete();
        }
        let question = |(server, base)| Question {
            server,
            base,
            id: random_id(),
            attempts: 0,
            due: now,
            answered: false,
        };
        Self { questions: servers.into_iter().map(question).collect(), mappings }
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.questions.iter().map(|question| question.due).min()
    }

    /// Asks what is due.
    pub(crate) fn ask(&mut self, now: Instant, mut send: impl FnMut(SocketAddr, &[u8])) {
        for question in self.questions.iter_mut().filter(|question| question.due <= now) {
            if question.attempts < ATTEMPTS {
                send(question.server, &binding_request(question.id));
                question.due = now + RETRY * 2_u32.pow(question.attempts);
                question.attempts += 1;
            } else {
                question.again(now);
            }
        }
        self.report();
    }

    /// Takes a datagram that may be an answer; true when it was one.
    pub(crate) fn take(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> bool {
        let Some(stun) = StunView::parse(datagram) else { return false };
        let id = stun.transaction_id();
        let asked = self.questions.iter_mut().find(|question| question.id == id && question.server == from);
        let Some((question, mapped)) = asked.zip(mapped_address(&stun)) else { return false };
        self.mappings.add(mapped, question.base);
        question.answered = true;
        question.again(now);
        self.report();
        true
    }

    fn report(&self) {
        if self.questions.iter().all(|question| question.answered) {
            self.mappings.complete();
        }
    }
}

impl Question {
    fn again(&mut self, now: Instant) {
        self.due = now + REFRESH;
        self.attempts = 0;
        self.id = random_id();
    }
}

/// Unpredictable enough that nobody off the path can answer for the server.
pub(crate) fn random_id() -> TransactionId {
    let mut id = [0; 12];
    for part in id.chunks_mut(8) {
        part.copy_from_slice(&random().to_ne_bytes()[..part.len()]);
    }
    id
}

/// 64 random bits: the standard library's hasher keys come from the system.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
