//! What a session's worker and its JavaScript side both touch.

use crate::inbox::{Command, Inbox};
use crate::line::LineShared;
use crate::queue::FrameQueue;
use crate::ready::{self, Place, ReadyList};
use crate::requests::Requests;
use crate::room::OutputDepth;
use crate::speech_queue::SpeechQueue;
use crate::sync::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Mutex, MutexGuard};
use crate::video::{Video, VideoQueue, VideoStats};
use parley_media::{Played, SpeechEvent};
use parley_session::{SessionOptions, SessionStats};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

/// Events that wait for JavaScript; a peer that floods us with messages or keys loses the oldest of them.
const MAX_EVENTS: usize = 1024;
/// The same, by the bytes of their texts.
const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// What the environment that accepted a session is told even when another has attached it.
const ACCEPTORS: u32 = ready::EVENT;

/// Bounds of a session's queues.
#[derive(Debug, Clone, Copy)]
pub struct QueueLimits {
    /// Received audio that waits for the handler; beyond it the oldest is dropped.
    pub input: Duration,
    /// Received pictures that wait for the handler.
    pub video: VideoQueue,
}

/// What JavaScript is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEvent {
    /// `answer`, `rejected`, `renegotiation-rejected`, `connected`, `disconnected`, `channel-open`, `channel-closed`,
    /// `message`, `dtmf`, `played`, `drained`, `input-dropped`, `error` or `closed`.
    pub kind: &'static str,
    /// A code for programs: of a rejection, of an error, or the reason of the close.
    pub code: Option<&'static str>,
    /// An SDP, a message's text, a key, or a sentence for people.
    pub text: Option<String>,
    /// How long a key was down, or how much audio waits for the handler.
    pub duration: Option<Duration>,
    /// What became of the audio before a mark.
    pub played: Option<Played>,
}

impl SessionEvent {
    pub(crate) fn new(kind: &'static str) -> Self {
        Self { kind, code: None, text: None, duration: None, played: None }
    }

    pub(crate) fn played(played: Played) -> Self {
        Self { played: Some(played), ..Self::new("played") }
    }

    pub(crate) fn text(kind: &'static str, text: String) -> Self {
        Self { text: Some(text), ..Self::new(kind) }
    }

    pub(crate) fn dtmf(digit: char, duration: Duration) -> Self {
        Self { duration: Some(duration), ..Self::text("dtmf", digit.to_string()) }
    }

    /// The handler is behind by so much, and what is older is dropped.
    pub(crate) fn input_dropped(behind: Duration) -> Self {
        Self { duration: Some(behind), ..Self::new("input-dropped") }
    }

    pub(crate) fn coded(kind: &'static str, code: &'static str, text: String) -> Self {
        Self { code: Some(code), ..Self::text(kind, text) }
    }
}

/// How long so many frames are.
fn frames_of(count: usize) -> Duration {
    Duration::from_millis(20) * u32::try_from(count).unwrap_or(u32::MAX)
}

/// A session's counters and queue depths, as JavaScript reads them.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Counters of the session, at most a tenth of a second old.
    pub session: SessionStats,
    /// Frames that nobody took in time.
    pub input_dropped: u64,
    /// Payloads that were dropped for a socket's far end that reads too slowly.
    pub output_dropped: u64,
    /// Received audio that waits for the handler.
    pub input_queue: Duration,
    /// Emitted audio that waits to be sent.
    pub output_queue: Duration,
    /// What was decoded and encoded, if the session has video.
    pub video: Option<VideoStats>,
}

/// Held by whoever runs a session. Let go of before the session has ended, by a thread that unwinds, it tells of that.
pub(crate) struct Tenure(Arc<Shared>);

impl Tenure {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }
}

impl Tenure {
    /// What both sides touch, for whoever works on the session's media.
    pub(crate) fn share(&self) -> &Arc<Shared> {
        &self.0
    }
}

