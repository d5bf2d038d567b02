//! The latest audio, at the handler's rate, as far back as a turn may begin.

use std::collections::VecDeque;

/// Memory for so many times what is kept is given back: a long turn's, once it is over.
const MUCH: usize = 8;

/// Audio by its place in the stream. Places count samples of each channel since listening began.
#[derive(Debug)]
pub(super) struct Recording {
    samples: VecDeque<i16>,
    channels: usize,
    /// The place of the first sample that is kept.
    first: u64,
}

impl Recording {
    pub(super) fn new(channels: usize) -> Self {
        Self { samples: VecDeque::new(), channels, first: 0 }
    }

    pub(super) fn push(&mut self, frame: &[i16]) {
        self.samples.extend(frame);
    }

    /// The place behind the last sample.
    pub(super) fn end(&self) -> u64 {
        self.first + (self.samples.len() / self.channels) as u64
    }

    /// What lies before that place is not needed any more.
    pub(super) fn forget_before(&mut self, place: u64) {
        let count = place.min(self.end()).saturating_sub(self.first);
        self.samples.drain(..count as usize * self.channels);
        self.first += count;
        if self.samples.capacity() > MUCH * self.samples.len() {
            self.samples.shrink_to(MUCH / 2 * self.samples.len());
        }
    }

    /// The audio between two places, as far as it is kept.
    pub(super) fn copy(&self, from: u64, to: u64) -> Vec<i16> {
        let index = |place: u64| (place.clamp(self.first, self.end()) - self.first) as usize * self.channels;
        let (from, to) = (index(from), index(to.max(from)));
        let (old, new) = self.samples.as_slices();
        let mut audio = Vec::with_capacity(to - from);
        audio.extend_from_slice(&old[from.min(old.len())..to.min(old.len())]);
        audio.extend_from_slice(&new[from.saturating_sub(old.len())..to.saturating_sub(old.len())]);
        audio
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_is_found_by_its_place_until_it_is_forgotten() {
        let mut recording = Recording::new(2);
        recording.push(&[0, 0, 1, 1, 2, 2]);
        recording.push(&[3, 3]);
        assert_eq!((recording.end(), recording.copy(1, 3)), (4, vec![1, 1, 2, 2]));
        recording.forget_before(2);
        assert_eq!((recording.first, recording.copy(0, 99)), (2, vec![2, 2, 3, 3]));
        recording.forget_before(9);
        assert_eq!((recording.first, recording.end(), recording.copy(0, 9)), (4, 4, vec![]));
    }

    #[test]
    fn a_long_recordings_memory_is_given_back() {
        let mut recording = Recording::new(1);
        for _ in 0..3_000 {
            recording.push(&[1; 960]);
        }
        recording.forget_before(3_000 * 960 - 50_000);
        assert!(recording.samples.capacity() < 8 * 50_000, "{}", recording.samples.capacity());
        assert_eq!(recording.copy(0, u64::MAX), vec![1; 50_000]);
    }

    #[test]
    fn audio_is_whole_wherever_it_lies_in_memory() {
        let mut recording = Recording::new(1);
        for n in 0..5_000_i16 {
            recording.push(&[n; 7]);
            recording.forget_before(recording.end().saturating_sub(100));
            let (from, to) = (recording.end().saturating_sub(10), recording.end());
            let expected: Vec<i16> = (from..to).map(|place| (place / 7) as i16).collect();
            assert_eq!(recording.copy(from, to), expected);
        }
    }
}
