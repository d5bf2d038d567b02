//! A session's video between its media thread, the video threads and JavaScript.
//!
//! The media thread brings encoded frames and takes encoded frames; decoding and encoding run on the threads of
//! [`pool`], each direction of a session in order, all sessions in turn. Pixels are converted on the caller's thread,
//! straight from and into its memory.

mod clock;
pub(crate) mod decoding;
pub(crate) mod encoding;
mod framerate_limit;
mod memory;
mod pictures;
pub(crate) mod pool;

pub use decoding::DecodeStats;
pub use encoding::{EmittedPicture, EncodeStats};

use crate::inbox::Command;
use crate::ready;
use crate::shared::Shared;
use crate::sync::{AtomicU64, Mutex};
use decoding::Decoding;
use encoding::{Encoding, Given};
use parley_session::VideoOptions;
use parley_video::{Codec, EncodedFrame, I420, PixelError, PixelFormat, PixelsMut, to_pixels};
use pool::{Pool, Work, lock};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// What is kept of received pictures for a handler that is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoQueue {
    /// So many pictures wait at most, 1 or more; beyond them the oldest is dropped.
    pub frames: usize,
    /// Only the newest waits.
    pub newest_only: bool,
}

impl Default for VideoQueue {
    fn default() -> Self {
        Self { frames: 3, newest_only: false }
    }
}

/// Counters of a session's video, beyond the network's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VideoStats {
    /// Of what is received.
    pub decode: DecodeStats,
    /// Of what is sent.
    pub encode: EncodeStats,
}

/// Why a picture is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoWriteError {
    /// The session has ended.
    Closed,
    /// The session sends no video.
    NoVideo,
    /// The pixels are no picture.
    Pixels(PixelError),
}

/// A session's video.
pub(crate) struct Video {
    decoding: Decoding,
    encoding: Encoding,
    sends: bool,
    threads: Mutex<Threads>,
    /// When the clock of pictures to send began.
    began: OnceLock<Instant>,
    /// Its time in microseconds, where time is moved by hand.
    moved_to: AtomicU64,
}

/// Who decodes and encodes.
enum Threads {
    /// The pool, once there is something to do.
    NotYet,
    Pool(Arc<Pool>),
    /// Whoever has something to do does it himself: so it is when time is moved by hand.
    Caller,
    /// Nobody any more.
    Gone,
}

impl Video {
    pub(crate) fn new(options: VideoOptions, queue: VideoQueue) -> Self {
        Self {
            decoding: Decoding::new(queue.frames, queue.newest_only),
            encoding: Encoding::new(options),
            sends: options.send,
            threads: Mutex::new(Threads::NotYet),
            began: OnceLock::new(),
            moved_to: AtomicU64::new(0),
        }
    }

    /// Has the session's owner do all work, who moves the time as well.
    pub(crate) fn run_by_hand(&self) {
        *lock(&self.threads) = Threads::Caller;
    }

