//! A pipeline in virtual time, and a peer that sends to it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of this")]

#[path = "../../src/tone.rs"]
pub mod tone;

use std::time::{Duration, Instant};

use parley_media::{
    Chunk, Dtmf, Layout, OpusOptions, Pipeline, PipelineOptions, PipelineOutput, RtpStart, RtpView,
    SampleRate, Samples, SpeechEvent,
};

pub const MS: Duration = Duration::from_millis(1);
pub const FRAME: Duration = Duration::from_millis(20);

/// Any moment: tests count from it, and no result depends on it.
#[allow(
    clippy::disallowed_methods,
    reason = "an `Instant` can't be made without the clock; virtual time starts here"
)]
pub fn start_of_time() -> Instant {
    // Later by a day, so that a test may look back.
    Instant::now() + Duration::from_secs(86_400)
}

pub fn options() -> PipelineOptions {
    PipelineOptions {
        input_rate: SampleRate::HZ_48000,
        input_layout: Layout::Mono,
        output_rate: SampleRate::HZ_48000,
        output_layout: Layout::Mono,
        opus: OpusOptions::default(),
        output_target: Duration::from_millis(400),
        jitter_min: Duration::ZERO,
        jitter_max: Duration::from_millis(120),
        rtp_start: RtpStart::default(),
        wire: None,
        sends_silence: true,
    }
}

pub fn rate(hz: u32) -> SampleRate {
    SampleRate::new(hz).expect("the test gives a valid rate")
}

pub fn mono(samples: Vec<f32>, hz: u32) -> Chunk {
    Chunk { samples: Samples::F32(samples), rate: rate(hz), layout: Layout::Mono }
}

/// A packet that came out of a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Packet {
    pub at: Duration,
    pub sequence_number: u16,
    pub timestamp: u32,
    pub marker: bool,
    pub payload: Vec<u8>,
}

impl Packet {
    pub fn view(&self) -> RtpView<'_> {
        RtpView {
            ssrc: 1,
            sequence_number: self.sequence_number,
            timestamp: self.timestamp,
            marker: self.marker,
            payload: &self.payload,
        }
    }
}

/// A pipeline with its outputs, in virtual time.
pub struct Rig {
    pub pipeline: Pipeline,
    pub start: Instant,
    pub now: Duration,
    /// When each frame came, and its samples.
    pub frames: Vec<(Duration, Vec<i16>)>,
    pub packets: Vec<Packet>,
    /// How many packets there were each time that the far end was to drop what it has.
    pub cleared: Vec<usize>,
    pub keys: Vec<Dtmf>,
    /// When each event about speech came.
    pub speech: Vec<(Duration, SpeechEvent)>,
}

impl Rig {
    pub fn new(options: PipelineOptions) -> Self {
        let pipeline = Pipeline::new(options).expect("the test gives valid options");
        Self {
            pipeline,
            start: start_of_time(),
            now: Duration::ZERO,
            frames: Vec::new(),
            packets: Vec::new(),
            cleared: Vec::new(),
            keys: Vec::new(),
            speech: Vec::new(),
        }
    }

    pub fn instant(&self) -> Instant {
        self.start + self.now
    }

    pub fn connect(&mut self) {
        self.pipeline.start(self.instant());
        self.collect();
    }

    pub fn receive(&mut self, packet: &Packet) {
        self.receive_view(packet.view());
    }

    pub fn receive_view(&mut self, packet: RtpView<'_>) {
        self.pipeline.receive(self.instant(), packet);
        self.collect();
    }

    pub fn emit(&mut self, chunk: Chunk) {
        self.pipeline.emit(self.instant(), chunk);
        self.collect();
    }

    /// Lets time pass, waking the pipeline exactly when it asks for it.
    pub fn run_until(&mut self, end: Duration) {
        while let Some(at) = self.pipeline.wake_at().map(|at| at.saturating_duration_since(self.start)) {
            if at > end {
                break;
            }
            self.now = self.now.max(at);
            self.pipeline.wake(self.instant());
            self.collect();
            let next = self.pipeline.wake_at().map(|next| next.saturating_duration_since(self.start));
            assert!(next.is_none_or(|next| next > at), "asked to be woken at {at:?} again");
        }
        self.now = self.now.max(end);
    }

