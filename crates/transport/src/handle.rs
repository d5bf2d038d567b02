//! The JavaScript side of a session.

use crate::inbox::Command;
use crate::line::LineRequest;
use crate::ready::Place;
use crate::shared::{SessionEvent, Shared, Snapshot, channel_state};
use crate::video::{self, EmittedPicture, ReceivedPicture, VideoWriteError};
use parley_media::{Chunk, Mark, SpeechEvent, SpeechRequest};
use parley_session::{MAX_BUFFERED_BYTES, MAX_MESSAGE_BYTES};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The caller's array is too short for a frame; the frame stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadError {
    /// Samples of a frame, all channels counted.
    pub needed: usize,
}

/// The session has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteError;

/// Why a message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendError {
    /// The channel closed, or the session ended.
    Closed,
    /// Longer than 64 KiB.
    TooLarge,
    /// A mebibyte waits already.
    Full,
}

/// A session that its worker runs, as one environment holds it. Dropping the handle does not end the session.
pub struct SessionHandle {
    shared: Arc<Shared>,
    place: Arc<Place>,
    attached: bool,
}

impl SessionHandle {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let place = shared.accepted.clone();
        Self { shared, place, attached: false }
    }

    pub(crate) fn attached(shared: Arc<Shared>, place: Arc<Place>) -> Self {
        Self { shared, place, attached: true }
    }

    /// Whether another environment accepted the session. Then this one hears of audio and room, and never of events.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.attached
    }

    /// Lets go of an attached session: this environment hears of it no more. Does nothing to one accepted here.
    pub fn detach(&self) {
        self.shared.detach(&self.place);
    }

    /// What [`ReadyList::take`](crate::ReadyList::take) calls the session.
    #[must_use]
    pub fn key(&self) -> u32 {
        self.shared.key
    }

    /// Why the session is in the list: the sum of [`AUDIO`](crate::AUDIO), [`ROOM`](crate::ROOM),
    /// [`EVENT`](crate::EVENT), [`VIDEO`](crate::VIDEO) and [`VIDEO_ROOM`](crate::VIDEO_ROOM), and 0 from then on until
    /// something is new.
    #[must_use]
    pub fn take_ready(&self) -> u32 {
        self.place.take()
    }

    /// Whether [`take_ready`](Self::take_ready) would give something.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.place.is_ready()
    }

    /// Whether the last event, `closed`, is among the events or has been taken.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.shared.ended.load(Ordering::SeqCst)
    }

    /// All events since the last call, in order; none for an attached handle, for they are the acceptor's.
    #[must_use]
    pub fn take_events(&self) -> VecDeque<SessionEvent> {
        if self.attached { VecDeque::new() } else { self.shared.take_events() }
    }

    /// Moves the oldest frame into `into`; returns its samples for each channel, 0 when none waits.
    ///
    /// # Errors
    /// [`ReadError`] when `into` is too short; the frame stays.
    pub fn read_audio(&self, into: &mut [i16]) -> Result<usize, ReadError> {
        let channels = self.shared.options.input.layout.channels();
        self.shared.pop_frame(into).map(|samples| samples / channels).map_err(|needed| ReadError { needed })
    }

    /// Whether a frame waits. Where none does, [`AUDIO`](crate::AUDIO) is told once one will.
    pub fn has_audio(&self) -> bool {
        self.shared.has_frames()
    }

    /// Hands over audio that was found in a message of the far end of the socket, of any length, and its number where the far end
    /// counts. After the end it is dropped.
    pub fn receive(&self, chunk: Option<u64>, payload: &[u8]) {
        if !self.shared.closed.load(Ordering::SeqCst) {
            self.ask_line(LineRequest::Audio(chunk, payload.to_vec()));
        }
    }

    /// The far end of the socket has played so many messages with audio, as was found in a message.
    pub fn acknowledge(&self, messages: u64) {
        self.ask_line(LineRequest::Played(messages));
    }

    /// The far end of the socket has sent a mark back, as was found in a message.
    pub fn marked(&self, name: String) {
        self.ask_line(LineRequest::Mark(name));
    }

    fn ask_line(&self, request: LineRequest) {
        if let Some(line) = self.shared.line.get() {
            // By the session's way, lest it overtake the session.
            self.shared.ask(Command::Line(line.key, request));
        }
    }

    /// The oldest picture of the peer that waits; [`VIDEO`](crate::VIDEO) says that there is one. Those from before `from`,
    /// in the time of the audio frames, are skipped, and counted as that.
    #[must_use]
    pub fn read_video(&self, from: Duration) -> Option<ReceivedPicture> {
        video::read(&self.shared, from)
    }

    /// Sends a picture. False when the encoder is behind: the picture was not taken, and
    /// [`VIDEO_ROOM`](crate::VIDEO_ROOM) follows.
    ///
    /// # Errors
    /// See [`VideoWriteError`].
    pub fn write_video(&self, picture: &EmittedPicture<'_>) -> Result<bool, VideoWriteError> {
        video::emit(&self.shared, picture)
    }

    /// Asks for something about speech.
    pub fn speech(&self, request: SpeechRequest) {
        self.shared.ask(Command::Speech(self.shared.key, request));
    }

    /// The oldest event about speech that waits.
    #[must_use]
    pub fn read_speech(&self) -> Option<SpeechEvent> {
        self.shared.pop_speech()
    }

    /// Appends audio to send; returns the depth of the queue after it.
    ///
    /// # Errors
    /// [`WriteError`] when the session has ended.
    pub fn write_audio(&self, chunk: Chunk) -> Result<Duration, WriteError> {
        let shared = &self.shared;
        if shared.closed.load(Ordering::SeqCst) {
            return Err(WriteError);
        }
        // Before the worker can take the chunk, so that the caller's wish for room is never too late.
        let depth = shared.output.hand_over(chunk.duration());
        shared.ask(Command::Audio(shared.key, chunk));
        Ok(depth)
    }

    /// Puts a mark behind all audio so far; a `played` event with it follows, whatever becomes of the audio.
    ///
    /// # Errors
    /// [`WriteError`] when the session has ended.
    pub fn mark(&self, mark: Mark) -> Result<(), WriteError> {
        if self.shared.closed.load(Ordering::SeqCst) {
            return Err(WriteError);
        }
        self.shared.ask(Command::Mark(self.shared.key, mark));
        Ok(())
    }

    /// How much emitted audio the peer has heard: what was sent, less half a round trip.
    #[must_use]
    pub fn played(&self) -> Duration {
        Duration::from_micros(self.shared.played.load(Ordering::SeqCst))
    }

    /// Depth of the output queue.
    #[must_use]
    pub fn queued(&self) -> Duration {
        self.shared.output.get()
    }

    /// Drops all audio that has not been sent.
    pub fn clear_queue(&self) {
        self.shared.ask(Command::ClearQueue(self.shared.key));
    }

    /// Queues a text message; it is kept until the channel opens.
    ///
    /// # Errors
    /// See [`SendError`].
    pub fn send_message(&self, text: String) -> Result<(), SendError> {
        let shared = &self.shared;
        if shared.channel.load(Ordering::SeqCst) == channel_state::CLOSED {
            return Err(SendError::Closed);
        }
        if text.len() > MAX_MESSAGE_BYTES {
            return Err(SendError::TooLarge);
        }
        let before = shared.message_bytes.fetch_add(text.len(), Ordering::SeqCst);
        if before + shared.messages_buffered.load(Ordering::SeqCst) + text.len() > MAX_BUFFERED_BYTES {
            shared.message_bytes.fetch_sub(text.len(), Ordering::SeqCst);
            return Err(SendError::Full);
        }
        shared.ask(Command::Message(shared.key, text));
        Ok(())
    }

    /// A candidate of the peer; one that can't be used does no harm.
    pub fn add_candidate(&self, candidate: String) {
        self.shared.ask(Command::Candidate(self.shared.key, candidate));
    }

    /// A later offer of the peer; the result comes as an `answer` or `renegotiation-rejected` event.
    pub fn renegotiate(&self, offer: String) {
        self.shared.ask(Command::Renegotiate(self.shared.key, offer));
    }

    /// Says `drained` when all audio so far was sent and heard, then closes if `close`.
    pub fn drain(&self, close: bool) {
        self.shared.ask(Command::Drain { key: self.shared.key, close });
    }

    /// Ends the session; `closed` follows.
    pub fn close(&self) {
        self.shared.ask(Command::Close(self.shared.key));
    }

    /// Counters and queue depths.
    #[must_use]
    pub fn stats(&self) -> Snapshot {
        self.shared.snapshot()
    }

    /// Makes the session panic, for tests of what happens then.
    #[cfg(any(test, feature = "fault-injection"))]
    pub fn inject_panic(&self) {
        self.shared.ask(Command::Panic(self.shared.key));
    }

    /// Has the video threads panic with the session's next frame and its next picture.
    #[cfg(any(test, feature = "fault-injection"))]
    pub fn inject_video_panics(&self) {
        if let Some(video) = &self.shared.video {
            video.inject_panics();
        }
    }

    /// Makes the next so many rounds of the session's media thread panic, each outside of all sessions.
    #[cfg(any(test, feature = "fault-injection"))]
    pub fn inject_panic_outside(&self, rounds: u32) {
        self.shared.ask(Command::PanicOutside(rounds));
    }
}
