//! What comes from the far end of a socket.

use crate::audio::{MAX_PACKETS, chunk, layout, rate};
use crate::input::Input;
use parley_media::{MAX_LEAD, MAX_PAYLOAD_BYTES, SpeechRequest, SpeechSettings, WireCodec, WireOptions};
use parley_netsim::start_of_time;
use parley_session::{AudioFormat, Event, Input as Happened, Output, SessionOptions, SocketSession};
use std::time::{Duration, Instant};

/// A handler may be handed what is 5 s ahead of real time, and the silence of as much that was not sent.
const MAX_FRAMES_AT_ONCE: usize = 1_000;
/// The longest payload of 20 ms: PCM at 192 kHz.
const MAX_SENT_BYTES: usize = 7_680;

/// A session whose outputs are checked.
struct Rig {
    session: SocketSession,
    now: Instant,
    wakes: Option<Instant>,
    sent: u64,
}

impl Rig {
    fn new(input: &mut Input<'_>) -> Self {
        let options =
            SessionOptions { input: format(input), output: format(input), ..SessionOptions::default() };
        let now = start_of_time();
        let session = SocketSession::new(now, &options, wire(input)).expect("valid options");
        Self { session, now, wakes: Some(now), sent: 0 }
    }

    fn handle(&mut self, happened: Happened<'_>) {
        self.session.handle(self.now, happened);
        let (mut frames, mut payloads) = (0, 0);
        self.wakes = loop {
            match self.session.poll_output() {
                Output::Frame(_) => frames += 1,
                Output::Payload(payload) => {
                    assert!((1..=MAX_SENT_BYTES).contains(&payload.len()), "{} bytes", payload.len());
                    payloads += 1;
                }
                Output::Event(Event::Played(played)) => assert!(played.played <= played.length, "{played:?}"),
                Output::ClearSent | Output::Event(_) => {}
                Output::Datagram(..) | Output::Relayed { .. } | Output::VideoFrame(_) => {
                    unreachable!("a socket has no network, and no video")
                }
                Output::WakeAt(at) => break at,
            }
        };
        self.sent += payloads;
        assert!(frames <= MAX_FRAMES_AT_ONCE, "{frames} frames at one moment");
    }

    /// Lets so much time pass, waking the session when it asks for it.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..10_000 {
            let Some(at) = self.wakes.filter(|at| *at <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(at);
            self.handle(Happened::Wake);
        }
        panic!("busy for {time:?}");
    }
}

fn format(input: &mut Input<'_>) -> AudioFormat {
    AudioFormat { rate: rate(input), layout: layout(input) }
}

fn wire(input: &mut Input<'_>) -> WireOptions {
    let codec = match input.byte() % 3 {
        0 => WireCodec::Mulaw,
        1 => WireCodec::PcmS16le,
        _ => WireCodec::Opus,
    };
    let lead = MAX_LEAD * u32::from(input.byte()) / 255;
    let wire = WireOptions { codec, input_rate: rate(input), output_rate: rate(input), lead };
    let usual = parley_media::SampleRate::HZ_8000;
    if wire.check().is_ok() { wire } else { WireOptions { input_rate: usual, output_rate: usual, ..wire } }
}

/// Payloads of any length and time, claims of what was played, and a handler that emits and clears.
pub fn payloads(data: &[u8]) {
    let mut input = Input::new(data);
    let mut rig = Rig::new(&mut input);
    let longest = vec![0x55; MAX_PAYLOAD_BYTES + 1];
    for _ in 0..MAX_PACKETS {
        if input.is_empty() {
            break;
        }
        match input.byte() {
            0 => rig.handle(Happened::Speech(SpeechRequest::Listen(SpeechSettings::default()))),
            1 => rig.handle(Happened::ClearQueue),
            2 => rig.handle(Happened::Acknowledged(input.word().into())),
            3 => rig.handle(Happened::Audio(chunk(&mut input))),
            4 => rig.handle(Happened::Payload(&longest[usize::from(input.byte() & 1)..])),
            5 => rig.pass(Duration::from_millis(u64::from(input.short() % 4_000))),
            6 => rig.handle(Happened::Mark(parley_media::Mark { id: input.word(), over: None })),
            _ => {
                rig.handle(Happened::Payload(input.piece()));
                rig.pass(Duration::from_millis(20));
            }
        }
    }
    rig.handle(Happened::Drain { close: true });
    rig.pass(Duration::from_secs(60));
    assert!(rig.session.is_closed(), "{:?} are left", rig.session.queued());
    assert_eq!(rig.session.stats().packets_out, rig.sent);
}
