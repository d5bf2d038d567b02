//! Decoded pictures that wait for the handler, and the memory of those that nobody needs any more.

use parley_video::I420;
use std::collections::VecDeque;
use std::time::Duration;

/// Pictures whose memory is kept: one being filled, and one being read.
const MAX_SPARE: usize = 2;

/// Bytes of pictures that wait, beyond one: whoever sends them chooses their size, and fifteen of the largest are 200 MB.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Memory of pictures, to be used again: a fresh one would cost more in page faults than its conversion.
#[derive(Default)]
pub(super) struct Spare(Vec<I420>);

impl Spare {
    pub(super) fn take(&mut self) -> I420 {
        self.0.pop().unwrap_or_else(|| I420::blank(1, 1))
    }

    pub(super) fn give(&mut self, picture: I420) {
        if self.0.len() < MAX_SPARE {
            self.0.push(picture);
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// A bounded queue; full, it drops the oldest.
pub(super) struct Pictures {
    waiting: VecDeque<(I420, Duration)>,
    bytes: usize,
    capacity: usize,
    pub(super) spare: Spare,
}

impl Pictures {
    pub(super) fn new(capacity: usize) -> Self {
        Self { waiting: VecDeque::new(), bytes: 0, capacity: capacity.max(1), spare: Spare::default() }
    }

    /// Returns how many were dropped for it.
    pub(super) fn push(&mut self, picture: I420, timestamp: Duration) -> u64 {
        let mut dropped = 0;
        self.bytes += picture.data().len();
        while (self.waiting.len() >= self.capacity || self.bytes > MAX_BYTES)
            && let Some((oldest, _)) = self.pop()
        {
            self.spare.give(oldest);
            dropped += 1;
        }
        self.waiting.push_back((picture, timestamp));
        dropped
    }

    /// The oldest that isn't from before `from`, and how many were dropped that were.
    pub(super) fn pop_from(&mut self, from: Duration) -> (Option<(I420, Duration)>, u64) {
        let mut dropped = 0;
        while let Some((picture, timestamp)) = self.pop() {
            if timestamp >= from {
                return (Some((picture, timestamp)), dropped);
            }
            self.spare.give(picture);
            dropped += 1;
        }
        (None, dropped)
    }

    fn pop(&mut self) -> Option<(I420, Duration)> {
        let oldest = self.waiting.pop_front()?;
        self.bytes -= oldest.0.data().len();
        Some(oldest)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_drops_the_oldest_and_keeps_its_memory() {
        let mut pictures = Pictures::new(2);
        let dropped: u64 =
            (0..5).map(|n| pictures.push(I420::blank(n + 1, 2), Duration::from_millis(n.into()))).sum();
        assert_eq!((dropped, pictures.spare.0.len()), (3, MAX_SPARE));
        let times: Vec<_> = std::iter::from_fn(|| pictures.pop_from(Duration::ZERO).0)
            .map(|(_, at)| at.as_millis())
            .collect();
        assert_eq!(times, [3, 4]);
    }

    #[test]
    fn of_the_largest_pictures_fewer_wait() {
        let mut pictures = Pictures::new(15);
        let dropped: u64 =
            (0..9).map(|n| pictures.push(I420::blank(4096, 2304), Duration::from_secs(n))).sum();
        assert_eq!((dropped, pictures.len()), (7, 2));
        pictures.push(I420::blank(6_000, 6_000), Duration::from_secs(9));
        assert_eq!(pictures.len(), 1, "one always may");
        (0..20).for_each(|n| _ = pictures.push(I420::blank(640, 480), Duration::from_secs(10 + n)));
        assert_eq!(pictures.len(), 15);
    }

    #[test]
    fn pictures_from_before_a_time_are_dropped_and_counted() {
        let mut pictures = Pictures::new(9);
        for n in 0..5 {
            pictures.push(I420::blank(2, 2), Duration::from_millis(n));
        }
        let (picture, dropped) = pictures.pop_from(Duration::from_millis(3));
        assert_eq!((picture.map(|(_, at)| at), dropped), (Some(Duration::from_millis(3)), 3));
        assert_eq!((pictures.pop_from(Duration::from_secs(1)).1, pictures.len()), (1, 0));
    }
}
