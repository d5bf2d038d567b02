//! The audio that a handler has emitted and that is not due yet.

use std::collections::VecDeque;
use std::time::Duration;

use crate::{Layout, SampleRate, pcm};

/// The most audio that waits. Far beyond what a handler that heeds the queue's depth ever reaches.
const CAPACITY: Duration = Duration::from_secs(3_600);

/// PCM samples, the channels interleaved.
#[derive(Debug, Clone, PartialEq)]
pub enum Samples {
    /// Signed 16-bit.
    I16(Vec<i16>),
    /// 32-bit floating point, full scale at ±1. Beyond that it is clipped; NaN is silence.
    F32(Vec<f32>),
}

impl Samples {
    fn len(&self) -> usize {
        match self {
            Self::I16(samples) => samples.len(),
            Self::F32(samples) => samples.len(),
        }
    }
}

/// Audio that a handler emitted, of any length.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// The samples. A last incomplete pair of a stereo chunk is ignored.
    pub samples: Samples,
    /// Their rate.
    pub rate: SampleRate,
    /// Their layout.
    pub layout: Layout,
}

impl Chunk {
    /// How long it plays.
    #[must_use]
    pub fn duration(&self) -> Duration {
        duration(self.frames(), self.rate)
    }

    /// Whether there is nothing in it that could be heard.
    pub(crate) fn is_silent(&self) -> bool {
        match &self.samples {
            Samples::I16(samples) => pcm::is_silent(samples),
            Samples::F32(samples) => pcm::is_silent_f32(samples),
        }
    }

    /// Samples per channel.
    pub(crate) fn frames(&self) -> usize {
        self.samples.len() / self.layout.channels()
    }
}

/// Chunks as they were emitted; nothing is converted before it is taken.
#[derive(Debug, Default)]
pub(crate) struct ChunkQueue {
    chunks: VecDeque<Chunk>,
    /// Samples per channel already taken of the first chunk.
    taken: usize,
    /// The duration of all chunks but the first.
    behind: Duration,
}

impl ChunkQueue {
    /// Appends a chunk, or gives it back when the queue is full. Empty chunks vanish.
    pub(crate) fn push(&mut self, chunk: Chunk) -> Result<(), Chunk> {
        if chunk.frames() == 0 {
            return Ok(());
        }
        if self.depth() >= CAPACITY {
            return Err(chunk);
        }
        if !self.chunks.is_empty() {
            self.behind += chunk.duration();
        }
        self.chunks.push_back(chunk);
        Ok(())
    }

    /// How much audio waits.
    pub(crate) fn depth(&self) -> Duration {
        let first =
            self.chunks.front().map_or(Duration::ZERO, |chunk| duration(self.left(chunk), chunk.rate));
        first + self.behind
    }

    /// The rate of what comes next.
    pub(crate) fn next_rate(&self) -> Option<SampleRate> {
        self.chunks.front().map(|chunk| chunk.rate)
    }

    /// Takes up to `frames` samples per channel of the first chunk, appended to `out` as floating point in `layout`.
    pub(crate) fn take(&mut self, frames: usize, layout: Layout, out: &mut Vec<f32>) {
        let Some(chunk) = self.chunks.front() else { return };
        let frames = frames.min(self.left(chunk));
        let channels = chunk.layout.channels();
        let range = self.taken * channels..(self.taken + frames) * channels;
        match &chunk.samples {
            Samples::I16(samples) => pcm::mix_into(&samples[range], chunk.layout, layout, out, pcm::to_f32),
            Samples::F32(samples) => pcm::mix_into(&samples[range], chunk.layout, layout, out, pcm::sanitise),
        }
        self.taken += frames;
        if self.taken == chunk.frames() {
            self.drop_first();
        }
    }

    /// Drops the first chunk, or what is left of it.
    pub(crate) fn drop_first(&mut self) {
        self.chunks.pop_front();
        self.taken = 0;
        if let Some(chunk) = self.chunks.front() {
            self.behind = self.behind.saturating_sub(chunk.duration());
        }
    }

    pub(crate) fn clear(&mut self) {
        self.chunks.clear();
        self.taken = 0;
        self.behind = Duration::ZERO;
    }

    fn left(&self, chunk: &Chunk) -> usize {
        chunk.frames() - self.taken
    }
}

/// How long so many samples per channel play.
pub(crate) fn duration(frames: usize, rate: SampleRate) -> Duration {
    let hz = u64::from(rate.hz());
    let frames = frames as u64;
    Duration::new(frames / hz, ((frames % hz) * 1_000_000_000 / hz) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mono(samples: Vec<i16>) -> Chunk {
        Chunk { samples: Samples::I16(samples), rate: SampleRate::HZ_8000, layout: Layout::Mono }
    }

    #[test]
    fn samples_come_out_in_order_across_chunks() {
        let mut queue = ChunkQueue::default();
        for start in [0, 100, 200] {
            queue.push(mono((start..start + 100).collect())).unwrap();
        }
        let mut out = Vec::new();
        while queue.next_rate().is_some() {
            queue.take(7, Layout::Mono, &mut out);
        }
        assert_eq!(out, (0..300).map(pcm::to_f32).collect::<Vec<_>>());
    }

    #[test]
    fn depth_is_the_time_of_what_is_left() {
        let mut queue = ChunkQueue::default();
        queue.push(mono(vec![0; 8_000])).unwrap();
        queue.push(mono(vec![0; 80])).unwrap();
        queue.push(mono(vec![])).unwrap();
        let stereo = Chunk {
            samples: Samples::F32(vec![0.0; 8_001]),
            rate: SampleRate::HZ_8000,
            layout: Layout::Stereo,
        };
        queue.push(stereo).unwrap();
        queue.take(4_000, Layout::Mono, &mut Vec::new());
        assert_eq!(queue.depth(), Duration::from_millis(500 + 10 + 500));
        queue.take(4_000, Layout::Mono, &mut Vec::new());
        assert_eq!(queue.depth(), Duration::from_millis(10 + 500));
        queue.clear();
        assert_eq!(queue.depth(), Duration::ZERO);
    }

    #[test]
    fn a_full_queue_refuses_more() {
        let mut queue = ChunkQueue::default();
        for _ in 0..3_600 {
            queue.push(mono(vec![0; 8_000])).unwrap();
        }
        assert!(queue.push(mono(vec![0])).is_err());
        queue.take(1, Layout::Mono, &mut Vec::new());
        assert!(queue.push(mono(vec![0])).is_ok());
    }
}