    /// Emits the frames that came, as an echo does.
    pub fn echo(&mut self) {
        for (_, samples) in std::mem::take(&mut self.frames) {
            let (rate, layout) = (SampleRate::HZ_48000, Layout::Mono);
            self.emit(Chunk { samples: Samples::I16(samples), rate, layout });
        }
    }

    /// Lets time pass, and emits each frame when it comes.
    pub fn run_until_echoing(&mut self, end: Duration) {
        while let Some(at) = self.pipeline.wake_at().map(|at| at.saturating_duration_since(self.start)) {
            if at > end {
                break;
            }
            self.run_until(at.max(self.now));
            self.echo();
        }
        self.run_until(end);
        self.echo();
    }

    pub fn run_for(&mut self, time: Duration) {
        self.run_until(self.now + time);
    }

    /// All frames' samples.
    pub fn heard(&self) -> Vec<i16> {
        self.frames.iter().flat_map(|(_, samples)| samples.iter().copied()).collect()
    }

    /// All frames' samples within ±1.
    pub fn heard_f32(&self) -> Vec<f32> {
        self.heard().into_iter().map(|sample| f32::from(sample) / 32_768.0).collect()
    }

    pub fn collect(&mut self) {
        let at = self.now;
        while let Some(output) = self.pipeline.poll() {
            match output {
                PipelineOutput::Frame(samples) => self.frames.push((at, samples.to_vec())),
                PipelineOutput::Dtmf(dtmf) => self.keys.push(dtmf),
                PipelineOutput::Speech(event) => self.speech.push((at, event)),
                PipelineOutput::ClearSent => self.cleared.push(self.packets.len()),
                PipelineOutput::Packet(packet) => self.packets.push(Packet {
                    at,
                    sequence_number: packet.sequence_number,
                    timestamp: packet.timestamp,
                    marker: packet.marker,
                    payload: packet.payload.to_vec(),
                }),
            }
        }
    }
}

/// What a peer sends that speaks a steady tone: packets of 20 ms, one each 20 ms.
pub fn tone_packets(hz: f64, count: usize, start: RtpStart) -> Vec<Packet> {
    packets_of(tone::sine(hz, 48_000, count * 960), start)
}

/// The same from a peer that repeats each frame, coarser, in the packet behind it.
pub fn tone_packets_with_copies(hz: f64, count: usize) -> Vec<Packet> {
    packets_for_loss(tone::sine(hz, 48_000, count * 960), RtpStart::default(), 20)
}

/// What a peer sends that plays these samples at 48 kHz.
pub fn packets_of(samples: Vec<f32>, start: RtpStart) -> Vec<Packet> {
    packets_for_loss(samples, start, 0)
}

fn packets_for_loss(samples: Vec<f32>, start: RtpStart, percent: u8) -> Vec<Packet> {
    let opus = OpusOptions { bitrate: 32_000, ..OpusOptions::default() };
    let opus = if percent > 0 { opus } else { OpusOptions::default() };
    let mut peer = Rig::new(PipelineOptions { rtp_start: start, opus, ..options() });
    peer.pipeline.set_expected_loss(percent);
    let count = samples.len() / 960;
    peer.emit(mono(samples, 48_000));
    peer.run_until(FRAME * (count as u32 - 1));
    assert_eq!(peer.packets.len(), count);
    peer.packets
}

/// What a peer sends that has its own idea of a packet: so many milliseconds each, in that layout.
pub fn packets_of_length(samples: &[f32], layout: Layout, milliseconds: u32) -> Vec<Packet> {
    let channels = match layout {
        Layout::Mono => opusic_c::Channels::Mono,
        Layout::Stereo => opusic_c::Channels::Stereo,
    };
    let mut encoder =
        opusic_c::Encoder::new(channels, opusic_c::SampleRate::Hz48000, opusic_c::Application::Audio)
            .expect("valid");
    let ticks = 48 * milliseconds;
    let pieces = samples.chunks_exact(ticks as usize * layout.channels());
    pieces
        .enumerate()
        .map(|(n, piece)| {
            let mut payload = vec![0; 4_000];
            let length = encoder.encode_float_to_slice(piece, &mut payload).expect("a length that Opus has");
            payload.truncate(length);
            let at = MS * milliseconds * n as u32;
            Packet { at, sequence_number: n as u16, timestamp: ticks * n as u32, marker: n == 0, payload }
        })
        .collect()
}
