//! How much speech there was lately.

use std::collections::VecDeque;

use super::clock::FRAME;

/// The frames of the last so many samples: which of them are speech.
#[derive(Debug)]
pub(super) struct Window {
    /// Newest last; one more than fits wholly, which counts in part.
    frames: VecDeque<Frame>,
    /// Frames that fit wholly.
    whole: usize,
    /// Samples of the frame before them that lie in the window too.
    part: u64,
    /// Frames that count among the whole ones.
    counted: u64,
}

/// What was thought of a frame.
#[derive(Debug, Clone, Copy)]
struct Frame {
    is_speech: bool,
    /// It is the peer's speech too.
    counts: bool,
}

impl Window {
    /// A window of that many samples at 16 kHz.
    pub(super) fn new(samples: u64) -> Self {
        let whole = (samples / FRAME).max(1) as usize;
        Self { frames: VecDeque::with_capacity(whole + 2), whole, part: samples % FRAME, counted: 0 }
    }

    /// Another frame has passed. The last `theirs` frames are the peer's, this one included: those that are speech count.
    pub(super) fn push(&mut self, is_speech: bool, theirs: usize) {
        self.frames.push_back(Frame { is_speech, counts: false });
        if let Some(leaving) = self.frames.len().checked_sub(self.whole + 1) {
            self.counted -= u64::from(self.frames[leaving].counts);
        }
        if self.frames.len() > self.whole + 1 {
            self.frames.pop_front();
        }
        let (count, whole) = (self.frames.len(), self.frames.len().saturating_sub(self.whole));
        for (n, frame) in self.frames.iter_mut().enumerate().skip(count.saturating_sub(theirs)) {
            self.counted += u64::from(frame.is_speech && !frame.counts && n >= whole);
            frame.counts = frame.is_speech;
        }
    }

    /// Samples of speech in it.
    pub(super) fn speech(&self) -> u64 {
        let partly = self.frames.len() > self.whole && self.frames[0].counts;
        self.counted * FRAME + if partly { self.part } else { 0 }
    }

    /// How many frames ago the first one with speech began; none when none has any.
    pub(super) fn first_speech(&self) -> Option<u64> {
        self.frames.iter().position(|frame| frame.counts).map(|first| (self.frames.len() - first) as u64)
    }

    /// None of it was speech.
    pub(super) fn clear(&mut self) {
        self.frames.clear();
        self.counted = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum after each of those frames.
    fn sums(samples: u64, frames: &[bool]) -> Vec<u64> {
        let mut window = Window::new(samples);
        frames
            .iter()
            .map(|speech| {
                window.push(*speech, 1);
                window.speech()
            })
            .collect()
    }

    #[test]
    fn speech_counts_while_it_is_in_the_window_and_the_oldest_frame_in_part() {
        // 40 ms: a frame of 512 samples, and 128 of the one before.
        assert_eq!(sums(640, &[false, true, true, false, false]), [0, 512, 640, 128, 0]);
        assert_eq!(sums(1_024, &[true, true, true, false, false]), [512, 1_024, 1_024, 512, 0]);
    }

    #[test]
    fn frames_that_turn_out_to_be_speech_count_as_if_that_had_been_known() {
        for count in 0..4 {
            let (mut late, mut known) = (Window::new(1_100), Window::new(1_100));
            for n in 0..4 {
                late.push(n != 1, if n == 3 { count } else { 0 });
                known.push(n != 1, usize::from(n + count > 3));
            }
            assert_eq!(late.speech(), known.speech(), "{count} frames");
        }
    }

    #[test]
    fn the_first_speech_is_found_until_it_leaves() {
        let mut window = Window::new(1_024);
        assert_eq!(window.first_speech(), None);
        for (speech, first) in [(true, Some(1)), (false, Some(2)), (false, Some(3)), (false, None)] {
            window.push(speech, 1);
            assert_eq!(window.first_speech(), first);
        }
    }
}
