//! A WebSocket's handle.

use crate::errors::{Code, Result};
use napi::Env;
use napi::bindgen_prelude::{Uint8Array, Uint8ArraySlice};
use napi_derive::napi;
use parley_transport::{Carrier, Marks, Protocol, Reads, Sends, SocketError, SocketEvent, SocketHandle};
use std::sync::Arc;
use std::time::Duration;

/// What a WebSocket is, right behind its handshake.
#[napi(object)]
pub struct NativeSocketOptions {
    /// Its descriptor, of which a duplicate is used; left out: JavaScript carries its bytes. Not on Windows.
    pub fd: Option<i32>,
    /// What was read of it already.
    pub head: Uint8Array,
}

impl NativeSocketOptions {
    pub fn carrier(&self) -> Result<Carrier> {
        match self.fd {
            None => Ok(Carrier::Carried),
            Some(fd) => native(fd),
        }
    }
}

#[cfg(unix)]
fn native(fd: i32) -> Result<Carrier> {
    use std::os::fd::BorrowedFd;
    if fd < 0 {
        return Err(Code::INVALID_ARGUMENT.error(format!("fd is {fd}, and no descriptor")));
    }
    // SAFETY: it is no negative number, and src/native/descriptor.ts has it from the handle of an open connection, which this
    // thread alone closes, and not during the call. Nothing is done by it but to duplicate it.
    let descriptor = unsafe { BorrowedFd::borrow_raw(fd) };
    Carrier::duplicate(descriptor)
        .map_err(|error| Code::INVALID_ARGUMENT.error(format!("fd is {fd}, which can't be used: {error}")))
}

#[cfg(not(unix))]
fn native(_: i32) -> Result<Carrier> {
    Err(Code::INVALID_ARGUMENT.error("fd is of no use here".to_owned()))
}

/// Something that a WebSocket has to tell.
#[napi(object, object_from_js = false)]
pub struct NativeSocketEvent<'env> {
    /// 'text' and 'binary' (a message that is no audio), 'closed' (code, reason: nothing comes any more, and nothing can be
    /// sent), 'gone' (the connection is over; the last of all).
    pub kind: String,
    pub text: Option<String>,
    pub data: Option<Uint8ArraySlice<'env>>,
    /// Of a close frame, 1005 when it had none, or 1006 when there was none.
    pub code: Option<u32>,
    pub reason: Option<String>,
}

impl<'env> NativeSocketEvent<'env> {
    fn of(kind: &str) -> Self {
        Self { kind: kind.to_owned(), text: None, data: None, code: None, reason: None }
    }

    fn new(env: &'env Env, event: SocketEvent) -> napi::Result<Self> {
        Ok(match event {
            SocketEvent::Text(text) => Self { text: Some(text), ..Self::of("text") },
            SocketEvent::Binary(data) => {
                Self { data: Some(Uint8ArraySlice::copy_from(env, data)?), ..Self::of("binary") }
            }
            SocketEvent::Closed { code, reason } => {
                Self { code: Some(code.into()), reason: Some(reason), ..Self::of("closed") }
            }
            SocketEvent::Gone => Self::of("gone"),
        })
    }
}

/// One WebSocket of a media thread. Dropping the handle does not end it.
#[napi]
pub struct NativeSocket {
    pub(crate) socket: Arc<SocketHandle>,
}

#[napi]
impl NativeSocket {
    /// What `NativeHost.poll` calls this socket; no session is called so.
    #[napi(getter, catch_unwind)]
    pub fn key(&self) -> u32 {
        self.socket.key()
    }

    /// The oldest event that waits; no message while these are held. SOCKET (64) says that there are any.
    #[napi(catch_unwind)]
    pub fn next_event<'env>(&self, env: &'env Env) -> napi::Result<Option<NativeSocketEvent<'env>>> {
        self.socket.next_event().map(|event| NativeSocketEvent::new(env, event)).transpose()
    }

    /// Messages wait from now on for a session that is about to begin: then those with audio go to it, and the others come by
    /// `nextEvent`. 'closed' comes nevertheless, in the place of what is held.
    #[napi(catch_unwind)]
    pub fn hold(&self) {
        self.socket.hold();
    }

    /// Sends a text, behind all that was sent. Throws ERR_PARLEY_CHANNEL_CLOSED, or ERR_PARLEY_CHANNEL_FULL when more than 1 MiB
    /// waits.
    #[napi(catch_unwind)]
    pub fn send(&self, text: String) -> Result<()> {
        self.socket.send(text).map_err(refused)
    }

    /// The same, if that is possible. Returns whether it was.
    #[napi(catch_unwind)]
    pub fn try_send(&self, text: String) -> bool {
        self.socket.send(text).is_ok()
    }

    /// Sends a binary message; it is copied. Throws like `send`.
    #[napi(catch_unwind)]
    pub fn send_binary(&self, data: Uint8ArraySlice<'_>) -> Result<()> {
        self.socket.send_binary(data.to_vec()).map_err(refused)
    }

    /// Ends it with a close frame behind all that was sent: 'closed' follows at once, and 'gone' when the far end has agreed, or
    /// after 2 s. A reason longer than 123 bytes is cut.
    #[napi(catch_unwind)]
    pub fn close(&self, code: u16, reason: String) {
        self.socket.close(code, reason);
    }

    /// Lets go of the connection at once.
    #[napi(catch_unwind)]
    pub fn terminate(&self) {
        self.socket.terminate();
    }

    /// Bytes that wait to be written.
    #[napi(catch_unwind)]
    pub fn buffered_amount(&self) -> f64 {
        self.socket.buffered() as f64
    }

    /// Takes bytes that JavaScript carried here; they are copied.
    #[napi(catch_unwind)]
    pub fn feed(&self, bytes: Uint8ArraySlice<'_>) {
        self.socket.feed(bytes.to_vec());
    }

    /// Bytes for JavaScript to write, which says by the call that it has written those of before. BYTES (128) says that there are
    /// any, after there were none.
    #[napi(catch_unwind)]
    pub fn take_bytes<'env>(&self, env: &'env Env) -> napi::Result<Option<Uint8ArraySlice<'env>>> {
        self.socket.take_bytes().map(|bytes| Uint8ArraySlice::copy_from(env, bytes)).transpose()
    }

    /// The stream that JavaScript carries has ended.
    #[napi(catch_unwind)]
    pub fn ended(&self) {
        self.socket.ended();
    }
}

