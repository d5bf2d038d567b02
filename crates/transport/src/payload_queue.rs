//! Encoded audio that waits for the other side of a socket's session.

use std::collections::VecDeque;

/// How often what was dropped unread is told apart by when that was.
const MAX_SKIPS: usize = 32;

/// What is there to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// So many bytes of audio.
    Audio(usize),
    /// The far end is to drop what it was sent and has not played.
    Clear,
}

/// A bounded queue of payloads. Full, it drops the oldest, and counts.
#[derive(Debug)]
pub(crate) struct PayloadQueue {
    bytes: VecDeque<u8>,
    entries: VecDeque<Payload>,
    most_entries: usize,
    most_bytes: usize,
    dropped: u64,
    numbers: Numbers,
}

impl PayloadQueue {
    /// A queue for so many payloads of so many bytes in all, and for one that is longer.
    pub(crate) fn new(most_entries: usize, most_bytes: usize) -> Self {
        Self {
            bytes: VecDeque::new(),
            entries: VecDeque::new(),
            most_entries,
            most_bytes,
            dropped: 0,
            numbers: Numbers::default(),
        }
    }

    /// Appends a payload. Returns whether nothing waited before.
    pub(crate) fn push(&mut self, payload: &[u8]) -> bool {
        let was_empty = self.entries.is_empty();
        while !self.entries.is_empty()
            && (self.entries.len() >= self.most_entries || self.bytes.len() + payload.len() > self.most_bytes)
        {
            self.drop_oldest();
        }
        self.bytes.extend(payload);
        self.entries.push_back(Payload::Audio(payload.len()));
        was_empty
    }

    /// Everything that waits has become needless, and so has what the far end was sent before.
    pub(crate) fn push_clear(&mut self) {
        let unread = self.entries.iter().filter(|entry| **entry != Payload::Clear).count();
        self.numbers.skip(unread as u64);
        self.bytes.clear();
        self.entries.clear();
        self.entries.push_back(Payload::Clear);
    }

    /// Moves the oldest entry's bytes into `into`. `None` when nothing waits; `Err` with the length needed.
    pub(crate) fn pop(&mut self, into: &mut [u8]) -> Result<Option<Payload>, usize> {
        let Some(entry) = self.entries.front().copied() else { return Ok(None) };
        if let Payload::Audio(length) = entry {
            let Some(into) = into.get_mut(..length) else { return Err(length) };
            for (to, from) in into.iter_mut().zip(self.bytes.drain(..length)) {
                *to = from;
            }
            self.numbers.read += 1;
        }
        self.entries.pop_front();
        Ok(Some(entry))
    }

    /// Moves the oldest payload to the end of `into`, which is empty.
    pub(crate) fn pop_into(&mut self, into: &mut Vec<u8>) -> Option<()> {
        let Payload::Audio(length) = self.entries.pop_front()? else { return Some(()) };
        into.extend(self.bytes.drain(..length));
        Some(())
    }

    /// Payloads that were dropped because nobody took them.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many payloads were pushed up to the nth that was read.
    pub(crate) fn pushed_until(&mut self, read: u64) -> u64 {
        self.numbers.pushed_until(read)
    }

    fn drop_oldest(&mut self) {
        if let Some(Payload::Audio(length)) = self.entries.pop_front() {
            self.bytes.drain(..length);
            self.dropped += 1;
            self.numbers.skip(1);
        }
    }
}

/// Which payload a reader means who counts those that he read.
#[derive(Debug, Default)]
struct Numbers {
    read: u64,
    /// How many were dropped unread after so many had been read…
    skips: VecDeque<(u64, u64)>,
    /// …and how many before that.
    skipped: u64,
}

impl Numbers {
    fn skip(&mut self, count: u64) {
        match self.skips.back_mut() {
            _ if count == 0 => {}
            Some((after, skipped)) if *after == self.read => *skipped += count,
            _ => {
                if self.skips.len() == MAX_SKIPS {
                    self.forget_oldest();
                }
                self.skips.push_back((self.read, count));
            }
        }
    }

    /// Readers never count backwards.
    fn pushed_until(&mut self, read: u64) -> u64 {
        while self.skips.front().is_some_and(|(after, _)| *after < read) {
            self.forget_oldest();
        }
        read.saturating_add(self.skipped)
    }

    fn forget_oldest(&mut self) {
        self.skipped += self.skips.pop_front().map_or(0, |(_, skipped)| skipped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(queue: &mut PayloadQueue) -> Option<(Payload, Vec<u8>)> {
        let mut into = [0; 8];
        let payload = queue.pop(&mut into).expect("room")?;
        let length = if let Payload::Audio(length) = payload { length } else { 0 };
        Some((payload, into[..length].to_vec()))
    }

    #[test]
    fn payloads_of_any_length_come_out_in_order() {
        let mut queue = PayloadQueue::new(8, 64);
        assert_eq!([queue.push(&[1, 2]), queue.push(&[]), queue.push(&[3])], [true, false, false]);
        assert_eq!(read(&mut queue), Some((Payload::Audio(2), vec![1, 2])));
        assert_eq!(read(&mut queue), Some((Payload::Audio(0), vec![])));
        assert_eq!(queue.pop(&mut []), Err(1));
        assert_eq!(read(&mut queue), Some((Payload::Audio(1), vec![3])));
        assert_eq!(read(&mut queue), None);
        assert!(queue.push(&[4]));
    }

    #[test]
    fn full_it_drops_the_oldest_and_counts() {
        let mut queue = PayloadQueue::new(3, 6);
        for n in 0..5 {
            queue.push(&[n; 2]);
        }
        assert_eq!(queue.dropped(), 2);
        queue.push(&[9; 4]);
        assert_eq!((read(&mut queue), queue.dropped()), (Some((Payload::Audio(2), vec![4; 2])), 4));
        queue.push(&[7; 8]);
        assert_eq!(read(&mut queue), Some((Payload::Audio(8), vec![7; 8])), "one that is longer fits alone");
    }

    #[test]
    fn what_is_cleared_needs_not_be_read() {
        let mut queue = PayloadQueue::new(8, 64);
        queue.push(&[1]);
        queue.push_clear();
        queue.push(&[2]);
        queue.push_clear();
        queue.push(&[3]);
        assert_eq!(read(&mut queue), Some((Payload::Clear, vec![])));
        assert_eq!(read(&mut queue), Some((Payload::Audio(1), vec![3])));
        assert_eq!((read(&mut queue), queue.dropped()), (None, 0));
    }

    #[test]
    fn a_reader_that_counts_means_the_payload_that_it_read() {
        let mut queue = PayloadQueue::new(2, 64);
        let mut count = 0;
        let mut meant = Vec::new();
        for n in 1..=20_u8 {
            queue.push(&[n]);
            if n.is_multiple_of(4) {
                let (_, payload) = read(&mut queue).expect("it was pushed");
                count += 1;
                meant.push((count, u64::from(payload[0])));
            }
            if n == 10 {
                queue.push_clear();
                assert_eq!(read(&mut queue), Some((Payload::Clear, vec![])));
            }
        }
        for (count, number) in meant {
            assert_eq!(queue.pushed_until(count), number);
        }
    }
}