impl std::ops::Deref for Tenure {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Drop for Tenure {
    fn drop(&mut self) {
        if !self.0.closed.load(Ordering::SeqCst) {
            self.0.fail("its media thread has ended");
        }
    }
}

/// Whether messages can be sent.
pub(crate) mod channel_state {
    pub(crate) const NOT_YET: u8 = 0;
    pub(crate) const OPEN: u8 = 1;
    pub(crate) const CLOSED: u8 = 2;
}

pub(crate) struct Shared {
    pub(crate) key: u32,
    pub(crate) options: SessionOptions,
    /// In the list of the environment that accepted the offer.
    pub(crate) accepted: Arc<Place>,
    /// In the list of the environment that runs the handler, when that is another: it hears of audio and room.
    attached: Mutex<Option<Arc<Place>>>,
    requests: Requests,
    /// The WebSocket that the session's audio goes over.
    pub(crate) line: OnceLock<Arc<LineShared>>,
    /// Keeps the media threads alive; gone when the session is.
    threads: Mutex<Option<Arc<dyn Send + Sync>>>,
    frames: Mutex<FrameQueue>,
    speech: Mutex<SpeechQueue>,
    events: Mutex<VecDeque<SessionEvent>>,
    stats: Mutex<SessionStats>,
    pub(crate) video: Option<Video>,
    pub(crate) output: OutputDepth,
    /// Microseconds of emitted audio that the peer has heard.
    pub(crate) played: AtomicU64,
    /// Payloads that were dropped for a socket's far end that reads too slowly.
    pub(crate) output_dropped: AtomicU64,
    /// Bytes of messages handed over and not yet taken by the worker.
    pub(crate) message_bytes: AtomicUsize,
    /// Bytes of messages that waited for the peer when the worker last looked.
    pub(crate) messages_buffered: AtomicUsize,
    pub(crate) channel: AtomicU8,
    pub(crate) closed: AtomicBool,
    /// The `closed` event is among the events, or has been taken.
    pub(crate) ended: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while it was held ended that session; the value itself is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bytes of all texts that wait.
fn bytes(events: &VecDeque<SessionEvent>) -> usize {
    events.iter().filter_map(|event| event.text.as_ref()).map(String::len).sum()
}

impl Shared {
    pub(crate) fn new(key: u32, options: SessionOptions, limits: QueueLimits, list: Arc<ReadyList>) -> Self {
        let output = OutputDepth::new(options.output_target);
        let capacity = usize::try_from(limits.input.as_millis() / 20).unwrap_or(usize::MAX);
        let video = options.video.map(|video| Video::new(video, limits.video));
        Self {
            key,
            options,
            accepted: Arc::new(Place::new(key, list)),
            attached: Mutex::new(None),
            requests: Requests::default(),
            line: OnceLock::new(),
            threads: Mutex::new(None),
            frames: Mutex::new(FrameQueue::new(capacity)),
            speech: Mutex::new(SpeechQueue::default()),
            events: Mutex::new(VecDeque::new()),
            stats: Mutex::new(SessionStats::default()),
            video,
            output,
            played: AtomicU64::new(0),
            output_dropped: AtomicU64::new(0),
            message_bytes: AtomicUsize::new(0),
            messages_buffered: AtomicUsize::new(0),
            channel: AtomicU8::new(channel_state::NOT_YET),
            closed: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        }
    }

    /// Asks the session's worker, or keeps the request until there is one.
    pub(crate) fn ask(&self, command: Command) {
        self.requests.ask(command);
    }

    /// Hands the session to a worker, with all that was asked for before.
    pub(crate) fn adopt(&self, inbox: &Arc<Inbox>, adopt: Command) {
        self.requests.adopt(inbox, adopt);
    }

    /// Sends what was asked for before, and what will be, to whoever runs the session already.
    pub(crate) fn adopt_here(&self, inbox: &Arc<Inbox>) {
        self.requests.adopt_here(inbox);
    }

    /// Adds bits to what the session has to say; the caller signals the lists.
    pub(crate) fn mark(&self, bits: u32) {
        let attached = lock(&self.attached);
        match &*attached {
            Some(place) => {
                place.mark(bits & !ACCEPTORS);
                self.accepted.mark(bits & ACCEPTORS);
            }
            None => self.accepted.mark(bits),
        }
    }

    /// Shows each list that the session may be in.
    pub(crate) fn each_list(&self, mut show: impl FnMut(&Arc<ReadyList>)) {
        show(self.accepted.list());
        if let Some(place) = &*lock(&self.attached) {
            show(place.list());
        }
    }

