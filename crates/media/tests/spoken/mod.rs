//! Generated speech, and a peer that says it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of this")]

mod wav;

use std::time::Duration;

use parley_media::{
    Layout, PipelineOptions, RtpStart, SampleRate, SpeechEvent, SpeechRequest, SpeechSettings, Turn,
};

use crate::common::{FRAME, Packet, Rig, options};

/// Samples a second of what is said.
pub const HZ: usize = 16_000;

/// A recording of `fixtures/speech`, with the samples at which its phrases start and end.
pub struct Recording {
    pub samples: Vec<f32>,
    pub phrases: Vec<(usize, usize)>,
}

/// Reads one of the recordings; the phrases' places are those of `speech.json`.
pub fn recording(name: &str) -> Recording {
    let phrases: &[(usize, usize)] = match name {
        "greeting" => &[(4_800, 28_605)],
        "question" => &[(4_800, 34_517)],
        "hesitation" => &[(4_800, 15_542), (21_142, 37_612), (50_412, 57_988)],
        "interruption" => &[(3_200, 23_627)],
        "reply" => &[(1_600, 87_423)],
        "noisy" => &[(8_000, 39_613)],
        _ => panic!("there is no recording {name:?}"),
    };
    Recording { samples: wav::read(name), phrases: phrases.to_vec() }
}

/// Something said at 16 kHz, and where its phrases start and end.
#[derive(Default)]
pub struct Script {
    pub samples: Vec<f32>,
    pub phrases: Vec<(f64, f64)>,
}

impl Script {
    pub fn silence(mut self, seconds: f64) -> Self {
        self.samples.resize(self.samples.len() + (seconds * HZ as f64) as usize, 0.0);
        self
    }

    pub fn say(mut self, name: &str) -> Self {
        let Recording { samples, phrases } = recording(name);
        let at = |sample: usize| (self.samples.len() + sample) as f64 / HZ as f64;
        self.phrases.extend(phrases.into_iter().map(|(start, end)| (at(start), at(end))));
        self.samples.extend(samples);
        self
    }

    /// What a peer sends that says it.
    pub fn packets(&self) -> Vec<Packet> {
        self.packets_from(RtpStart::default())
    }

    pub fn packets_from(&self, rtp_start: RtpStart) -> Vec<Packet> {
        let mut peer = Rig::new(PipelineOptions { rtp_start, ..options() });
        let count = self.samples.len() * 50 / HZ;
        peer.emit(crate::common::mono(self.samples.clone(), HZ as u32));
        peer.run_until(FRAME * (count as u32 - 1));
        peer.packets
    }
}

/// A pipeline that listens for speech, connected.
pub fn listener(settings: SpeechSettings, options: PipelineOptions) -> Rig {
    let mut rig = Rig::new(options);
    rig.pipeline.speech(rig.instant(), SpeechRequest::Listen(settings));
    rig.connect();
    rig
}

pub fn format(hz: u32, input_layout: Layout) -> PipelineOptions {
    PipelineOptions { input_rate: SampleRate::new(hz).expect("a valid rate"), input_layout, ..options() }
}

impl Rig {
    /// Hears packets in their time, beginning now.
    pub fn hear(&mut self, packets: &[Packet]) {
        let start = self.now;
        for packet in packets {
            self.run_until(start + packet.at);
            self.receive(packet);
        }
        self.run_for(FRAME);
    }

    pub fn ask(&mut self, request: SpeechRequest) {
        self.pipeline.speech(self.instant(), request);
        self.collect();
    }

    pub fn turns(&self) -> Vec<&Turn> {
        let turns = self.speech.iter().filter_map(|(_, event)| match event {
            SpeechEvent::Turn(turn) => Some(turn),
            _ => None,
        });
        turns.collect()
    }

    /// When each start was, and when it was found, seconds.
    pub fn starts(&self) -> Vec<(f64, f64)> {
        let starts = self.speech.iter().filter_map(|(_, event)| match event {
            SpeechEvent::Started { at, found_at, .. } => Some((at.as_secs_f64(), found_at.as_secs_f64())),
            _ => None,
        });
        starts.collect()
    }
}

pub fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}
