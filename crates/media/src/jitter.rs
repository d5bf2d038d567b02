//! The jitter buffer: puts packets in order, and says how long a missing one is waited for.
//!
//! A handler is no loudspeaker, so nothing is smoothed: what is in order never waits, and never comes in here.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::depacketise::extend_sequence;

/// How long a missing packet is waited for, within the bounds of the options.
const ALLOWANCE: Duration = Duration::from_millis(60);

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
    allowance: Duration,
}

impl JitterBuffer {
    /// An allowance within `min` and `max`.
    pub(crate) fn new(min: Duration, max: Duration) -> Self {
        let held = VecDeque::with_capacity(CAPACITY);
        Self { next: 0, came: 0, held, spare: Vec::new(), allowance: ALLOWANCE.clamp(min, max) }
    }

    /// Begins anew at a sequence number. Whatever is held should have been released before.
    pub(crate) fn restart(&mut self, wire: u16) {
        // Far from 0, so that packets from before the first one have numbers too.
        self.next = (1 << 32) + u64::from(wire);
        self.came = 0;
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
        self.held.pop_front()
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
        self.held.iter().map(|held| held.arrival).min().map(|since| since + self.allowance)
    }
}
