//! What a test asks of a peer, wherever that runs.

use crate::eyes::Eyes;
use parley_media::{Chunk, Layout, PipelineStats, SampleRate, Samples};
use parley_netsim::{AudioWay, Line, Link, PeerOptions};
use parley_video::I420;
use std::time::{Duration, Instant};

/// With less than this to say, a frame would not be whole.
const FRAME: Duration = Duration::from_millis(20);
/// So much silence is said at once.
const SILENCE: Duration = Duration::from_secs(1);

/// A text that the peer got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// When.
    pub at: Instant,
    /// What it says.
    pub text: String,
}

/// A peer with its line, and what it got. Once connected it speaks all the time, as a microphone does: silence, when it
/// was given nothing to say.
pub struct Caller {
    pub(crate) line: Line,
    has_microphone: bool,
    eyes: Option<Eyes>,
    /// What it is saying is silence of its own.
    is_quiet: bool,
    messages: Vec<Message>,
    connected_at: Option<Instant>,
}

impl Caller {
    pub(crate) fn new(now: Instant, line: Line, options: &PeerOptions) -> Self {
        let has_microphone = options.has_audio && options.audio != AudioWay::Receive;
        let eyes = options.video.as_ref().map(|_| Eyes::new(now));
        Self { line, has_microphone, eyes, is_quiet: false, messages: Vec::new(), connected_at: None }
    }

    /// Lets the peer do what is due.
    pub(crate) fn run(&mut self, now: Instant) {
        self.line.run(now);
        if let Some(eyes) = &mut self.eyes {
            eyes.look(&mut self.line.peer, now);
        }
        let texts = self.line.peer.messages.drain(..);
        self.messages.extend(texts.map(|text| Message { at: now, text }));
        if self.connected_at.is_none() && self.line.peer.is_connected() {
            self.connected_at = Some(now);
        }
        if self.has_microphone && self.line.peer.is_connected() && self.line.peer.unsent() < FRAME {
            self.is_quiet = true;
            self.line.peer.speak(now, silence());
            self.line.run(now);
        }
    }

    /// The SDP of its offer.
    pub fn offer(&mut self, now: Instant) -> String {
        self.line.peer.offer(now)
    }

    /// Takes the answer.
    pub fn answered(&mut self, now: Instant, answer: &str) {
        self.line.peer.answered(now, answer);
    }

    /// Speaks after whatever it is saying. A microphone's next frame may be 20 ms away.
    pub fn speak(&mut self, now: Instant, audio: Chunk) {
        if std::mem::take(&mut self.is_quiet) {
            self.line.peer.hush(now);
        }
        self.line.peer.speak(now, audio);
    }

    /// Shows a picture to its camera; one without a camera, or that isn't connected, shows none.
    pub fn show(&mut self, now: Instant, picture: &I420) {
        if let Some(eyes) = self.eyes.as_mut().filter(|_| self.line.peer.is_connected()) {
            eyes.show(&mut self.line.peer, now, picture);
        }
    }

    /// Takes the pictures that it saw since the last call, each with the moment at which it came.
    pub fn take_seen(&mut self) -> Vec<(Instant, I420)> {
        self.eyes.as_mut().map(Eyes::take).unwrap_or_default()
    }

    /// Says nothing more of what it was about to say.
    pub fn hush(&mut self, now: Instant) {
        self.line.peer.hush(now);
    }

    /// Presses a key of its telephone after those that it is pressing; false where there is no such key.
    pub fn press(&mut self, sign: char, down: Duration, gap: Duration) -> bool {
        self.line.peer.press(sign, down, gap)
    }

    /// Sends text; false when its data channel is not open.
    pub fn send_text(&mut self, now: Instant, text: &str) -> bool {
        let is_open = self.line.peer.channel_is_open();
        if is_open {
            self.line.peer.try_send_text(now, text);
        }
        is_open
    }

    /// Closes its connection, and says so to the other end.
    pub fn hang_up(&mut self) {
        self.line.peer.close();
    }

    /// Is gone without a word.
    pub fn vanish(&mut self) {
        self.line.cut();
    }

    /// From now on its link is like that, and loses so many percent, which the peer is told at once.
    pub fn change_link(&mut self, link: &Link, loss_percent: u8) {
        self.line.change_link(link);
        self.line.peer.expect_loss(loss_percent);
    }

    /// When ICE and DTLS were first up.
    #[must_use]
    pub fn connected_at(&self) -> Option<Instant> {
        self.connected_at
    }

    /// Whether its data channel is open.
    #[must_use]
    pub fn channel_is_open(&self) -> bool {
        self.line.peer.channel_is_open()
    }

    /// Takes the frames of 20 ms at 48 kHz that it heard since the last call, each with the moment at which it came.
    pub fn take_heard(&mut self) -> Vec<(Instant, Vec<i16>)> {
        self.line.peer.heard.take()
    }

    /// Takes the texts that it got since the last call.
    pub fn take_messages(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.messages)
    }

    /// What its pipeline counted.
    #[must_use]
    pub fn stats(&self) -> PipelineStats {
        self.line.peer.stats()
    }
}

fn silence() -> Chunk {
    let samples = Samples::I16(vec![0; 48 * SILENCE.as_millis() as usize]);
    Chunk { samples, rate: SampleRate::HZ_48000, layout: Layout::Mono }
}
