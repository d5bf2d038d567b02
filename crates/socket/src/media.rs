//! The audio among a socket's messages, both ways.

use crate::base64_text;
use crate::frame::Opcode;
use crate::json::{self, Meaning};
use crate::link::Link;
use crate::marks::HeardMarks;
use crate::numbers::Numbers;
use crate::order::MediaOrder;
use crate::playout::Playout;
use crate::protocol::{Marks, Protocol, Sends};
use crate::sink::Sink;
use std::time::{Duration, Instant};

/// How much must wait so that a message of several payloads will be whole.
const JOINED_QUEUE: Duration = Duration::from_millis(40);

/// What is known of a far end's audio.
#[derive(Debug)]
pub(crate) struct Media {
    protocol: Protocol,
    order: MediaOrder,
    marks: HeardMarks,
    playout: Option<Playout>,
    numbers: Numbers,
    /// Payloads that wait to go in one message.
    joined: Vec<u8>,
    joined_count: usize,
    /// What was decoded last.
    decoded: Vec<u8>,
    dropped: u64,
}

impl Media {
    pub(crate) fn new(protocol: Protocol) -> Self {
        Self {
            order: MediaOrder::default(),
            marks: HeardMarks::default(),
            playout: protocol.sends.playout.map(Playout::new),
            numbers: Numbers::default(),
            joined: Vec::new(),
            joined_count: 0,
            decoded: Vec::new(),
            dropped: 0,
            protocol,
        }
    }

    /// Payloads that were dropped for a far end that reads too slowly.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Takes a text if it is one of ours; false when it is the program's.
    pub(crate) fn take_text(&mut self, text: &str, sink: &mut impl Sink) -> bool {
        let Some(meaning) = self.protocol.reads.as_ref().and_then(|reads| json::read(reads, text)) else {
            return false;
        };
        match meaning {
            Meaning::Audio { chunk, payload } => {
                if !base64_text::decode(&payload, &mut self.decoded) {
                    return false;
                }
                self.order.take(chunk, &self.decoded, |payload| sink.audio(payload));
            }
            Meaning::Mark(name) => return self.take_mark(&name, sink),
            Meaning::Played(messages) => self.take_played(messages, sink),
            Meaning::Ignored => {}
        }
        true
    }

    /// Takes a binary message if it is audio; false when it is the program's.
    pub(crate) fn take_binary(&mut self, data: &[u8], sink: &mut impl Sink) -> bool {
        if self.protocol.binary_media {
            sink.audio(data);
        }
        self.protocol.binary_media
    }

    pub(crate) fn take_audio(&mut self, chunk: Option<u64>, payload: &[u8], sink: &mut impl Sink) {
        self.order.take(chunk, payload, |payload| sink.audio(payload));
    }

    /// Takes a mark that has come back if it is one of ours; false when it is the program's.
    pub(crate) fn take_mark(&mut self, name: &str, sink: &mut impl Sink) -> bool {
        let marks = self.protocol.sends.mark.as_ref();
        let Some(payloads) = marks.and_then(|marks| marks.number_in(name)) else { return false };
        if let Some(payloads) = self.marks.played(payloads) {
            sink.played(payloads);
        }
        true
    }

    /// So many messages with audio have been played.
    pub(crate) fn take_played(&mut self, messages: u64, sink: &mut impl Sink) {
        sink.played(self.numbers.made_until(messages));
    }

    /// Sends 20 ms.
    pub(crate) fn send(&mut self, now: Instant, payload: &[u8], link: &mut Link, sink: &mut impl Sink) {
        if self.playout.as_mut().is_none_or(|playout| playout.takes(now, payload)) {
            self.join(now, payload, link, sink);
        } else {
            self.numbers.left_out();
        }
        if let Some(mark) = self.marks.sent(now) {
            self.send_mark(mark, link);
        }
    }

    /// All payloads that were due have been sent; so much more waits to be due.
    pub(crate) fn settle(&mut self, now: Instant, waits: Duration, link: &mut Link, sink: &mut impl Sink) {
        // Nothing is held back unless more is sure to follow.
        if self.joined_count > 0 && waits < JOINED_QUEUE {
            self.send_joined(now, link, sink);
        }
    }

    /// What was sent and has not been played is to be dropped.
    pub(crate) fn clear(&mut self, link: &mut Link) {
        self.joined.clear();
        self.joined_count = 0;
        let Some(clear) = &self.protocol.sends.clear else { return };
        self.marks.cleared();
        if let Some(playout) = &mut self.playout {
            playout.cleared();
        }
        if link.has_room() {
            link.out.frame(Opcode::Text, &[clear.as_bytes()]);
        }
    }

    pub(crate) fn wake(&mut self, now: Instant, link: &mut Link) {
        if let Some(mark) = self.marks.wake(now) {
            self.send_mark(mark, link);
        }
    }

    pub(crate) fn wake_at(&self) -> Option<Instant> {
        self.protocol.sends.mark.as_ref().and(self.marks.wake_at())
    }

    fn join(&mut self, now: Instant, payload: &[u8], link: &mut Link, sink: &mut impl Sink) {
        if self.protocol.sends.joined <= 1 {
            return self.send_message(now, payload, link, sink);
        }
        self.joined.extend_from_slice(payload);
        self.joined_count += 1;
        if self.joined_count >= self.protocol.sends.joined {
            self.send_joined(now, link, sink);
        }
    }

    fn send_joined(&mut self, now: Instant, link: &mut Link, sink: &mut impl Sink) {
        let mut joined = std::mem::take(&mut self.joined);
        self.send_message(now, &joined, link, sink);
        joined.clear();
        self.joined = joined;
        self.joined_count = 0;
    }

    fn send_message(&mut self, now: Instant, payload: &[u8], link: &mut Link, sink: &mut impl Sink) {
        if !link.has_audio_room(now, sink) {
            self.numbers.left_out();
            self.dropped += self.joined_count.max(1) as u64;
            return;
        }
        self.numbers.sent();
        let Sends { binary, media: (head, tail), .. } = &self.protocol.sends;
        if *binary {
            link.out.frame(Opcode::Binary, &[payload]);
        } else {
            link.out.base64((head, tail), payload);
        }
    }

    fn send_mark(&self, mark: u64, link: &mut Link) {
        if let Some(Marks { around: (head, tail), name }) = &self.protocol.sends.mark
            && link.has_room()
        {
            let number = mark.to_string();
            let pieces = [head, name, &number, tail];
            link.out.frame(Opcode::Text, &pieces.map(|piece| piece.as_bytes()));
        }
    }
}
