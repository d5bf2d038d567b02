//! The latest audio, at the handler's rate, as far back as a turn may begin.

use crate::fifo::Fifo;

/// Audio by its place in the stream. Places count samples of each channel since listening began.
#[derive(Debug)]
pub(super) struct Recording {
    samples: Fifo<i16>,
    channels: usize,
    /// The place of the first sample that is kept.
    first: u64,
}

impl Recording {
    pub(super) fn new(channels: usize) -> Self {
        Self { samples: Fifo::default(), channels, first: 0 }
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
        self.samples.skip(count as usize * self.channels);
        self.first += count;
    }

    /// The audio between two places, as far as it is kept.
    pub(super) fn copy(&self, from: u64, to: u64) -> Vec<i16> {
        let index = |place: u64| (place.clamp(self.first, self.end()) - self.first) as usize * self.channels;
        self.samples.as_slice()[index(from)..index(to.max(from))].to_vec()
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
}
