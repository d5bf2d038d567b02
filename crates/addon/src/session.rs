//! A session's handle.

use crate::errors::{Code, Result};
use crate::options::format;
use crate::speech::{NativeSpeechEvent, SpeechSettings, reply_mode};
use crate::stats::{NativeStats, to_ms};
use napi::Env;
use napi::bindgen_prelude::{Float32ArraySlice, Int16ArraySlice, Uint8ArraySlice};
use napi_derive::napi;
use parley_transport::{Chunk, Mark, ReceivedPicture, Samples, SendError, SessionHandle, SpeechRequest};
use std::sync::Arc;
use std::time::Duration;

/// Something that a session has to tell.
#[napi(object)]
pub struct NativeEvent {
    /// 'answer' (text: the SDP), 'rejected' and 'renegotiation-rejected' (code, text), 'connected', 'disconnected' (it
    /// may come back), 'channel-open', 'channel-closed', 'message' (text), 'dtmf' (text: the key, value: how long it was
    /// down in ms), 'played' (mark, playedMs, lengthMs), 'drained', 'input-dropped' (value: how much audio waits for the
    /// handler in ms; told once), 'error' (code, text), or 'closed' (code: 'local', 'peer', 'timeout', 'connect_timeout',
    /// 'failed' or 'error').
    pub kind: String,
    pub code: Option<String>,
    pub text: Option<String>,
    pub value: Option<f64>,
    /// What `mark` was given.
    pub mark: Option<u32>,
    /// How much of the audio before the mark was heard.
    pub played_ms: Option<f64>,
    /// How long that audio is.
    pub length_ms: Option<f64>,
}

/// One session. Dropping the handle does not end it; `close` does.
#[napi]
pub struct NativeSession {
    pub(crate) session: Arc<SessionHandle>,
    /// What `nextPicture` took.
    pub(crate) picture: Option<ReceivedPicture>,
}

impl NativeSession {
    pub fn new(session: Arc<SessionHandle>) -> Self {
        Self { session, picture: None }
    }

    fn write(&self, samples: Samples, sample_rate: u32, channels: u32) -> Result<f64> {
        let length = match &samples {
            Samples::I16(samples) => samples.len(),
            Samples::F32(samples) => samples.len(),
        };
        let format = format(sample_rate, channels)?;
        if !length.is_multiple_of(channels as usize) {
            let message = format!("{length} samples can't be shared out evenly between {channels} channels");
            return Err(Code::INVALID_ARGUMENT.error(message));
        }
        let chunk = Chunk { samples, rate: format.rate, layout: format.layout };
        self.session
            .write_audio(chunk)
            .map(to_ms)
            .map_err(|_| Code::SESSION_CLOSED.error("the session has ended"))
    }
}

#[napi]
impl NativeSession {
    /// What `NativeHost.poll` calls this session.
    #[napi(getter, catch_unwind)]
    pub fn key(&self) -> u32 {
        self.session.key()
    }

    /// All events since the last call, in order.
    #[napi(catch_unwind)]
    pub fn take_events(&self) -> Vec<NativeEvent> {
        let event = |event: parley_transport::SessionEvent| NativeEvent {
            kind: event.kind.to_owned(),
            code: event.code.map(str::to_owned),
            text: event.text,
            value: event.duration.map(to_ms),
            mark: event.played.map(|played| played.mark),
            played_ms: event.played.map(|played| to_ms(played.played)),
            length_ms: event.played.map(|played| to_ms(played.length)),
        };
        self.session.take_events().into_iter().map(event).collect()
    }

    /// Moves the oldest 20 ms frame into `into` (interleaved PCM) and returns the samples for each channel: 0 when none
    /// waits, and negative when no other does, of which AUDIO will tell. Throws ERR_PARLEY_BUFFER_TOO_SMALL and leaves the
    /// frame in place.
    #[napi(catch_unwind)]
    pub fn read_audio(&self, mut into: Int16ArraySlice<'_>) -> Result<i32> {
        // SAFETY: JavaScript stands still during the call, and src/driver/frame-reader.ts makes these arrays itself, on
        // memory that no other thread shares; it hands one out only after this call has filled it. A detached array has
        // no length here.
        let samples = unsafe { into.as_mut() };
        let length = samples.len();
        let read = self.session.read_audio(samples).map_err(|error| {
            Code::BUFFER_TOO_SMALL.error(format!("a frame has {} samples, the array {length}", error.needed))
        })?;
        // A frame has at most 192,000 / 50 samples.
        let read = read as i32;
        Ok(if self.session.has_audio() { read } else { -read })
    }

    /// Takes audio of a socket's far end that JavaScript found in a message, with its number where the far end counts. It is
    /// copied.
    #[napi(catch_unwind)]
    pub fn receive(&self, payload: Uint8ArraySlice<'_>, chunk: Option<f64>) {
        // A number that is none is 0 then, and no far end's.
        self.session.receive(chunk.map(|chunk| chunk as u64), &payload);
    }

    /// The far end of the socket has played so many messages with audio since the start, as JavaScript found in a message.
    #[napi(catch_unwind)]
    pub fn acknowledge(&self, messages: u32) {
        self.session.acknowledge(messages.into());
    }

    /// The far end of the socket has sent a mark back, as JavaScript found in a message.
    #[napi(catch_unwind)]
    pub fn marked(&self, name: String) {
        self.session.marked(name);
    }

    /// From now on events about speech come instead of frames, told by AUDIO as these are. Throws
    /// ERR_PARLEY_INVALID_ARGUMENT naming a setting that is out of range.
    #[napi(catch_unwind)]
    pub fn listen_for_speech(&self, settings: SpeechSettings) -> Result<()> {
        self.session.speech(SpeechRequest::Listen(settings.try_into()?));
        Ok(())
    }