fn refused(error: SocketError) -> napi::Error<Code> {
    match error {
        SocketError::Closed => Code::CHANNEL_CLOSED.error("the socket is closed"),
        SocketError::Full => Code::CHANNEL_FULL.error("the far end reads too slowly: 1 MiB waits"),
    }
}

/// How audio goes over a WebSocket.
#[napi(object)]
pub struct WireProtocol {
    /// The names in messages that come; left out: every text is JavaScript's.
    pub reads: Option<WireReads>,
    /// Whether binary messages that come are audio.
    pub binary_media: bool,
    /// What is sent.
    pub sends: WireSends,
}

/// The names in messages that come.
#[napi(object)]
pub struct WireReads {
    /// The field that says what a message is.
    pub event: String,
    /// A field that must hold `streamId` in messages with audio.
    pub stream_field: Option<String>,
    pub stream_id: Option<String>,
    /// The event of audio, and the field with an object of it.
    pub media: String,
    /// In that object: the audio as base64.
    pub payload: String,
    /// In that object: a number that counts up.
    pub chunk: Option<String>,
    /// In that object: a field that holds `ignoredTrack` in messages that are of no interest.
    pub track: Option<String>,
    pub ignored_track: Option<String>,
    /// The event of a mark that has come back, which is the field with an object too.
    pub mark: Option<String>,
    /// In that object: its name.
    pub mark_name: Option<String>,
    /// The event by which the far end says how many messages with audio it has played.
    pub played: Option<String>,
    /// The field with their number.
    pub played_field: Option<String>,
}

/// What is sent.
#[napi(object)]
pub struct WireSends {
    /// Audio goes as binary messages, without head and tail.
    pub binary: bool,
    /// What a text with audio begins with, before its base64.
    pub media_head: String,
    /// What it ends with.
    pub media_tail: String,
    /// The same around the name of a mark; left out: no marks are sent.
    pub mark_head: Option<String>,
    pub mark_tail: Option<String>,
    /// What these names begin with, letters and digits, before more digits: nothing that begins the name of anybody else's mark.
    pub mark_name: Option<String>,
    /// A text that has the far end drop what it hasn't played; left out: it can't.
    pub clear: Option<String>,
    /// Payloads that go in one message at most, while more wait: 1 to 50.
    pub joined: u32,
    /// How far ahead audio is sent to a far end that plays all it gets without a gap: quiet 20 ms of µ-law are left out while more
    /// than that, and 40 ms, waits there. Left out: nothing is left out.
    pub playout_ms: Option<u32>,
}

impl From<WireProtocol> for Protocol {
    fn from(protocol: WireProtocol) -> Self {
        let WireProtocol { reads, binary_media, sends } = protocol;
        Self { reads: reads.map(Into::into), binary_media, sends: sends.into() }
    }
}

fn marks((around, name): ((String, String), String)) -> Marks {
    Marks { around, name }
}

impl From<WireReads> for Reads {
    fn from(reads: WireReads) -> Self {
        Self {
            event: reads.event,
            stream: reads.stream_field.zip(reads.stream_id),
            media: reads.media,
            payload: reads.payload,
            chunk: reads.chunk,
            ignored_track: reads.track.zip(reads.ignored_track),
            mark: reads.mark.zip(reads.mark_name),
            played: reads.played.zip(reads.played_field),
        }
    }
}

impl From<WireSends> for Sends {
    fn from(sends: WireSends) -> Self {
        Self {
            binary: sends.binary,
            media: (sends.media_head, sends.media_tail),
            mark: sends.mark_head.zip(sends.mark_tail).zip(sends.mark_name).map(marks),
            clear: sends.clear,
            joined: sends.joined.clamp(1, 50) as usize,
            playout: sends.playout_ms.map(|ms| Duration::from_millis(ms.into())),
        }
    }
}
