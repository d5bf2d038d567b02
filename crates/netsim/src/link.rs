//! What a network does to datagrams.

use crate::Random;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

/// How a link behaves, the same in both directions. Equal seeds treat equal traffic equally.
#[derive(Debug, Clone)]
pub struct Link {
    seed: u64,
    latency: Duration,
    jitter: Duration,
    loss: f64,
    duplication: f64,
    reordering: f64,
    bits_per_second: Option<u64>,
}

/// How much later a reordered datagram comes: two frames of audio overtake it.
const HELD_BACK: Duration = Duration::from_millis(50);

impl Link {
    /// Everything arrives, once, in order, 10 ms later.
    #[must_use]
    pub const fn perfect() -> Self {
        Self {
            seed: 1,
            latency: Duration::from_millis(10),
            jitter: Duration::ZERO,
            loss: 0.0,
            duplication: 0.0,
            reordering: 0.0,
            bits_per_second: None,
        }
    }

    /// That share of the datagrams (0 to 1) gets lost.
    #[must_use]
    pub const fn lossy(share: f64) -> Self {
        Self { loss: share, ..Self::perfect() }
    }

    /// Other random numbers.
    #[must_use]
    pub const fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The time that each datagram takes at least.
    #[must_use]
    pub const fn latency(self, latency: Duration) -> Self {
        Self { latency, ..self }
    }

    /// The most that a datagram takes longer. Order is kept.
    #[must_use]
    pub const fn jitter(self, jitter: Duration) -> Self {
        Self { jitter, ..self }
    }

    /// The share of datagrams (0 to 1) that come twice.
    #[must_use]
    pub const fn duplicating(self, share: f64) -> Self {
        Self { duplication: share, ..self }
    }

    /// The share of datagrams (0 to 1) that come 50 ms later than their turn.
    #[must_use]
    pub const fn reordering(self, share: f64) -> Self {
        Self { reordering: share, ..self }
    }

    /// The most that passes through.
    #[must_use]
    pub const fn bandwidth(self, bits_per_second: u64) -> Self {
        Self { bits_per_second: Some(bits_per_second), ..self }
    }
}

/// One direction of a link, with what is under way on it.
#[derive(Debug)]
pub struct Pipe<T> {
    link: Link,
    random: Random,
    under_way: BinaryHeap<Reverse<UnderWay<T>>>,
    order: u64,
    /// When the last datagram in order arrives.
    last_arrival: Option<Instant>,
    busy_until: Option<Instant>,
}

#[derive(Debug)]
struct UnderWay<T> {
    at: Instant,
    order: u64,
    item: T,
}

impl<T: Clone> Pipe<T> {
    /// An empty direction of a link. `direction` keeps two directions of a link from losing the same datagrams.
    #[must_use]
    pub fn new(link: Link, direction: u64) -> Self {
        let random = Random::new(link.seed ^ direction.rotate_left(32));
        Self { link, random, under_way: BinaryHeap::new(), order: 0, last_arrival: None, busy_until: None }
    }

    /// Behaves like that link from now on; what is under way stays so.
    pub fn become_like(&mut self, link: Link) {
        self.random = Random::new(link.seed ^ self.random.bits());
        self.link = link;
    }

    /// Takes something of that size in bytes, and delivers it later, or twice, or never.
    pub fn send(&mut self, now: Instant, bytes: usize, item: T) {
        if self.random.chance(self.link.loss) {
            return;
        }
        if self.random.chance(self.link.duplication) {
            self.carry(now, bytes, item.clone());
        }
        self.carry(now, bytes, item);
    }

    fn carry(&mut self, now: Instant, bytes: usize, item: T) {
        let sent = self.transmitted(now, bytes);
        let delay = self.link.latency + self.link.jitter.mul_f64(self.random.unit());
        let mut at = sent + delay;
        if self.random.chance(self.link.reordering) {
            at += HELD_BACK;
        } else {
            at = self.last_arrival.map_or(at, |last| last.max(at));
            self.last_arrival = Some(at);
        }
        self.order += 1;
        self.under_way.push(Reverse(UnderWay { at, order: self.order, item }));
    }

    /// When the last bit leaves the sender.
    fn transmitted(&mut self, now: Instant, bytes: usize) -> Instant {
        let Some(rate) = self.link.bits_per_second else { return now };
        let start = self.busy_until.map_or(now, |busy| busy.max(now));
        let end = start + Duration::from_secs_f64(bytes as f64 * 8.0 / rate as f64);
        self.busy_until = Some(end);
        end
    }

    /// When the next datagram arrives.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Instant> {
        self.under_way.peek().map(|Reverse(next)| next.at)
    }

    /// Takes a datagram that has arrived.
    pub fn arrived(&mut self, now: Instant) -> Option<T> {
        if self.next_arrival()? > now {
            return None;
        }
        self.under_way.pop().map(|Reverse(arrived)| arrived.item)
    }
}

impl<T> PartialEq for UnderWay<T> {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl<T> Eq for UnderWay<T> {}

impl<T> PartialOrd for UnderWay<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for UnderWay<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{millis, secs, start_of_time};

    /// Sends a number each 20 ms, and gives the numbers in the order of arrival with their delays.
    fn carried(link: Link, count: u64) -> Vec<(u64, Duration)> {
        let start = start_of_time();
        let mut pipe = Pipe::new(link, 0);
        (0..count).for_each(|n| pipe.send(start + millis(20) * n as u32, 100, n));
        let mut arrived = Vec::new();
        while let Some(at) = pipe.next_arrival() {
            let n = pipe.arrived(at).expect("it is time");
            arrived.push((n, at - start - millis(20) * n as u32));
        }
        arrived
    }

    #[test]
    fn a_perfect_link_delays_and_does_nothing_else() {
        let expected: Vec<_> = (0..100).map(|n| (n, millis(10))).collect();
        assert_eq!(carried(Link::perfect(), 100), expected);
    }

    #[test]
    fn equal_seeds_lose_equal_datagrams() {
        let lossy = |seed| carried(Link::lossy(0.1).seed(seed), 10_000);
        assert_eq!(lossy(1), lossy(1));
        assert_ne!(lossy(1), lossy(2));
        assert!((8_800..9_200).contains(&lossy(1).len()));
    }

    #[test]
    fn jitter_keeps_the_order_and_reordering_does_not() {
        let jittery = carried(Link::perfect().jitter(millis(80)), 1_000);
        assert!(jittery.is_sorted_by_key(|(n, _)| *n));
        assert!(jittery.iter().any(|(_, delay)| *delay > millis(60)));
        let reordered = carried(Link::perfect().reordering(0.05), 1_000);
        assert_eq!(reordered.len(), 1_000);
        assert!(!reordered.is_sorted_by_key(|(n, _)| *n));
    }

    #[test]
    fn duplicates_come_twice() {
        let arrived = carried(Link::perfect().duplicating(1.0), 10);
        assert_eq!(
            arrived.iter().map(|(n, _)| *n).collect::<Vec<_>>(),
            (0..20).map(|n| n / 2).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_narrow_link_makes_datagrams_queue() {
        // 100 bytes each 20 ms are 40 kbit/s: at half of that, each second adds a second of delay.
        let arrived = carried(Link::perfect().bandwidth(20_000), 50);
        assert_eq!(arrived[0].1, millis(50));
        assert_eq!(arrived[49].1, millis(10) + millis(40) * 50 - millis(20) * 49);
        assert!(arrived[49].1 < secs(2));
    }
}
