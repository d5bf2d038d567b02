//! Audio out: emitted chunks as packets for the peer, at the pace of real time.

use std::time::{Duration, Instant};

use crate::assemble::Assembler;
use crate::encoder::Encoder;
use crate::fade::Fader;
use crate::heard::Heard;
use crate::hush::Hush;
use crate::pacer::Due;
use crate::packetise::{EncodedPacket, Packetiser};
use crate::rate_control::{EncoderSettings, RateControl};
use crate::schedule::{Place, Schedule};
use crate::speech::Tap;
use crate::{Chunk, FRAME_DURATION, MediaError, PeerWishes, PipelineOptions, PipelineStats, Played};

/// The largest encoding that says "silence goes on" and need not be sent (libopus, `opus_encode`).
const SUPPRESSED_BYTES: usize = 2;

/// By how much less than a frame a frame's chunks may seem to be.
const ROUNDING: Duration = Duration::from_millis(1);

/// So much of what a source emitted a resampling filter may hold back.
const FILTERED: Duration = Duration::from_millis(5);

/// What can be called back of what was sent.
#[derive(Debug, Default)]
struct Recall {
    /// Something was sent since the last time.
    possible: bool,
    /// It is to be told.
    due: bool,
}

/// Turns chunks into packets.
#[derive(Debug)]
pub(crate) struct Sender {
    assembler: Assembler,
    encoder: Encoder,
    schedule: Schedule,
    hush: Hush,
    packetiser: Packetiser,
    fader: Fader,
    heard: Heard,
    /// What a stream's far end is told when the queue is cleared; packets that are under way can't be called back.
    recall: Option<Recall>,
    /// Silence that goes on is sent too.
    sends_silence: bool,
    /// Where what is sent can be listened to.
    tap: Option<Tap>,
    rate_control: RateControl,
    /// What the encoder was told last.
    settings: EncoderSettings,
    /// The frame being encoded.
    frame: Vec<f32>,
    /// Samples per channel of a frame.
    frame_length: usize,
    now: Option<Instant>,
    /// Nothing more will be emitted.
    draining: bool,
    /// The queue was cleared since the last frame.
    cleared: bool,
    /// The peer interrupted: what is emitted is dropped until somebody says that it is new.
    interrupted: bool,
    /// When silence follows what ended, so that the encoder gives out what it still holds.
    tail: Option<Instant>,
    /// The next packet is the first after a pause.
    marker: bool,
    sent: u64,
    underruns: u64,
    refused: Duration,
}

impl Sender {
    pub(crate) fn new(options: &PipelineOptions) -> Result<Self, MediaError> {
        let mut encoder = Encoder::new(options)?;
        let (rate, layout) = (encoder.rate, encoder.layout);
        let frame_length = (rate.hz() / 50) as usize;
        let rate_control = RateControl::new(options.opus);
        encoder.set(rate_control.settings());
        Ok(Self {
            assembler: Assembler::new(rate, layout),
            encoder,
            schedule: Schedule::new(options.output_target, options.wire.map(|wire| wire.lead)),
            recall: options.wire.map(|_| Recall::default()),
            sends_silence: options.sends_silence,
            hush: Hush::default(),
            packetiser: Packetiser::new(options.rtp_start),
            fader: Fader::new(rate, layout),
            heard: Heard::new(),
            tap: None,
            settings: rate_control.settings(),
            rate_control,
            frame: vec![0.0; frame_length * layout.channels()],
            frame_length,
            now: None,
            draining: false,
            cleared: false,
            interrupted: false,
            tail: None,
            marker: false,
            sent: 0,
            underruns: 0,
            refused: Duration::ZERO,
        })
    }

    pub(crate) fn emit(&mut self, now: Instant, chunk: Chunk) {
        self.now = Some(now);
        if self.interrupted {
            return;
        }
        self.draining = false;
        if self.passes(now, &chunk) {
            return self.heard.passed(now, chunk.duration());
        }
        let (length, waiting) = (chunk.duration(), self.assembler.depth());
        match self.assembler.push(chunk) {
            Ok(()) => {
                self.schedule.arrived(now, length, waiting);
                self.heard.emitted(length);
            }
            Err(_) => self.refused += length,
        }
        if !self.assembler.is_empty() {
            self.schedule.begin(now);
        }
    }

    /// Whether a chunk is silence that needs no packets, of a source that gives it as its time passes.
    fn passes(&mut self, now: Instant, chunk: &Chunk) -> bool {
        let passes = !self.sends_silence
            && self.schedule.is_live()
            && self.assembler.is_empty()
            && self.hush.passes(now, chunk);
        if passes && !self.schedule.is_idle() {
            self.schedule.holds(now);
        }
        passes
    }

