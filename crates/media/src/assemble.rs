//! Emitted chunks of any rate and layout as one stream in the encoder's format.

use std::time::Duration;

use crate::fifo::Fifo;
use crate::queue::{self, ChunkQueue};
use crate::resample::Resampler;
use crate::{Chunk, Layout, SampleRate};

/// Queues chunks and converts them when a frame is due: ten minutes at once cost nothing at once.
#[derive(Debug)]
pub(crate) struct Assembler {
    queue: ChunkQueue,
    rate: SampleRate,
    layout: Layout,
    /// For the rate that was resampled last.
    resampler: Option<Resampler>,
    /// The rate of what was converted last; none when nothing came before.
    flowing: Option<SampleRate>,
    /// A piece of a chunk, as floating point in the encoder's layout.
    piece: Vec<f32>,
    /// In the encoder's format, less than a frame and what a resampler's block adds.
    ready: Fifo<f32>,
}

impl Assembler {
    pub(crate) fn new(rate: SampleRate, layout: Layout) -> Self {
        Self {
            queue: ChunkQueue::default(),
            rate,
            layout,
            resampler: None,
            flowing: None,
            piece: Vec::new(),
            ready: Fifo::default(),
        }
    }

    /// Appends a chunk, or gives it back when too much waits already.
    pub(crate) fn push(&mut self, chunk: Chunk) -> Result<(), Chunk> {
        self.queue.push(chunk)
    }

    /// How much audio waits.
    pub(crate) fn depth(&self) -> Duration {
        let blocked =
            self.resampler.as_ref().map_or(Duration::ZERO, |r| queue::duration(r.waiting(), r.from()));
        self.queue.depth() + blocked + queue::duration(self.ready_frames(), self.rate)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.depth().is_zero()
    }

    /// Takes `frames` samples per channel, when there are so many.
    pub(crate) fn take(&mut self, frames: usize) -> Option<&[f32]> {
        while self.ready_frames() < frames && self.convert(frames - self.ready_frames()) {}
        self.ready.take(frames * self.layout.channels())
    }

    /// Ends the stream, so that what a filter holds back comes out too: the last word's end.
    pub(crate) fn finish(&mut self) {
        self.flush();
        self.flowing = None;
    }

    /// Takes what is left, less than was asked for when [`take`](Self::take) gave nothing.
    pub(crate) fn take_rest(&mut self) -> &[f32] {
        let rest = self.ready.len();
        self.ready.take(rest).unwrap_or_default()
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.queue.clear();
        self.ready.clear();
        self.flowing = None;
        if let Some(resampler) = &mut self.resampler {
            resampler.reset();
        }
    }

    fn ready_frames(&self) -> usize {
        self.ready.len() / self.layout.channels()
    }

    /// Converts about as much as makes `frames` samples per channel. Returns whether there was anything.
    fn convert(&mut self, frames: usize) -> bool {
        let Some(from) = self.queue.next_rate() else { return false };
        if self.flowing != Some(from) {
            self.switch(from);
        }
        let count = (frames as u64 * u64::from(from.hz())).div_ceil(self.rate.hz().into()) as usize;
        self.piece.clear();
        self.queue.take(count, self.layout, &mut self.piece);
        match &mut self.resampler {
            Some(resampler) if from != self.rate => resampler.push(&self.piece, &mut self.ready),
            _ => self.ready.extend(&self.piece),
        }
        true
    }

    /// Prepares for chunks of another rate.
    fn switch(&mut self, from: SampleRate) {
        self.flush();
        let joins = self.flowing.replace(from).is_some();
        if from == self.rate {
            return;
        }
        if self.resampler.as_ref().is_none_or(|resampler| resampler.from() != from) {
            // Every pair of rates has a resampler; without one the chunk would play at the wrong speed, but play.
            self.resampler = Resampler::new(from, self.rate, self.layout).ok();
        }
        if let (true, Some(resampler)) = (joins, &mut self.resampler) {
            resampler.trim_delay();
        }
    }

    fn flush(&mut self) {
        let resampled = self.flowing.is_some_and(|rate| rate != self.rate);
        if let (true, Some(resampler)) = (resampled, &mut self.resampler) {
            resampler.flush(&mut self.ready);
        }
    }
}
