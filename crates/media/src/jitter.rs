//! The jitter buffer: puts packets in order, and says how long a missing one is waited for.
//!
//! A handler is no loudspeaker, so nothing is smoothed: what is in order never waits, and never comes in here.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::depacketise::extend_sequence;
use crate::reordering::Reordering;

/// Packets that wait at most; then the oldest gap is given up.
const CAPACITY: usize = 64;

/// Steps that are loss or reordering; beyond them the numbering began anew (RFC 3550, appendix A.1).
const MAX_DROPOUT: u64 = 3_000;
const MAX_MISORDER: u64 = 100;

/// Where a packet belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is the one expected.
    Next,
    /// Others are missing before it.
    Ahead,
    /// Its turn is over: it was given up.
    Late,
    /// It came before.
    Duplicate,
    /// Too far from the others to be of the same numbering.
    Stray,
}

/// A packet that waits for one before it.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    pub(crate) payload: Vec<u8>,
    arrival: Instant,
}

/// Orders the packets of one stream.
#[derive(Debug)]
pub(crate) struct JitterBuffer {
    /// The packet whose turn it is.
    next: u64,
    /// Bit n: the packet n + 1 before `next` came in time.
    came: u128,
    /// By sequence number.
    held: VecDeque<Held>,
    /// Memory of packets that were held.
    spare: Vec<Vec<u8>>,
    reordering: Reordering,
}

impl JitterBuffer {
    /// A reorder allowance within `min` and `max`.
    pub(crate) fn new(min: Duration, max: Duration) -> Self {
        Self {
            next: 0,
            came: 0,
            held: VecDeque::new(),
            spare: Vec::new(),
            reordering: Reordering::new(min, max),
        }
    }

    /// How long a missing packet is waited for once one behind it is here.
    pub(crate) fn allowance(&self) -> Duration {
        self.reordering.allowance()
    }

    /// Begins anew at a sequence number. Whatever is held should have been released before.
    pub(crate) fn restart(&mut self, wire: u16) {
        // Far from 0, so that packets from before the first one have numbers too.
        self.next = (1 << 32) + u64::from(wire);
        self.came = 0;
        self.reordering.restart();
        while let Some(held) = self.held.pop_front() {
            self.recycle(held.payload);
        }
    }

    /// The extended number of a packet and where it belongs.
    pub(crate) fn place(&self, wire: u16) -> (u64, Place) {
        let sequence = extend_sequence(self.next, wire);
        let place = match sequence.checked_sub(self.next) {
            Some(0) => Place::Next,
            Some(ahead) if ahead >= MAX_DROPOUT => Place::Stray,
            Some(_) if self.held.iter().any(|held| held.sequence == sequence) => Place::Duplicate,
            Some(_) => Place::Ahead,
            None => self.place_behind(self.next - sequence),
        };
        (sequence, place)
    }

    fn place_behind(&self, behind: u64) -> Place {
        match behind {
            MAX_MISORDER.. => Place::Stray,
            _ if self.came >> (behind - 1) & 1 == 1 => Place::Duplicate,
            _ => Place::Late,
        }
    }

    /// Learns from a packet that is neither a duplicate nor a stray how long others are to be waited for.
    pub(crate) fn learn(&mut self, now: Instant, sequence: u64) {
        if sequence < self.next {
            return self.reordering.came_after_all(now, sequence);
        }
        let behind = self.held.iter().filter(|held| held.sequence > sequence);
        match behind.map(|held| held.arrival).min() {
            Some(since) => self.reordering.overtaken(now, since),
            None => self.reordering.in_order(now),
        }
    }

    /// Keeps a packet that is [`Place::Ahead`]. When [full](Self::is_full), one must be released before.
    pub(crate) fn hold(&mut self, now: Instant, sequence: u64, timestamp: u32, bytes: &[u8]) {
        let mut payload = self.spare.pop().unwrap_or_default();
        payload.extend_from_slice(bytes);
        let at = self.held.partition_point(|held| held.sequence < sequence);
        self.held.insert(at, Held { sequence, timestamp, payload, arrival: now });
    }

    pub(crate) fn is_full(&self) -> bool {
        self.held.len() >= CAPACITY
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// How many packets are missing before that one.
    pub(crate) fn missing_before(&self, sequence: u64) -> u64 {
        sequence.saturating_sub(self.next)
    }

    /// The turn of that packet has come; those before it are given up.
    pub(crate) fn advance(&mut self, sequence: u64) {
        let steps = self.missing_before(sequence) + 1;
        self.came = u32::try_from(steps).ok().and_then(|steps| self.came.checked_shl(steps)).unwrap_or(0) | 1;
        self.next = sequence + 1;
    }

    /// Releases the first packet held, if its turn has come or nothing before it is waited for any longer.
    pub(crate) fn release_due(&mut self, now: Instant) -> Option<Held> {
        let first = self.held.front()?;
        let due = first.sequence == self.next || self.gives_up_at().is_some_and(|at| at <= now);
        if due { self.release() } else { None }
    }

    /// Releases the first packet held, whatever is missing before it.
    pub(crate) fn release(&mut self) -> Option<Held> {
        let (first, noticed) = (self.held.front()?.sequence, self.gap_noticed_at()?);
        self.give_up_before(noticed, first);
        self.held.pop_front()
    }

    /// What is missing before that packet is waited for no longer. The first packet behind it came at `noticed`.
    pub(crate) fn give_up_before(&mut self, noticed: Instant, sequence: u64) {
        if sequence > self.next {
            self.reordering.given_up(self.next, sequence, noticed);
        }
    }

    /// Takes back the memory of a packet that was released.
    pub(crate) fn recycle(&mut self, mut payload: Vec<u8>) {
        payload.clear();
        if self.spare.len() < CAPACITY {
            self.spare.push(payload);
        }
    }

    /// When what is missing before the packets held is given up.
    pub(crate) fn gives_up_at(&self) -> Option<Instant> {
        self.gap_noticed_at().map(|since| since + self.allowance())
    }

    fn gap_noticed_at(&self) -> Option<Instant> {
        self.held.iter().map(|held| held.arrival).min()
    }
}
