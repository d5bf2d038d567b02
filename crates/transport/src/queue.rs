//! The frames that wait for the handler.

use parley_media::is_silent;
use std::collections::VecDeque;

/// How many frames' memory an empty queue keeps. A handler that keeps up never needs more.
const KEPT_FRAMES: usize = 8;

/// A bounded queue of frames. Full, it drops the oldest, and counts. Memory that a late handler made it take is given
/// back once the handler has caught up.
///
/// Frames of 20 ms differ by a sample where the rate is no multiple of 50 (11,025 Hz).
#[derive(Debug)]
pub(crate) struct FrameQueue {
    samples: VecDeque<i16>,
    lengths: VecDeque<usize>,
    capacity: usize,
    dropped: u64,
    /// Somebody takes frames, or did.
    is_read: bool,
    /// That its reader is behind was told.
    is_told: bool,
}

impl FrameQueue {
    /// A queue for `capacity` frames.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            samples: VecDeque::new(),
            lengths: VecDeque::new(),
            capacity: capacity.max(1),
            dropped: 0,
            is_read: false,
            is_told: false,
        }
    }

    /// Adds a frame. True the first time that a sound is dropped which a reader would have wanted: who never took any frames wants
    /// none, and silence is told of late.
    pub(crate) fn push(&mut self, frame: &[i16]) -> bool {
        let mut is_heard = false;
        if self.len() >= self.capacity
            && let Some(oldest) = self.lengths.pop_front()
        {
            is_heard = !self.is_silent(oldest);
            self.samples.drain(..oldest);
            self.dropped += 1;
        }
        self.samples.extend(frame);
        self.lengths.push_back(frame.len());
        is_heard && self.is_read && !std::mem::replace(&mut self.is_told, true)
    }

    /// Whether nothing is to be heard in the oldest samples.
    fn is_silent(&self, samples: usize) -> bool {
        let (first, rest) = self.samples.as_slices();
        let (first, rest) =
            (&first[..samples.min(first.len())], &rest[..samples.saturating_sub(first.len())]);
        is_silent(first) && is_silent(rest)
    }

    /// Moves the oldest frame into `into`: its length in samples, 0 when none waits, or `Err` with the length needed.
    pub(crate) fn pop(&mut self, into: &mut [i16]) -> Result<usize, usize> {
        let Some(length) = self.lengths.front().copied() else { return Ok(0) };
        let Some(into) = into.get_mut(..length) else { return Err(length) };
        for (to, from) in into.iter_mut().zip(self.samples.drain(..length)) {
            *to = from;
        }
        self.lengths.pop_front();
        self.is_read = true;
        if self.lengths.is_empty() && self.samples.capacity() > 2 * KEPT_FRAMES * length {
            self.samples.shrink_to(KEPT_FRAMES * length);
        }
        Ok(length)
    }

    /// Drops the frames that wait, uncounted.
    pub(crate) fn clear(&mut self) {
        self.samples.clear();
        self.lengths.clear();
    }

    /// Frames that wait.
    pub(crate) fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Frames that were dropped because nobody took them.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_in_order() {
        let mut queue = FrameQueue::new(10);
        queue.push(&[1, 2]);
        queue.push(&[3, 4]);
        let mut into = [0; 4];
        assert_eq!(queue.pop(&mut into), Ok(2));
        assert_eq!(into, [1, 2, 0, 0]);
        assert_eq!(queue.pop(&mut into), Ok(2));
        assert_eq!(into, [3, 4, 0, 0]);
        assert_eq!(queue.pop(&mut into), Ok(0));
    }

    #[test]
    fn frames_of_different_lengths_stay_whole() {
        let mut queue = FrameQueue::new(3);
        for frame in [&[1, 2][..], &[3, 4, 5], &[6, 7], &[8, 9, 10]] {
            queue.push(frame);
        }
        let mut into = [0; 3];
        assert_eq!((queue.pop(&mut into), into), (Ok(3), [3, 4, 5]), "the oldest was dropped, as a whole");
        assert_eq!((queue.pop(&mut into), into), (Ok(2), [6, 7, 5]));
        assert_eq!((queue.pop(&mut into), into), (Ok(3), [8, 9, 10]));
        assert_eq!(queue.pop(&mut into), Ok(0));
    }

    #[test]
    fn a_buffer_that_is_too_small_leaves_the_frame_in_place() {
        let mut queue = FrameQueue::new(10);
        queue.push(&[1, 2]);
        assert_eq!(queue.pop(&mut [0; 1]), Err(2));
        assert_eq!(queue.len(), 1);
    }

    #[test]
    fn what_a_late_handler_made_it_take_is_given_back_and_no_more() {
        let mut queue = FrameQueue::new(50);
        let mut into = [0; 960];
        let mut take_behind_by = |frames: usize| {
            (0..frames).for_each(|_| assert!(!queue.push(&[7; 960])));
            (0..frames).for_each(|_| assert_eq!(queue.pop(&mut into), Ok(960)));
            queue.samples.capacity()
        };
        let kept = take_behind_by(KEPT_FRAMES);
        assert!(take_behind_by(50) <= kept);
        assert_eq!(take_behind_by(1), kept, "nothing is allocated for a handler that keeps up");
        assert_eq!(take_behind_by(KEPT_FRAMES), kept);
    }

    #[test]
    fn full_it_drops_the_oldest_and_counts() {
        let mut queue = FrameQueue::new(3);
        for sample in 0..5 {
            queue.push(&[sample]);
        }
        let mut into = [0; 1];
        assert_eq!((queue.len(), queue.dropped()), (3, 2));
        assert_eq!(queue.pop(&mut into).map(|_| into[0]), Ok(2));
    }

    #[test]
    fn a_reader_that_falls_behind_is_told_of_once() {
        let mut queue = FrameQueue::new(3);
        let push = |queue: &mut FrameQueue, frames: usize| (0..frames).filter(|_| queue.push(&[900])).count();
        assert_eq!(push(&mut queue, 9), 0, "who never reads wants no frames");
        let mut into = [0; 1];
        while queue.pop(&mut into) == Ok(1) {}
        assert_eq!(push(&mut queue, 3), 0, "all have room");
        assert_eq!(push(&mut queue, 1), 1);
        assert_eq!(push(&mut queue, 9), 0);
        while queue.pop(&mut into) == Ok(1) {}
        assert_eq!((push(&mut queue, 9), queue.dropped()), (0, 22));

        let mut queue = FrameQueue::new(3);
        queue.push(&[900]);
        assert_eq!(queue.pop(&mut into), Ok(1));
        assert_eq!((0..9).filter(|_| queue.push(&[1])).count(), 0, "nothing was to be heard in it");
    }
}