    /// The peer interrupts. Returns how much of the reply had been sent.
    pub(crate) fn interrupt(&mut self, now: Instant) -> Duration {
        self.clear_queue(now);
        self.interrupted = true;
        self.heard.reply()
    }

    /// Clears the queue; what is emitted from here on is no longer what was interrupted.
    pub(crate) fn resume(&mut self, now: Instant) {
        self.interrupted = false;
        self.clear_queue(now);
    }

    fn clear_queue(&mut self, now: Instant) {
        self.now = Some(now);
        self.heard.cleared(now, self.assembler.depth());
        self.assembler.clear();
        if self.recall.is_some() {
            self.recall_sent(now);
        } else {
            self.cleared |= self.schedule.cleared();
        }
    }

    /// The far end drops what it has, so nothing has to be faded out here.
    fn recall_sent(&mut self, now: Instant) {
        self.schedule.stop();
        self.heard.recalled(now);
        self.fader.forget();
        self.tail = None;
        if let Some(recall) = &mut self.recall {
            recall.due |= std::mem::take(&mut recall.possible);
        }
    }

    /// Whether the far end is to drop what it has, before it gets anything else.
    pub(crate) fn take_recall(&mut self) -> bool {
        self.recall.as_mut().is_some_and(|recall| std::mem::take(&mut recall.due))
    }

    pub(crate) fn drain(&mut self) {
        self.draining = true;
    }

    pub(crate) fn set_expected_loss(&mut self, percent: u8) {
        self.rate_control.set_expected_loss(percent);
        self.tell_encoder();
    }

    pub(crate) fn report(&mut self, now: Instant, lost: f32, packets: u32) {
        self.rate_control.report(now, lost, packets);
        self.tell_encoder();
    }

    pub(crate) fn set_load(&mut self, now: Instant, load: f32) {
        self.rate_control.set_load(now, load);
        self.tell_encoder();
    }

    pub(crate) fn set_wishes(&mut self, wishes: PeerWishes) {
        // Who wants packets of one length doesn't want their number to say who speaks.
        self.sends_silence |= wishes.cbr;
        self.encoder.set_wishes(wishes);
        self.rate_control.set_most(wishes.max_bitrate);
        self.tell_encoder();
    }

    fn tell_encoder(&mut self) {
        let settings = self.rate_control.settings();
        if std::mem::replace(&mut self.settings, settings) != settings {
            self.encoder.set(settings);
        }
    }

    /// How many of its packets the encoder expects to be lost, in percent.
    pub(crate) fn expected_loss(&self) -> u8 {
        self.rate_control.expected_loss()
    }

    /// Lets what is sent be listened to, or no more.
    pub(crate) fn tap(&mut self, on: bool) {
        // Every rate of Opus can be converted.
        self.tap = if on { Tap::new(self.encoder.rate, self.encoder.layout).ok() } else { None };
    }

    /// The oldest 20 ms of what was sent since the tap was set, mono at 16 kHz, and when they were.
    pub(crate) fn take_sent(&mut self) -> Option<(Instant, &[f32])> {
        self.tap.as_mut()?.take()
    }

    /// What the peer has heard of what was emitted.
    pub(crate) fn heard(&mut self) -> &mut Heard {
        &mut self.heard
    }

    pub(crate) fn played(&self) -> Duration {
        self.heard.played()
    }

    /// Whether all that was sent was heard.
    pub(crate) fn is_heard(&self) -> bool {
        self.heard.is_all_heard()
    }

    pub(crate) fn take_played(&mut self) -> Option<Played> {
        self.heard.take()
    }

    pub(crate) fn wake(&mut self, now: Instant) {
        self.now = Some(now);
        self.heard.advance(now);
    }

    pub(crate) fn wake_at(&self) -> Option<Instant> {
        self.schedule
            .wake_at(self.now, self.is_ready(), !self.assembler.is_empty())
            .into_iter()
            .chain(self.tail)
            .chain(self.heard.wake_at(self.is_idle()))
            .min()
    }

    /// Whether there will be a frame at the next tick. Rounding and resampling blur what waits; a tick too many is harmless.
    fn is_ready(&self) -> bool {
        self.hurries() || self.assembler.depth() + ROUNDING >= FRAME_DURATION
    }

    /// Whether nothing is waited for.
    fn hurries(&self) -> bool {
        self.draining || self.cleared && self.assembler.is_empty()
    }

    pub(crate) fn queued(&self) -> Duration {
        self.assembler.depth()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.schedule.is_idle() && self.tail.is_none()
    }

