//! A queue of samples in one piece of memory.

use std::ops::Range;

/// Samples that are appended in pieces of one length and taken in pieces of another.
///
/// Nothing is allocated once it has grown to what is usually waiting in it.
#[derive(Debug, Default)]
pub(crate) struct Fifo<T> {
    samples: Vec<T>,
    /// Samples before this one were taken.
    head: usize,
}

impl<T: Copy + Default> Fifo<T> {
    pub(crate) fn len(&self) -> usize {
        self.samples.len() - self.head
    }

    pub(crate) fn clear(&mut self) {
        self.samples.clear();
        self.head = 0;
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        &self.samples[self.head..]
    }

    /// Where more can be appended. What is already there must be left alone.
    pub(crate) fn tail(&mut self) -> &mut Vec<T> {
        if self.head > 0 && self.head >= self.len() {
            // Moving at most as much as was taken since keeps this at one copy a sample.
            let waiting = self.len();
            self.samples.copy_within(self.head.., 0);
            self.samples.truncate(waiting);
            self.head = 0;
        }
        &mut self.samples
    }

    pub(crate) fn extend(&mut self, samples: &[T]) {
        self.tail().extend_from_slice(samples);
    }

    /// Appends `count` default samples: silence.
    pub(crate) fn extend_silence(&mut self, count: usize) {
        let tail = self.tail();
        tail.resize(tail.len() + count, T::default());
    }

    /// Takes the oldest `count` samples, or `None` when there are fewer.
    pub(crate) fn take(&mut self, count: usize) -> Option<&[T]> {
        self.take_range(count).map(|range| &self.samples[range])
    }

    /// Drops the oldest `count` samples, or all when there are fewer.
    pub(crate) fn skip(&mut self, count: usize) {
        self.head += count.min(self.len());
    }

    /// Drops the newest `count` samples, or all when there are fewer.
    pub(crate) fn drop_newest(&mut self, count: usize) {
        self.samples.truncate(self.samples.len() - count.min(self.len()));
    }

    fn take_range(&mut self, count: usize) -> Option<Range<usize>> {
        let end = self.head + count;
        (end <= self.samples.len()).then(|| {
            let start = std::mem::replace(&mut self.head, end);
            start..end
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_come_out_in_order_whatever_the_pieces() {
        let mut fifo = Fifo::default();
        let (mut pushed, mut taken) = (0_u32, 0_u32);
        for round in 0..1_000_u32 {
            let piece: Vec<u32> = (pushed..pushed + round % 17).collect();
            fifo.extend(&piece);
            pushed += round % 17;
            while let Some(got) = fifo.take(7) {
                assert_eq!(got, (taken..taken + 7).collect::<Vec<_>>());
                taken += 7;
            }
        }
        assert_eq!(fifo.len() as u32, pushed - taken);
    }

    #[test]
    fn what_waits_bounds_the_memory() {
        let mut fifo = Fifo::default();
        for _ in 0..10_000 {
            fifo.extend(&[0_i16; 960]);
            assert!(fifo.take(960).is_some());
        }
        assert!(fifo.samples.capacity() <= 4 * 960);
    }
}