    /// The oldest event about speech that waits.
    #[napi(catch_unwind)]
    pub fn read_speech<'env>(&self, env: &'env Env) -> napi::Result<Option<NativeSpeechEvent<'env>>> {
        self.session.read_speech().map(|event| NativeSpeechEvent::new(env, event)).transpose()
    }

    /// A reply begins or has ended: 'none', 'interruptible', 'ask' or 'deaf'.
    #[napi(catch_unwind)]
    pub fn set_reply(&self, mode: String) -> Result<()> {
        self.session.speech(SpeechRequest::Reply(reply_mode(&mode)?));
        Ok(())
    }

    /// The turn that paused last isn't over: the next one's audio begins where that one's did.
    #[napi(catch_unwind)]
    pub fn continue_turn(&self) {
        self.session.speech(SpeechRequest::ContinueTurn);
    }

    /// A 'peeked' event with what was said of the turn so far follows, and nothing changes.
    #[napi(catch_unwind)]
    pub fn peek_turn(&self) {
        self.session.speech(SpeechRequest::PeekTurn);
    }

    /// The turn is over now; a 'pause' event with the reason 'taken' follows.
    #[napi(catch_unwind)]
    pub fn take_turn(&self) {
        self.session.speech(SpeechRequest::TakeTurn);
    }

    /// Nobody has said anything.
    #[napi(catch_unwind)]
    pub fn reset_speech(&self) {
        self.session.speech(SpeechRequest::Reset);
    }

    /// Appends interleaved 16-bit PCM of any length; returns the queue's depth after it in ms. Throws
    /// ERR_PARLEY_SESSION_CLOSED after the end, ERR_PARLEY_INVALID_ARGUMENT for a rate outside 8000 to 192000 Hz,
    /// channels other than 1 and 2, or samples that don't share out evenly.
    #[napi(catch_unwind)]
    pub fn write_audio(&self, samples: Int16ArraySlice<'_>, sample_rate: u32, channels: u32) -> Result<f64> {
        self.write(Samples::I16(samples.to_vec()), sample_rate, channels)
    }

    /// The same for 32-bit floats from -1 to 1.
    #[napi(catch_unwind)]
    pub fn write_audio_float(
        &self,
        samples: Float32ArraySlice<'_>,
        sample_rate: u32,
        channels: u32,
    ) -> Result<f64> {
        self.write(Samples::F32(samples.to_vec()), sample_rate, channels)
    }

    /// Puts a mark behind all audio written so far; a 'played' event with it follows, whatever becomes of the audio, before
    /// the one that ends the session. It is about the last `overMs` of the audio, or about all since the mark before.
    /// Throws ERR_PARLEY_SESSION_CLOSED after the end.
    #[napi(catch_unwind)]
    pub fn mark(&self, mark: u32, over_ms: Option<f64>) -> Result<()> {
        let over = over_ms.map(|ms| Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default());
        self.session
            .mark(Mark { id: mark, over })
            .map_err(|_| Code::SESSION_CLOSED.error("the session has ended"))
    }

    /// How much written audio the peer has heard, ms: what was sent, less half a round trip. It never falls.
    #[napi(catch_unwind)]
    pub fn played_ms(&self) -> f64 {
        to_ms(self.session.played())
    }

    /// Depth of the output queue in ms.
    #[napi(catch_unwind)]
    pub fn queued_ms(&self) -> f64 {
        to_ms(self.session.queued())
    }

    /// Drops all audio that has not been sent.
    #[napi(catch_unwind)]
    pub fn clear_queue(&self) {
        self.session.clear_queue();
    }

    /// Queues a text message for the peer's data channel; it is kept until the channel opens. Throws
    /// ERR_PARLEY_CHANNEL_CLOSED, ERR_PARLEY_MESSAGE_TOO_LARGE (64 KiB) or ERR_PARLEY_CHANNEL_FULL (1 MiB waits).
    #[napi(catch_unwind)]
    pub fn send_message(&self, text: String) -> Result<()> {
        let length = text.len();
        self.session.send_message(text).map_err(|error| match error {
            SendError::Closed => Code::CHANNEL_CLOSED.error("the data channel has closed"),
            SendError::TooLarge => {
                Code::MESSAGE_TOO_LARGE.error(format!("the message has {length} bytes; 65536 is the most"))
            }
            SendError::Full => {
                Code::CHANNEL_FULL.error("the peer takes no messages, and 1 MiB of them waits")
            }
        })
    }

    /// A candidate of the peer (`RTCIceCandidate.candidate`). One that can't be used does no harm.
    #[napi(catch_unwind)]
    pub fn add_candidate(&self, candidate: String, _sdp_mid: Option<String>, _sdp_m_line_index: Option<u32>) {
        self.session.add_candidate(candidate);
    }

    /// A later offer of the same session; the result comes as 'answer' or 'renegotiation-rejected'.
    #[napi(catch_unwind)]
    pub fn renegotiate(&self, offer_sdp: String) {
        self.session.renegotiate(offer_sdp);
    }

    /// Says 'drained' when all audio so far was sent and had time to be heard.
    #[napi(catch_unwind)]
    pub fn drain(&self) {
        self.session.drain(false);
    }

    /// Counters and queue depths.
    #[napi(catch_unwind)]
    pub fn stats(&self) -> NativeStats {
        self.session.stats().into()
    }

    /// Ends it, and 'closed' follows. With `drain` everything queued is sent first, else it is dropped.
    #[napi(catch_unwind)]
    pub fn close(&self, drain: bool) {
        if drain {
            self.session.drain(true);
        } else {
            self.session.close();
        }
    }
}