    /// Pictures to send are timed by a clock that shows `time` now.
    pub(crate) fn set_clock(&self, now: Instant, time: Duration) {
        if let Some(began) = now.checked_sub(time) {
            self.began.get_or_init(|| began);
        }
        self.moved_to.store(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn time(&self) -> Duration {
        if let Threads::Caller = *lock(&self.threads) {
            return Duration::from_micros(self.moved_to.load(Ordering::Relaxed));
        }
        self.began.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// Has a direction's work done, by whoever does it.
    fn schedule(&self, shared: &Arc<Shared>, work: Box<dyn Work>) {
        match self.pool() {
            Ok(Some(pool)) => pool.schedule(work),
            Ok(None) => self.do_it_here(work),
            Err(error) => {
                let fault = format!("no video thread could be started: {error}");
                shared.ask(Command::Fault(shared.key, fault));
            }
        }
    }

    fn pool(&self) -> std::io::Result<Option<Arc<Pool>>> {
        let mut threads = lock(&self.threads);
        if let Threads::NotYet = *threads {
            memory::keep_pictures();
            *threads = Threads::Pool(Pool::get()?);
        }
        Ok(match &*threads {
            Threads::Pool(pool) => Some(pool.clone()),
            _ => None,
        })
    }

    fn do_it_here(&self, mut work: Box<dyn Work>) {
        let is_caller = matches!(*lock(&self.threads), Threads::Caller);
        while is_caller && work.run() {}
    }

    /// Counters, and what waits.
    pub(crate) fn stats(&self) -> VideoStats {
        VideoStats { decode: self.decoding.stats(), encode: self.encoding.stats() }
    }

    /// The session has ended: nothing is decoded or encoded any more, and the pool may end.
    pub(crate) fn close(&self) {
        self.decoding.close();
        self.encoding.close();
        let threads = std::mem::replace(&mut *lock(&self.threads), Threads::Gone);
        // Its threads may end here, which need not be waited for under the lock.
        drop(threads);
    }

    /// Whether all that was emitted is encoded; else the session is asked to drain once more when it is.
    pub(crate) fn drain(&self, close: bool) -> bool {
        self.encoding.drain(close)
    }

    /// The peer's side needs a key frame of us.
    pub(crate) fn want_key_frame(&self) {
        self.encoding.want_key_frame();
    }

    /// What the peer is to be sent.
    pub(crate) fn set_codec(&self, codec: Codec) {
        self.encoding.set_codec(codec);
    }

    /// Has the thread panic that decodes the next frame or encodes the next picture.
    #[cfg(any(test, feature = "fault-injection"))]
    pub(crate) fn inject_panics(&self) {
        self.decoding.fault.store(true, Ordering::SeqCst);
        self.encoding.fault.store(true, Ordering::SeqCst);
    }

    /// Bits a second that may be sent; 0 when the peer takes none.
    pub(crate) fn set_bitrate(&self, bitrate: u32) {
        self.encoding.set_bitrate(bitrate);
    }
}

/// Takes a frame of the peer, all that it is made from having come before.
pub(crate) fn receive(shared: &Arc<Shared>, frame: EncodedFrame) {
    let Some(video) = &shared.video else { return };
    let taken = video.decoding.take(frame);
    if taken.schedule {
        video.schedule(shared, Box::new(DecodeWork(shared.clone())));
    }
    if taken.wants_key_frame {
        shared.ask(Command::WantKeyFrame(shared.key));
    }
}

/// Takes a picture of the handler; false when there is no room yet, and [`VIDEO_ROOM`](crate::VIDEO_ROOM) follows.
pub(crate) fn emit(shared: &Arc<Shared>, picture: &EmittedPicture<'_>) -> Result<bool, VideoWriteError> {
    let video = shared.video.as_ref().filter(|video| video.sends).ok_or(VideoWriteError::NoVideo)?;
    if shared.closed.load(Ordering::SeqCst) {
        return Err(VideoWriteError::Closed);
    }
    let given = video.encoding.give(video.time(), picture).map_err(VideoWriteError::Pixels)?;
    if given == Given::Schedule {
        video.schedule(shared, Box::new(EncodeWork(shared.clone())));
    }
    Ok(given != Given::Refused)
}

/// The oldest picture of the peer that waits and isn't from before `from`.
pub(crate) fn read(shared: &Arc<Shared>, from: Duration) -> Option<ReceivedPicture> {
    let (picture, timestamp) = shared.video.as_ref()?.decoding.read(from)?;
    Some(ReceivedPicture { picture, timestamp, shared: shared.clone() })
}

/// A decoded picture of the peer. Its memory goes back to the session when it is dropped.
pub struct ReceivedPicture {
    picture: I420,
    timestamp: Duration,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for ReceivedPicture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} x {} at {:?}", self.width(), self.height(), self.timestamp)
    }
}

impl ReceivedPicture {
    /// In pixels, upright.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.picture.width()
    }

    /// In pixels, upright.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.picture.height()
    }

    /// In the time of the audio frames.
    #[must_use]
    pub fn timestamp(&self) -> Duration {
        self.timestamp
    }

    /// Writes its pixels into the caller's memory.
    ///
    /// # Errors
    /// [`PixelError::Length`] when there is not the room that [`PixelFormat::samples`] says.
    pub fn to_pixels(&self, format: PixelFormat, into: PixelsMut<'_>) -> Result<(), PixelError> {
        to_pixels(&self.picture, format, into)
    }
}

impl Drop for ReceivedPicture {
    fn drop(&mut self) {
        if let Some(video) = &self.shared.video {
            video.decoding.give_back(std::mem::replace(&mut self.picture, I420::blank(1, 1)));
        }
    }
}

fn tell(shared: &Shared, bits: u32) {
    shared.mark(bits);
    shared.each_list(|list| list.signal());
}

/// A session's decoding.
struct DecodeWork(Arc<Shared>);

impl Work for DecodeWork {
    fn run(&mut self) -> bool {
        let shared = &self.0;
        let Some(video) = &shared.video else { return false };
        let turn = video.decoding.turn();
        if turn.shows {
            tell(shared, ready::VIDEO);
        }
        if turn.wants_key_frame {
            shared.ask(Command::WantKeyFrame(shared.key));
        }
        turn.more
    }

    fn failed(&mut self, panic: &str) {
        self.0.ask(Command::Fault(self.0.key, panic.to_owned()));
    }
}

/// A session's encoding.
struct EncodeWork(Arc<Shared>);

impl Work for EncodeWork {
    fn run(&mut self) -> bool {
        let shared = &self.0;
        let Some(video) = &shared.video else { return false };
        let (room, picture) = video.encoding.begin_turn();
        if room {
            // The handler makes the next one meanwhile.
            tell(shared, ready::VIDEO_ROOM);
        }
        let Some(picture) = picture else { return false };
        if let Some(frame) = video.encoding.encode(picture) {
            shared.ask(Command::VideoFrame(shared.key, frame));
        }
        let next = video.encoding.end_turn();
        if let Some(close) = next.drain {
            shared.ask(Command::Drain { key: shared.key, close });
        }
        next.more
    }

    fn failed(&mut self, panic: &str) {
        self.0.ask(Command::Fault(self.0.key, panic.to_owned()));
    }
}
