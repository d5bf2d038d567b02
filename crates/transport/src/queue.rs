//! The frames that wait for the handler.

use std::collections::VecDeque;

/// A bounded queue of frames of one length. Full, it drops the oldest, and counts.
#[derive(Debug)]
pub(crate) struct FrameQueue {
    samples: VecDeque<i16>,
    frame_length: usize,
    capacity: usize,
    dropped: u64,
}

impl FrameQueue {
    /// A queue for `capacity` frames of `frame_length` samples (all channels counted).
    pub(crate) fn new(frame_length: usize, capacity: usize) -> Self {
        Self { samples: VecDeque::new(), frame_length, capacity: capacity.max(1), dropped: 0 }
    }

    pub(crate) fn push(&mut self, frame: &[i16]) {
        debug_assert_eq!(frame.len(), self.frame_length, "the pipeline makes frames of one length");
        if self.len() >= self.capacity {
            self.samples.drain(..self.frame_length);
            self.dropped += 1;
        }
        self.samples.extend(frame);
    }

    /// Moves the oldest frame into `into`: its length in samples, 0 when none waits, or `Err` with the length needed.
    pub(crate) fn pop(&mut self, into: &mut [i16]) -> Result<usize, usize> {
        if self.samples.is_empty() {
            return Ok(0);
        }
        let Some(into) = into.get_mut(..self.frame_length) else { return Err(self.frame_length) };
        for (to, from) in into.iter_mut().zip(self.samples.drain(..self.frame_length)) {
            *to = from;
        }
        Ok(self.frame_length)
    }

    /// Frames that wait.
    pub(crate) fn len(&self) -> usize {
        self.samples.len() / self.frame_length
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
        let mut queue = FrameQueue::new(2, 10);
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
    fn a_buffer_that_is_too_small_leaves_the_frame_in_place() {
        let mut queue = FrameQueue::new(2, 10);
        queue.push(&[1, 2]);
        assert_eq!(queue.pop(&mut [0; 1]), Err(2));
        assert_eq!(queue.len(), 1);
    }

    #[test]
    fn full_it_drops_the_oldest_and_counts() {
        let mut queue = FrameQueue::new(1, 3);
        for sample in 0..5 {
            queue.push(&[sample]);
        }
        let mut into = [0; 1];
        assert_eq!((queue.len(), queue.dropped()), (3, 2));
        assert_eq!(queue.pop(&mut into).map(|_| into[0]), Ok(2));
    }
}
