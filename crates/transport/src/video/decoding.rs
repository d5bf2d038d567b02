//! One session's received video: encoded frames that wait, the decoder, and the pictures that it made.

use super::pictures::Pictures;
use super::pool::{lock, threads};
use crate::sync::Mutex;
use parley_video::{Codec, CodecError, DecoderOptions, EncodedFrame, I420, VideoDecoder};
use std::collections::VecDeque;
use std::time::Duration;

/// Frames that wait for the decoder: a second of them. One that is behind that much begins anew with a key frame.
const MAX_FRAMES: usize = 30;
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// A decoder that is behind so far leaves out what is before a key frame.
const BEHIND: usize = 3;
/// From this size on, a picture is worth more than one thread.
const LARGE: u32 = 1280 * 720;

/// Counters of received video, beyond the network's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DecodeStats {
    /// Frames decoded.
    pub decoded: u64,
    /// Frames that could not be decoded; a key frame was asked for.
    pub failed: u64,
    /// Frames not decoded, because the decoder was behind or they were made from one that failed.
    pub dropped: u64,
    /// Pictures that the handler never got, because it was behind.
    pub skipped: u64,
    /// Size of the last picture, turned upright; 0 before the first.
    pub width: u32,
    /// See [`width`](Self::width).
    pub height: u32,
    /// Pictures that wait for the handler.
    pub waiting: usize,
}

pub(crate) struct Decoding {
    queue: Mutex<Queue>,
    /// Held by the thread whose turn it is.
    decoder: Mutex<Option<Decoder>>,
    pictures: Mutex<Pictures>,
    newest_only: bool,
    /// The next frame's decoding is to panic.
    #[cfg(any(test, feature = "fault-injection"))]
    pub(crate) fault: std::sync::atomic::AtomicBool,
}

#[derive(Default)]
struct Queue {
    frames: VecDeque<EncodedFrame>,
    bytes: usize,
    needs_key: bool,
    is_scheduled: bool,
    is_closed: bool,
    stats: DecodeStats,
}

struct Decoder {
    decoder: VideoDecoder,
    codec: Codec,
    threads: u32,
}

/// What a frame that came leads to.
#[derive(Debug, PartialEq, Eq, Default)]
pub(crate) struct Taken {
    /// The session's decoding is to be scheduled.
    pub(crate) schedule: bool,
    /// A key frame is to be asked for.
    pub(crate) wants_key_frame: bool,
}

/// What a turn of decoding led to.
#[derive(Debug, PartialEq, Eq, Default)]
pub(crate) struct Turn {
    /// There is another frame to decode.
    pub(crate) more: bool,
    /// There is a picture for the handler.
    pub(crate) shows: bool,
    /// A key frame is to be asked for.
    pub(crate) wants_key_frame: bool,
}

impl Queue {
    /// Drops what is before the last key frame, or everything if that is not among them from the `least`th on.
    fn skip_to_key_frame(&mut self, least: usize) {
        let key = self.frames.iter().rposition(|frame| frame.is_key).filter(|key| *key >= least);
        let dropped = self.frames.drain(..key.unwrap_or(self.frames.len()));
        self.stats.dropped += dropped.len() as u64;
        drop(dropped);
        self.bytes = self.frames.iter().map(|frame| frame.data.len()).sum();
        self.needs_key = key.is_none();
    }

    fn pop(&mut self) -> Option<EncodedFrame> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.data.len();
        Some(frame)
    }
}

impl Decoder {
    /// One that suits the frame: a key frame's codec and size decide.
    fn suit(current: &mut Option<Self>, frame: &EncodedFrame) -> Result<(), CodecError> {
        let codec = frame.codec;
        current.take_if(|current| current.codec != codec);
        let is_large = codec.key_frame_size(&frame.data).map(|size| size.width * size.height >= LARGE);
        let wanted = match (is_large, &*current) {
            (Some(true), _) => threads() as u32,
            (None, Some(current)) => current.threads,
            _ => 1,
        };
        if current.as_ref().is_none_or(|current| current.threads != wanted) {
            let options = DecoderOptions { threads: wanted, ..DecoderOptions::default() };
            *current = Some(Self { decoder: VideoDecoder::new(codec, options)?, codec, threads: wanted });
        }
        Ok(())
    }
}

impl Decoding {
    pub(crate) fn new(pictures: usize, newest_only: bool) -> Self {
        Self {
            queue: Mutex::default(),
            decoder: Mutex::new(None),
            pictures: Mutex::new(Pictures::new(if newest_only { 1 } else { pictures })),
            newest_only,
            #[cfg(any(test, feature = "fault-injection"))]
            fault: false.into(),
        }
    }