    /// From now on `list` hears of audio and room, beginning with what waits already. `None` when another does.
    pub(crate) fn attach(&self, list: Arc<ReadyList>) -> Option<Arc<Place>> {
        let mut attached = lock(&self.attached);
        if attached.is_some() {
            return None;
        }
        let place = Arc::new(Place::new(self.key, list));
        // Under the lock: a frame of before is found by this mark, a later one marks the new place.
        let video = if self.video.is_some() { ready::VIDEO | ready::VIDEO_ROOM } else { 0 };
        place.mark(ready::AUDIO | ready::ROOM | video);
        *attached = Some(place.clone());
        Some(place)
    }

    /// Whoever has that place hears no more.
    pub(crate) fn detach(&self, place: &Arc<Place>) {
        let mut attached = lock(&self.attached);
        if attached.as_ref().is_some_and(|current| Arc::ptr_eq(current, place)) {
            *attached = None;
        }
    }

    /// Adds a frame; whoever reads frames is told of it with a later one, or by [`mark`](Self::mark). The first time that one
    /// is dropped for it, the acceptor is told.
    pub(crate) fn push_frame(&self, frame: &[i16]) {
        let (is_behind, waiting) = {
            let mut frames = lock(&self.frames);
            (frames.push(frame), frames.len())
        };
        if is_behind {
            self.push_event(SessionEvent::input_dropped(frames_of(waiting)));
        }
    }

    pub(crate) fn pop_frame(&self, into: &mut [i16]) -> Result<usize, usize> {
        lock(&self.frames).pop(into)
    }

    pub(crate) fn has_frames(&self) -> bool {
        lock(&self.frames).len() > 0
    }

    /// Drops the frames that wait.
    pub(crate) fn drop_frames(&self) {
        lock(&self.frames).clear();
    }

    pub(crate) fn push_speech(&self, event: SpeechEvent) {
        lock(&self.speech).push(event);
        self.mark(ready::AUDIO);
    }

    pub(crate) fn pop_speech(&self) -> Option<SpeechEvent> {
        lock(&self.speech).pop()
    }

    pub(crate) fn push_event(&self, event: SessionEvent) {
        let mut events = lock(&self.events);
        events.push_back(event);
        while (events.len() > MAX_EVENTS || bytes(&events) > MAX_EVENT_BYTES)
            && let Some(oldest) = events.iter().position(|event| matches!(event.kind, "message" | "dtmf"))
        {
            events.remove(oldest);
        }
        drop(events);
        self.mark(ready::EVENT);
    }

    pub(crate) fn take_events(&self) -> VecDeque<SessionEvent> {
        std::mem::take(&mut *lock(&self.events))
    }

    pub(crate) fn set_stats(&self, stats: SessionStats) {
        *lock(&self.stats) = stats;
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let (waiting, dropped) = {
            let frames = lock(&self.frames);
            (frames.len(), frames.dropped())
        };
        Snapshot {
            session: lock(&self.stats).clone(),
            input_dropped: dropped,
            output_dropped: self.output_dropped.load(Ordering::SeqCst),
            input_queue: frames_of(waiting),
            output_queue: self.output.get(),
            video: self.video.as_ref().map(Video::stats),
        }
    }

    /// Keeps what runs the session alive until it has ended.
    pub(crate) fn hold(&self, threads: Arc<dyn Send + Sync>) {
        *lock(&self.threads) = Some(threads);
    }

    /// Tells that there will be no session.
    pub(crate) fn reject(&self, code: &'static str, message: &str) {
        self.push_event(SessionEvent::coded("rejected", code, message.to_owned()));
        self.close("failed");
        self.accepted.list().signal();
    }

    /// Tells that a fault ended the session.
    pub(crate) fn fail(&self, fault: &str) {
        log::error!("a session ended by a fault: {fault}");
        let text = format!("the session ended by a fault in the media core: {fault}");
        self.push_event(SessionEvent::coded("error", "ERR_PARLEY_SESSION_FAULT", text));
        self.close("error");
        self.each_list(|list| list.signal());
    }

    /// Tells that the session ended; the threads may end with it.
    pub(crate) fn close(&self, reason: &'static str) {
        if self.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        self.channel.store(channel_state::CLOSED, Ordering::SeqCst);
        lock(&self.events).push_back(SessionEvent { code: Some(reason), ..SessionEvent::new("closed") });
        self.ended.store(true, Ordering::SeqCst);
        self.mark(ready::EVENT);
        if let Some(video) = &self.video {
            video.close();
        }
        // JavaScript may have the session for long, until its collector finds it: in a worker thread that makes little garbage
        // hundreds of them.
        self.requests.end();
        lock(&self.threads).take();
    }
}
