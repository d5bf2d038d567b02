//! What comes over a WebSocket, from its first byte on.

use crate::audio::MAX_PACKETS;
use crate::input::Input;
use parley_netsim::start_of_time;
use parley_socket::{MAX_BACKLOG, Marks, Message, Protocol, Reads, Sends, Sink, Socket};
use std::time::{Duration, Instant};

/// What a far end is answered beyond the backlog at most: a clear, marks, a goodbye.
const MAX_ANSWERS: usize = 64 * 1024;

/// What was told, in order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Log {
    told: Vec<(u8, Vec<u8>)>,
    is_closed: bool,
}

impl Log {
    fn note(&mut self, kind: u8, what: &[u8]) {
        assert!(!self.is_closed, "nothing follows the end");
        self.told.push((kind, what.to_vec()));
    }
}

impl Sink for Log {
    fn audio(&mut self, payload: &[u8]) {
        self.note(0, payload);
    }

    fn played(&mut self, payloads: u64) {
        self.note(1, &payloads.to_be_bytes());
    }

    fn message(&mut self, message: Message<'_>) {
        match message {
            Message::Text(text) => self.note(2, text.as_bytes()),
            Message::Binary(data) => self.note(3, data),
        }
    }

    fn closed(&mut self, code: u16, reason: &str) {
        assert!((1000..5000).contains(&code), "{code}");
        self.note(4, &[&code.to_be_bytes(), reason.as_bytes()].concat());
        self.is_closed = true;
    }
}

/// A socket whose bytes come in pieces of that length.
struct Rig {
    socket: Socket,
    log: Log,
    piece: usize,
    now: Instant,
    /// What has left.
    left: Vec<u8>,
}

impl Rig {
    fn new(piece: usize, protocol: Option<Protocol>) -> Self {
        let now = start_of_time();
        let mut socket = Socket::new(now);
        if let Some(protocol) = protocol {
            socket.attach(protocol);
        }
        Self { socket, log: Log::default(), piece, now, left: Vec::new() }
    }

    fn receive(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(self.piece) {
            self.socket.receive(self.now, &mut piece.to_vec(), &mut self.log);
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..1_000 {
            let Some(at) = self.socket.wake_at().filter(|at| *at <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(at);
            self.socket.wake(self.now, &mut self.log);
        }
        panic!("busy for {time:?}");
    }

    fn write(&mut self) {
        assert!(self.socket.buffered() <= MAX_BACKLOG + MAX_ANSWERS, "{} wait", self.socket.buffered());
        self.left.extend_from_slice(self.socket.outgoing());
        let bytes = self.socket.outgoing().len();
        self.socket.wrote(bytes);
        assert!(self.socket.outgoing().is_empty());
    }
}

/// Frames, fragments and anything else, in any pieces; audio that goes the other way, and an end.
pub fn websocket(data: &[u8]) {
    let mut input = Input::new(data);
    let protocol = protocol(input.byte());
    let mut rigs = [usize::MAX, 1, 7].map(|piece| Rig::new(piece, protocol.clone()));
    for _ in 0..MAX_PACKETS {
        if input.is_empty() {
            break;
        }
        step(&mut input, &mut rigs);
    }
    let [whole, bytes, pieces] = rigs.each_mut().map(|rig| {
        rig.write();
        rig.pass(Duration::from_secs(30));
        assert!(rig.log.is_closed && rig.socket.is_gone(), "nobody answers");
        check_frames(&rig.left);
        (&rig.log, &rig.left)
    });
    assert_eq!(whole, bytes, "it doesn't matter how the bytes were cut");
    assert_eq!(whole, pieces, "it doesn't matter how the bytes were cut");
}

fn step(input: &mut Input<'_>, rigs: &mut [Rig]) {
    let (what, first) = (input.byte(), input.byte());
    let piece = input.piece();
    for rig in rigs {
        match what % 8 {
            0 => rig.receive(piece),
            1 => rig.pass(Duration::from_millis(u64::from(first) * 20)),
            2 => rig.socket.clear(),
            3 => rig.socket.close(rig.now, 1000, "done", &mut rig.log),
            4 => {
                rig.socket.send_audio(rig.now, piece, &mut rig.log);
                let waits = Duration::from_millis(u64::from(first));
                rig.socket.settle(rig.now, waits, &mut rig.log);
            }
            _ => rig.receive(&frame(first, piece)),
        }
        if what < 128 {
            rig.write();
        }
    }
}

/// A frame as a client sends it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 4, 8];
    let mut frame = vec![first];
    match u16::try_from(payload.len()) {
        Ok(length) if length < 126 => frame.push(0x80 | length.to_be_bytes()[1]),
        length => {
            frame.push(0xfe);
            frame.extend(length.unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// What has left is whole frames, unmasked, with text that is text.
fn check_frames(mut bytes: &[u8]) {
    while let [first, second, rest @ ..] = bytes {
        let (length, rest) = match second {
            126 => (usize::from(rest[0]) << 8 | usize::from(rest[1]), &rest[2..]),
            127 => (
                usize::try_from(u64::from_be_bytes(rest[..8].try_into().expect("8"))).expect("fits"),
                &rest[8..],
            ),
            length => (usize::from(*length), rest),
        };
        let (payload, rest) = rest.split_at(length);
        assert!(matches!(first, 0x81 | 0x82 | 0x88..=0x8a), "{first:x}");
        assert!(*first != 0x81 || std::str::from_utf8(payload).is_ok());
        bytes = rest;
    }
    assert!(bytes.is_empty());
}

fn protocol(kind: u8) -> Option<Protocol> {
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let reads = Reads {
        event: "event".into(),
        stream: (kind & 1 != 0).then(|| pair("streamSid", "MZ1")),
        media: "media".into(),
        payload: "payload".into(),
        chunk: Some("chunk".into()),
        ignored_track: Some(pair("track", "outbound")),
        mark: Some(pair("mark", "name")),
        played: Some(pair("played", "payloads")),
    };
    let sends = Sends {
        binary: kind & 2 != 0,
        media: pair("<", ">"),
        mark: (kind & 4 != 0).then(|| Marks { around: pair("<", ">"), name: "p".into() }),
        clear: (kind & 8 != 0).then(|| "clear".into()),
        joined: if kind & 16 != 0 { 3 } else { 1 },
        playout: (kind & 32 != 0).then_some(Duration::from_millis(160)),
    };
    (kind < 128).then_some(Protocol { reads: Some(reads), binary_media: kind & 64 != 0, sends })
}