    /// Takes a frame, all that it is made from having come before.
    pub(crate) fn take(&self, frame: EncodedFrame) -> Taken {
        let mut queue = lock(&self.queue);
        if queue.is_closed || (queue.needs_key && !frame.is_key) {
            queue.stats.dropped += 1;
            return Taken::default();
        }
        queue.needs_key = false;
        let is_key = frame.is_key;
        queue.bytes += frame.data.len();
        queue.frames.push_back(frame);
        let is_full = queue.frames.len() > MAX_FRAMES || queue.bytes > MAX_BYTES;
        if is_full || (is_key && queue.frames.len() > BEHIND) {
            // At the first of them it would be as far behind as before.
            queue.skip_to_key_frame(1);
        }
        let schedule = !queue.frames.is_empty() && !queue.is_scheduled;
        queue.is_scheduled |= schedule;
        Taken { schedule, wants_key_frame: queue.needs_key }
    }

    /// Decodes the next frame.
    pub(crate) fn turn(&self) -> Turn {
        let Some((frame, is_behind)) = self.next() else { return Turn::default() };
        let mut turn = Turn::default();
        match self.decode(&frame, self.newest_only && is_behind) {
            Ok(shows) => turn.shows = shows,
            Err(error) => {
                log::debug!("a video frame could not be decoded: {error}");
                let mut queue = lock(&self.queue);
                queue.stats.failed += 1;
                queue.skip_to_key_frame(0);
                turn.wants_key_frame = queue.needs_key && !queue.is_closed;
            }
        }
        turn.more = self.end_turn();
        turn
    }

    /// The next frame, and whether there is one behind it.
    pub(crate) fn next(&self) -> Option<(EncodedFrame, bool)> {
        let mut queue = lock(&self.queue);
        let frame = queue.pop();
        queue.is_scheduled = frame.is_some();
        frame.map(|frame| (frame, !queue.frames.is_empty()))
    }

    /// Whether there is another frame to decode. Nothing is kept of a session that has ended.
    pub(crate) fn end_turn(&self) -> bool {
        let mut queue = lock(&self.queue);
        queue.is_scheduled = !queue.frames.is_empty();
        if queue.is_closed {
            drop(queue);
            self.let_go();
            return false;
        }
        queue.is_scheduled
    }

    /// True when there is a picture for the handler.
    fn decode(&self, frame: &EncodedFrame, skip: bool) -> Result<bool, CodecError> {
        let mut decoder = lock(&self.decoder);
        #[cfg(any(test, feature = "fault-injection"))]
        assert!(!self.fault.swap(false, std::sync::atomic::Ordering::SeqCst), "injected");
        Decoder::suit(&mut decoder, frame)?;
        let Some(Decoder { decoder, .. }) = decoder.as_mut() else { return Ok(false) };
        let Some(picture) = decoder.decode(&frame.data)? else {
            lock(&self.queue).stats.decoded += 1;
            return Ok(false);
        };
        let mut skipped = u64::from(skip);
        let (width, height) = frame.rotation.turn(picture.width(), picture.height());
        if !skip {
            let mut upright = lock(&self.pictures).spare.take();
            picture.copy_to(frame.rotation, &mut upright);
            skipped = lock(&self.pictures).push(upright, frame.timestamp);
        }
        let stats = &mut lock(&self.queue).stats;
        (stats.width, stats.height) = (width, height);
        stats.decoded += 1;
        stats.skipped += skipped;
        Ok(!skip)
    }

    /// The oldest picture that waits and isn't from before `from`; older ones are skipped.
    pub(crate) fn read(&self, from: Duration) -> Option<(I420, Duration)> {
        let (picture, skipped) = lock(&self.pictures).pop_from(from);
        if skipped > 0 {
            lock(&self.queue).stats.skipped += skipped;
        }
        picture
    }

    /// Takes the memory of a picture back.
    pub(crate) fn give_back(&self, picture: I420) {
        if !lock(&self.queue).is_closed {
            lock(&self.pictures).spare.give(picture);
        }
    }

    pub(crate) fn stats(&self) -> DecodeStats {
        let waiting = lock(&self.pictures).len();
        DecodeStats { waiting, ..lock(&self.queue).stats }
    }

    /// The session has ended.
    pub(crate) fn close(&self) {
        {
            let mut queue = lock(&self.queue);
            queue.is_closed = true;
            queue.frames.clear();
            queue.bytes = 0;
        }
        lock(&self.pictures).spare.clear();
        self.let_go();
    }

    /// Frees the decoder, unless a thread has it, which does so itself then.
    fn let_go(&self) {
        if let Ok(mut decoder) = self.decoder.try_lock() {
            *decoder = None;
        }
    }
}
