//! A socket in virtual time, and what its far end sees.
#![allow(dead_code, unreachable_pub, reason = "each test uses some of it")]

use parley_socket::{Marks, Message, Protocol, Reads, Sends, Sink, Socket};
use std::time::{Duration, Instant};

pub const MS: Duration = Duration::from_millis(1);
pub const SECOND: Duration = Duration::from_secs(1);
pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;

/// What the program and the session are told, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Audio(Vec<u8>),
    Played(u64),
    Text(String),
    Binary(Vec<u8>),
    Closed(u16, String),
}

#[derive(Debug, Default)]
pub struct Log(pub Vec<Told>);

impl Sink for Log {
    fn audio(&mut self, payload: &[u8]) {
        self.0.push(Told::Audio(payload.to_vec()));
    }

    fn played(&mut self, payloads: u64) {
        self.0.push(Told::Played(payloads));
    }

    fn message(&mut self, message: Message<'_>) {
        self.0.push(match message {
            Message::Text(text) => Told::Text(text.to_owned()),
            Message::Binary(data) => Told::Binary(data.to_vec()),
        });
    }

    fn closed(&mut self, code: u16, reason: &str) {
        self.0.push(Told::Closed(code, reason.to_owned()));
    }
}

/// A frame as a client sends it.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..65_536 => frame.extend([0xfe, (length >> 8) as u8, length as u8]),
        length => frame.extend([&[0xff][..], &(length as u64).to_be_bytes()].concat()),
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The payload of a close frame.
pub fn goodbye(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

/// A socket in virtual time.
pub struct Rig {
    pub socket: Socket,
    pub now: Instant,
    pub log: Log,
    /// Whether what is to be written is.
    pub reads: bool,
    /// What the far end has got and not looked at.
    pub got: Vec<u8>,
}

impl Rig {
    pub fn new() -> Self {
        let now = Instant::now();
        Self { socket: Socket::new(now), now, log: Log::default(), reads: true, got: Vec::new() }
    }

    pub fn attached(protocol: Protocol) -> Self {
        let mut rig = Self::new();
        rig.socket.attach(protocol);
        rig
    }

    pub fn take(&mut self, bytes: &[u8]) {
        self.socket.receive(self.now, &mut bytes.to_vec(), &mut self.log);
        self.flush();
    }

    pub fn text(&mut self, text: &str) {
        self.take(&frame(TEXT, text.as_bytes()));
    }

    /// Sends a payload, with so much more to come.
    pub fn send(&mut self, payload: &[u8], waits: Duration) {
        self.socket.send_audio(self.now, payload, &mut self.log);
        self.socket.settle(self.now, waits, &mut self.log);
        self.flush();
    }

    pub fn close(&mut self, code: u16, reason: &str) {
        self.socket.close(self.now, code, reason, &mut self.log);
        self.flush();
    }

    /// Lets time pass, waking the socket when it asks for it.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.socket.wake_at().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.socket.wake(self.now, &mut self.log);
            self.flush();
        }
        self.now = end;
    }

    pub fn flush(&mut self) {
        if self.reads {
            self.got.extend(self.socket.outgoing());
            let bytes = self.socket.outgoing().len();
            self.socket.wrote(bytes);
        }
    }

    /// The frames that the far end got since the last call.
    pub fn frames(&mut self) -> Vec<(u8, Vec<u8>)> {
        let mut rest = &self.got[..];
        let mut frames = Vec::new();
        while let [first, second, tail @ ..] = rest {
            let (length, tail) = match second {
                126 => (usize::from(tail[0]) << 8 | usize::from(tail[1]), &tail[2..]),
                127 => (
                    usize::try_from(u64::from_be_bytes(tail[..8].try_into().expect("8"))).expect("fits"),
                    &tail[8..],
                ),
                length => (usize::from(*length), tail),
            };
            frames.push((*first, tail[..length].to_vec()));
            rest = &tail[length..];
        }
        assert!(rest.is_empty(), "{rest:?}");
        self.got.clear();
        frames
    }

    /// The same as texts, where they are.
    pub fn texts(&mut self) -> Vec<String> {
        self.frames()
            .into_iter()
            .map(|(first, payload)| {
                assert_eq!(first, TEXT, "{payload:?}");
                String::from_utf8(payload).expect("text")
            })
            .collect()
    }

    pub fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.log.0)
    }
}

pub fn pair(a: &str, b: &str) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

/// A phone provider's.
pub fn telephone() -> Protocol {
    Protocol {
        reads: Some(Reads {
            event: "event".into(),
            stream: Some(pair("streamSid", "MZ1")),
            media: "media".into(),
            payload: "payload".into(),
            chunk: Some("chunk".into()),
            ignored_track: Some(pair("track", "outbound")),
            mark: Some(pair("mark", "name")),
            played: None,
        }),
        binary_media: false,
        sends: Sends {
            binary: false,
            media: pair(r#"{"event":"media","streamSid":"MZ1","media":{"payload":""#, r#""}}"#),
            mark: Some(Marks { around: pair(r#"{"mark":""#, r#""}"#), name: "own".into() }),
            clear: Some(r#"{"event":"clear"}"#.into()),
            joined: 1,
            playout: Some(160 * MS),
        },
    }
}

/// A page's that agreed on binary audio.
pub fn page() -> Protocol {
    let Protocol { reads, sends, .. } = telephone();
    let reads = reads.map(|reads| Reads {
        stream: None,
        chunk: None,
        ignored_track: None,
        mark: None,
        played: Some(pair("played", "payloads")),
        ..reads
    });
    let sends = Sends { binary: true, mark: None, playout: None, ..sends };
    Protocol { reads, binary_media: true, sends }
}

/// A page's that knows no better.
pub fn old_page() -> Protocol {
    let Protocol { reads, sends, .. } = page();
    let sends = Sends { binary: false, clear: None, joined: 3, playout: Some(100 * MS), ..sends };
    Protocol { reads, binary_media: false, sends }
}
