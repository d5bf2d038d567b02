//! What the media pipeline takes.

use crate::input::Input;
use parley_media::{
    Chunk, Layout, OpusOptions, Pipeline, PipelineOptions, PipelineOutput, RtpStart, RtpView, SampleRate,
    Samples, SpeechEvent, SpeechRequest, encode_ogg_opus,
};
use parley_netsim::start_of_time;
use std::time::{Duration, Instant};

const RATES: [u32; 8] = [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 192_000];
/// Packets of one run.
pub(crate) const MAX_PACKETS: usize = 400;
/// A packet may hold 120 ms, and be waited for 120 ms; more frames than that at one moment would be a flood.
const MAX_FRAMES_AT_ONCE: usize = 64;
/// No turn is longer than five minutes, and a pad of ten seconds before it.
const MAX_TURN: Duration = Duration::from_secs(311);
/// What a packet is that holds a telephone event (RFC 4733).
const EVENT: u8 = 0x7e;
/// RFC 6716, section 3.2.1: no frame is longer.
const MAX_OPUS_BYTES: usize = 1_275;

pub(crate) fn rate(input: &mut Input<'_>) -> SampleRate {
    SampleRate::new(RATES[usize::from(input.byte()) % RATES.len()]).expect("a valid rate")
}

pub(crate) fn layout(input: &mut Input<'_>) -> Layout {
    if input.byte().is_multiple_of(2) { Layout::Mono } else { Layout::Stereo }
}

fn options(input: &mut Input<'_>) -> PipelineOptions {
    PipelineOptions {
        input_rate: rate(input),
        input_layout: layout(input),
        output_rate: rate(input),
        output_layout: layout(input),
        opus: OpusOptions::default(),
        output_target: Duration::from_millis(400),
        jitter_min: Duration::ZERO,
        jitter_max: Duration::from_millis(120),
        rtp_start: RtpStart::default(),
        wire: None,
        sends_silence: false,
    }
}

/// A pipeline whose outputs are checked.
pub(crate) struct Rig {
    pipeline: Pipeline,
    samples: usize,
    now: Instant,
}

impl Rig {
    pub(crate) fn new(input: &mut Input<'_>) -> Self {
        let options = options(input);
        let mut pipeline = Pipeline::new(options).expect("valid options");
        let samples = options.input_rate.hz().div_ceil(50) as usize * options.input_layout.channels();
        pipeline.start(start_of_time());
        Self { pipeline, samples, now: start_of_time() }
    }

    fn drain(&mut self) {
        let mut frames = 0;
        while let Some(output) = self.pipeline.poll() {
            match output {
                PipelineOutput::Frame(samples) => {
                    assert!(samples.len() <= self.samples, "{} samples", samples.len());
                    frames += 1;
                }
                PipelineOutput::Packet(packet) => assert!(packet.payload.len() <= MAX_OPUS_BYTES),
                PipelineOutput::Speech(SpeechEvent::Turn(turn)) => {
                    let most = MAX_TURN.as_secs() as usize * 50 * self.samples;
                    assert!(turn.from <= turn.to && turn.to <= turn.found_at, "{turn:?}");
                    assert!(turn.audio.len() <= most, "a turn of {} samples", turn.audio.len());
                }
                PipelineOutput::ClearSent | PipelineOutput::Dtmf(_) | PipelineOutput::Speech(_) => {}
            }
        }
        assert!(frames <= MAX_FRAMES_AT_ONCE, "{frames} frames at one moment");
    }

    /// Lets so much time pass, waking the pipeline when it asks for it.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..10_000 {
            let Some(at) = self.pipeline.wake_at().filter(|at| *at <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(at);
            self.pipeline.wake(self.now);
            self.drain();
        }
        panic!("busy for {time:?}");
    }

    pub(crate) fn receive(&mut self, view: RtpView<'_>) {
        self.pipeline.receive(self.now, view);
        self.drain();
    }

    pub(crate) fn emit(&mut self, chunk: Chunk) {
        self.pipeline.emit(self.now, chunk);
        self.drain();
    }

    pub(crate) fn clear_queue(&mut self) {
        self.pipeline.clear_queue(self.now);
        self.drain();
    }

    /// Asks for something about speech.
    pub(crate) fn ask(&mut self, request: SpeechRequest) {
        self.pipeline.speech(self.now, request);
        self.drain();
    }
}

/// RTP packets of any order, time, source and payload.
pub fn pipeline(data: &[u8]) {
    let mut input = Input::new(data);
    let mut rig = Rig::new(&mut input);
    let (mut sequence_number, mut timestamp) = (input.short(), input.word());
    for _ in 0..MAX_PACKETS {
        if input.is_empty() {
            break;
        }
        let what = input.byte();
        let is_usual = what & 3 != 0;
        sequence_number = sequence_number.wrapping_add(if is_usual { 1 } else { input.short() });
        timestamp = timestamp.wrapping_add(if what & 12 != 0 { 960 } else { input.word() });
        rig.pass(Duration::from_millis(if what & 48 != 0 { 20 } else { u64::from(input.short() % 4_000) }));
        let length = usize::from(input.byte());
        let payload = input.take(length);
        let ssrc = u32::from(what >> 7);
        let view = RtpView { ssrc, sequence_number, timestamp, marker: what & 64 != 0, payload };
        if what == EVENT {
            rig.pipeline.receive_telephone_event(rig.now, view, 8_000);
            rig.drain();
        } else {
            rig.receive(view);
        }
    }
    rig.pass(Duration::from_secs(1));
}

/// Opus payloads, each behind its length, that come when they are due.
pub fn opus(data: &[u8]) {
    let mut input = Input::new(data);
    let mut rig = Rig::new(&mut input);
    let (mut sequence_number, mut timestamp) = (0_u16, 0_u32);
    while !input.is_empty() && usize::from(sequence_number) < MAX_PACKETS {
        let length = usize::from(input.short() % 1_500);
        let payload = input.take(length);
        rig.receive(RtpView { ssrc: 1, sequence_number, timestamp, marker: false, payload });
        rig.pass(Duration::from_millis(20));
        (sequence_number, timestamp) = (sequence_number + 1, timestamp.wrapping_add(960));
    }
    rig.pass(Duration::from_millis(200));
}

/// Audio that a handler emits: any bits as samples, any rate and layout from chunk to chunk.
pub fn emitted(data: &[u8]) {
    let mut input = Input::new(data);
    let mut rig = Rig::new(&mut input);
    for _ in 0..MAX_PACKETS / 4 {
        if input.is_empty() {
            break;
        }
        let chunk = chunk(&mut input);
        rig.emit(chunk.clone());
        rig.pass(Duration::from_millis(u64::from(input.byte())));
        if input.byte() == 0 {
            let file = encode_ogg_opus(chunk, OpusOptions::default()).expect("valid options");
            assert!(file.starts_with(b"OggS"));
        }
    }
    rig.pipeline.drain();
    rig.pass(Duration::from_secs(30));
    assert!(!rig.pipeline.is_sending(), "{:?} are left", rig.pipeline.queued());
}

pub(crate) fn chunk(input: &mut Input<'_>) -> Chunk {
    let (rate, layout, is_float) = (rate(input), layout(input), input.byte().is_multiple_of(2));
    let bytes = input.piece();
    let samples = if is_float {
        Samples::F32(bytes.as_chunks().0.iter().map(|bits| f32::from_le_bytes(*bits)).collect())
    } else {
        Samples::I16(bytes.as_chunks().0.iter().map(|bits| i16::from_le_bytes(*bits)).collect())
    };
    Chunk { samples, rate, layout }
}