    pub(crate) fn count(&self, stats: &mut PipelineStats) {
        stats.sent = self.sent;
        stats.underruns = self.underruns;
        stats.bitrate = self.encoder.fixed_bitrate().unwrap_or(self.settings.bitrate);
        stats.expected_loss = self.rate_control.expected_loss();
        stats.complexity = self.settings.complexity;
        stats.cushion = self.now.map_or(Duration::ZERO, |now| self.schedule.cushion(now));
        stats.output_dropped = (self.refused.as_millis() / FRAME_DURATION.as_millis()) as u64;
    }

    /// The next packet that is due.
    pub(crate) fn poll(&mut self) -> Option<EncodedPacket<'_>> {
        let (timestamp, length) = loop {
            let now = self.now?;
            let timestamp = self.next_frame(now).or_else(|| self.trail(now))?;
            if !self.sends_silence && self.hush.covers(&self.frame) {
                self.marker = true;
                continue;
            }
            match self.encoder.encode(&self.frame) {
                Some(length) if length > SUPPRESSED_BYTES => break (timestamp, length),
                // Its time passes, but it uses up no number.
                _ => self.marker = true,
            }
        };
        self.sent += 1;
        Some(EncodedPacket {
            sequence_number: self.packetiser.number(),
            timestamp,
            marker: std::mem::take(&mut self.marker),
            payload: self.encoder.payload(length),
        })
    }

    /// Puts the next frame that is due into `frame`, and says its timestamp.
    fn next_frame(&mut self, now: Instant) -> Option<u32> {
        let due = self.schedule.due(now, self.hurries(), !self.assembler.is_empty());
        if due == Due::Nothing {
            return None;
        }
        if self.fill_whole() {
            let place = self.schedule.whole(now, self.assembler.depth());
            return Some(self.stamp(now, place));
        }
        if due == Due::Frame || self.holds(now) {
            return None;
        }
        self.assembler.finish();
        if self.fill_whole() {
            let place = self.schedule.flushed(now);
            return Some(self.stamp(now, place));
        }
        let trails = self.trails();
        let place = self.end(now);
        let timestamp = self.stamp(now, place);
        self.tail = trails.then(|| place.0 + FRAME_DURATION);
        Some(timestamp)
    }

    /// Whether silence is to follow the frame that ends what there was. The encoder holds back the last 2.5 or 6.5 ms, and a peer that
    /// gets nothing more goes on with what it heard last. A live source's end is none: what comes late takes that place.
    fn trails(&self) -> bool {
        self.encoder.holds_back() && (self.hurries() || !self.schedule.is_live())
    }

    /// Puts silence into `frame` behind what ended.
    fn trail(&mut self, now: Instant) -> Option<u32> {
        let due = self.tail.filter(|due| *due <= now)?;
        self.frame.fill(0.0);
        Some(self.stamp(now, (due, false)))
    }

    /// Takes a whole frame, if there is one.
    fn fill_whole(&mut self) -> bool {
        let Some(samples) = self.assembler.take(self.frame_length) else { return false };
        self.frame.copy_from_slice(samples);
        if self.cleared {
            self.fader.splice(&mut self.frame);
        }
        true
    }

    /// Stops without a word when a live source is late: the peer conceals that as it does what the network holds up, and what
    /// comes after all fits where it belongs.
    fn holds(&mut self, now: Instant) -> bool {
        let holds = !self.hurries() && self.assembler.depth() < FILTERED && self.schedule.holds(now);
        self.underruns += u64::from(holds);
        holds
    }

    /// Takes what is left, faded out, and goes idle.
    fn end(&mut self, now: Instant) -> Place {
        let is_end = self.draining || self.cleared;
        self.underruns += u64::from(!is_end);
        let rest = self.assembler.take_rest();
        let used = rest.len();
        self.frame.fill(0.0);
        self.frame[..used].copy_from_slice(rest);
        self.fader.end(&mut self.frame, used);
        if self.cleared && used > 0 {
            self.fader.splice(&mut self.frame);
        }
        self.schedule.last(now, is_end)
    }

    /// The timestamp of the frame in `frame`, which goes out now.
    fn stamp(&mut self, now: Instant, (due, first): Place) -> u32 {
        self.marker |= first;
        self.cleared = false;
        self.tail = None;
        self.fader.note(&self.frame);
        if let Some(tap) = &mut self.tap {
            tap.push(due, &self.frame);
        }
        let at = match &mut self.recall {
            // What is sent ahead is heard when it is due.
            Some(recall) => {
                recall.possible = true;
                due.max(now)
            }
            None => now,
        };
        self.heard.sent(now, at, self.assembler.depth());
        self.packetiser.stamp(due)
    }
}
