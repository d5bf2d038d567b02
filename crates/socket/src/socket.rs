//! A WebSocket whose messages may carry audio.

use crate::frame::Opcode;
use crate::link::Link;
use crate::media::Media;
use crate::protocol::Protocol;
use crate::reader::{Reader, Said};
use crate::sink::{Message, Sink};
use std::time::{Duration, Instant};

/// The server's side of a WebSocket after its handshake (RFC 6455), without extensions. Whoever has it
///
/// - hands it what came by [`receive`](Self::receive), and the stream's end by [`lose`](Self::lose);
/// - writes its [`outgoing`](Self::outgoing) bytes, and says [`wrote`](Self::wrote); closes the stream's own side once it
///   [has finished](Self::has_finished), and the stream once it [is gone](Self::is_gone);
/// - calls [`wake`](Self::wake) at [`wake_at`](Self::wake_at).
///
/// Times never run backwards.
#[derive(Debug)]
pub struct Socket {
    reader: Reader,
    link: Link,
    media: Option<Media>,
}

impl Socket {
    /// One that has just been accepted.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { reader: Reader::default(), link: Link::new(now), media: None }
    }

    /// Audio goes over it from now on.
    pub fn attach(&mut self, protocol: Protocol) {
        self.media = Some(Media::new(protocol));
    }

    /// Takes bytes of the far end, which lose their masks.
    pub fn receive(&mut self, now: Instant, bytes: &mut [u8], sink: &mut impl Sink) {
        if !self.link.reads() {
            return;
        }
        let Self { reader, link, media } = self;
        let mut fault = None;
        let read = reader.read(bytes, |said| {
            if let Said::Close(payload) = said {
                fault = link.take_goodbye(now, payload, sink).err();
                return false;
            }
            take(now, said, link, media.as_mut(), sink);
            true
        });
        if let Some(fault) = read.err().or(fault) {
            link.fail(now, fault, sink);
        }
        if !link.reads() {
            reader.forget();
        }
    }

    /// Takes a message that came before it was [attached](Self::attach) and nobody has seen.
    pub fn sort(&mut self, message: Message<'_>, sink: &mut impl Sink) {
        if self.link.is_open() {
            sort(message, self.media.as_mut(), sink);
        }
    }

    /// Takes audio that the program found in a message, with its number where the far end counts.
    pub fn take_audio(&mut self, chunk: Option<u64>, payload: &[u8], sink: &mut impl Sink) {
        if let Some(media) = &mut self.media {
            media.take_audio(chunk, payload, sink);
        }
    }

    /// Takes a mark that the program found in a message; one of somebody else's says nothing.
    pub fn take_mark(&mut self, name: &str, sink: &mut impl Sink) {
        if let Some(media) = &mut self.media {
            media.take_mark(name, sink);
        }
    }

    /// Takes the far end's word, found by the program, that it has played so many messages with audio.
    pub fn take_played(&mut self, messages: u64, sink: &mut impl Sink) {
        if let Some(media) = &mut self.media {
            media.take_played(messages, sink);
        }
    }

    /// The stream has ended, or failed.
    pub fn lose(&mut self, sink: &mut impl Sink) {
        self.link.lose(sink);
        self.reader.forget();
    }

    /// Sends a message, unless it is over. Returns whether it was sent. That no more than [`MAX_BACKLOG`](crate::MAX_BACKLOG) waits
    /// is for the caller to see to.
    pub fn send(&mut self, message: Message<'_>) -> bool {
        if !self.link.is_open() {
            return false;
        }
        match message {
            Message::Text(text) => self.link.out.frame(Opcode::Text, &[text.as_bytes()]),
            Message::Binary(data) => self.link.out.frame(Opcode::Binary, &[data]),
        }
        true
    }

    /// Sends 20 ms of encoded audio, once it is attached.
    pub fn send_audio(&mut self, now: Instant, payload: &[u8], sink: &mut impl Sink) {
        if let Some(media) = &mut self.media {
            media.send(now, payload, &mut self.link, sink);
        }
    }

    /// The far end is to drop what it was sent and has not played.
    pub fn clear(&mut self) {
        if let Some(media) = &mut self.media {
            media.clear(&mut self.link);
        }
    }

    /// All audio that was due has been sent, and so much more waits to be due.
    pub fn settle(&mut self, now: Instant, waits: Duration, sink: &mut impl Sink) {
        if let Some(media) = &mut self.media {
            media.settle(now, waits, &mut self.link, sink);
        }
    }

    /// Ends it with a close frame behind all that was sent; the far end has 2 s to agree. A reason longer than 123 bytes is cut.
    pub fn close(&mut self, now: Instant, code: u16, reason: &str, sink: &mut impl Sink) {
        self.link.close(now, code, reason, sink);
    }

    /// Does what is due.
    pub fn wake(&mut self, now: Instant, sink: &mut impl Sink) {
        if let Some(media) = &mut self.media {
            media.wake(now, &mut self.link);
        }
        self.link.wake(now, sink);
    }

    /// When [`wake`](Self::wake) is to be called.
    #[must_use]
    pub fn wake_at(&self) -> Option<Instant> {
        let media = self.media.as_ref().filter(|_| self.link.is_open()).and_then(Media::wake_at);
        [self.link.wake_at(), media].into_iter().flatten().min()
    }

    /// Bytes to be written.
    #[must_use]
    pub fn outgoing(&self) -> &[u8] {
        self.link.out.bytes()
    }

    /// The first so many of [these](Self::outgoing) have been written, or taken to be.
    pub fn wrote(&mut self, bytes: usize) {
        self.link.out.wrote(bytes);
        self.link.relieve();
    }

    /// So many bytes were taken and have not been written.
    pub fn set_under_way(&mut self, bytes: usize) {
        self.link.under_way = bytes;
        self.link.relieve();
    }

    /// Bytes that wait to be written.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.link.buffered()
    }

    /// Payloads that were dropped for a far end that reads too slowly.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.media.as_ref().map_or(0, Media::dropped)
    }

    /// Whether messages come, and can be sent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.link.is_open()
    }

    /// Whether all has been written that will be.
    #[must_use]
    pub fn has_finished(&self) -> bool {
        self.link.has_finished()
    }

    /// Whether the stream is to be let go of.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.link.is_gone()
    }
}

fn take(now: Instant, said: Said<'_>, link: &mut Link, media: Option<&mut Media>, sink: &mut impl Sink) {
    let bytes = match &said {
        Said::Text(text) => text.len(),
        Said::Binary(data) | Said::Ping(data) | Said::Pong(data) | Said::Close(data) => data.len(),
    };
    if !link.hear(now, bytes, sink) {
        return;
    }
    match said {
        Said::Text(text) => sort(Message::Text(text), media, sink),
        Said::Binary(data) => sort(Message::Binary(data), media, sink),
        Said::Ping(data) => link.pong(data),
        Said::Pong(_) | Said::Close(_) => {}
    }
}

/// Finds out whether a message is audio or the program's.
fn sort(message: Message<'_>, media: Option<&mut Media>, sink: &mut impl Sink) {
    let is_ours = media.is_some_and(|media| match message {
        Message::Text(text) => media.take_text(text, sink),
        Message::Binary(data) => media.take_binary(data, sink),
    });
    if !is_ours {
        sink.message(message);
    }
}
