//! Generated speech, and what loudspeakers, rooms, codecs and networks do to it.

use std::path::Path;

use crate::opus::{OpusDecoder, OpusEncoder};
use crate::{Layout, OpusOptions, SampleRate};

/// Samples a second.
pub(super) const RATE: usize = 16_000;

/// Speech of that name in `fixtures/speech`, without the silence around it, at -23 dB of full scale while it lasts. Played
/// `speed` times as fast it is another voice.
pub(super) fn speech(name: &str, speed: f32) -> Vec<f32> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/speech");
    let bytes = std::fs::read(folder.join(format!("{name}.wav"))).unwrap();
    let pcm: Vec<f32> = bytes[44..]
        .chunks_exact(2)
        .map(|bytes| f32::from(i16::from_le_bytes([bytes[0], bytes[1]])) / 32_768.0)
        .collect();
    let loud = |sample: &f32| sample.abs() > 0.003;
    let from = pcm.iter().position(loud).unwrap();
    let to = pcm.iter().rposition(loud).unwrap();
    let played = play(&pcm[from..=to], speed);
    amplify(&played, -23.0 - level(&played))
}

/// Speech at another speed and pitch.
fn play(pcm: &[f32], speed: f32) -> Vec<f32> {
    let samples = (pcm.len() - 1) as f32 / speed;
    (0..samples as usize)
        .map(|n| {
            let place = n as f32 * speed;
            let (before, share) = (place as usize, place.fract());
            pcm[before] * (1.0 - share) + pcm[before + 1] * share
        })
        .collect()
}

/// The level while it isn't silent, in dB of full scale.
fn level(pcm: &[f32]) -> f32 {
    let power = |frame: &[f32]| frame.iter().map(|sample| sample * sample).sum::<f32>() / frame.len() as f32;
    let powers: Vec<f32> = pcm.chunks_exact(RATE / 50).map(power).collect();
    let loudest = powers.iter().copied().fold(0.0, f32::max);
    let active: Vec<f32> = powers.into_iter().filter(|&power| power > loudest * 0.003).collect();
    10.0 * (active.iter().sum::<f32>() / active.len() as f32).log10()
}

pub(super) fn amplify(pcm: &[f32], by_db: f32) -> Vec<f32> {
    let gain = 10_f32.powf(by_db / 20.0);
    pcm.iter().map(|sample| sample * gain).collect()
}

/// Adds `other` from sample `at` on.
pub(super) fn add(to: &mut [f32], at: usize, other: &[f32]) {
    for (to, other) in to.iter_mut().skip(at).zip(other) {
        *to += other;
    }
}

/// What remains after 20 ms frames of Opus, of which so many get lost, singly and in threes, and are concealed; nothing
/// is restored from copies.
pub(super) fn opus(pcm: &[f32], bitrate: u32, loss: f32, seed: u64) -> Vec<f32> {
    let rate = SampleRate::HZ_16000;
    let options = OpusOptions { bitrate, ..OpusOptions::default() };
    let mut encoder = OpusEncoder::new(rate, Layout::Mono, options).unwrap();
    let mut decoder = OpusDecoder::new(rate, Layout::Mono).unwrap();
    let mut random = Random(seed);
    let mut missing = 0;
    let mut out = Vec::new();
    for frame in pcm.chunks_exact(RATE / 50) {
        let packet = encoder.encode(frame).unwrap();
        // 1.6 packets a time.
        if missing == 0 && random.uniform() < loss / 1.6 {
            missing = if random.uniform() < 0.3 { 3 } else { 1 };
        }
        let decoded = if missing > 0 { decoder.conceal(960) } else { decoder.decode(packet, 960) };
        missing = missing.max(1) - 1;
        out.extend(decoded.unwrap().iter().map(|&sample| f32::from(sample) / 32_768.0));
    }
    out
}

/// What is heard in a room that takes 350 ms for 60 dB, where half as much is reflected as comes straight.
pub(super) fn room(pcm: &[f32]) -> Vec<f32> {
    let mut random = Random(3);
    let decay = |n: usize| 10_f32.powf(-3.0 * n as f32 / (0.35 * RATE as f32));
    let mut response: Vec<f32> =
        (0..RATE / 5).map(|n| if n < 40 { 0.0 } else { random.gaussian() * decay(n) }).collect();
    let power: f32 = response.iter().map(|tap| tap * tap).sum();
    response.iter_mut().for_each(|tap| *tap *= (0.5 / power).sqrt());
    response[0] = 1.0;
    let mut out = vec![0.0; pcm.len()];
    for (n, &tap) in response.iter().enumerate().filter(|(_, tap)| **tap != 0.0) {
        for (out, sample) in out[n..].iter_mut().zip(pcm) {
            *out += tap * sample;
        }
    }
    out
}

/// A loudspeaker that can't play loud sounds: the wave is bent, and clipped at half of its largest.
pub(super) fn overdriven(pcm: &[f32]) -> Vec<f32> {
    let largest = pcm.iter().fold(0.0_f32, |largest, sample| largest.max(sample.abs()));
    let bent = |sample: f32| (sample + 1.5 * sample * sample).clamp(-0.5, 0.5);
    pcm.iter().map(|sample| bent(sample / largest) * largest).collect()
}

/// Numbers that look random, the same in every run (xorshift).
pub(super) struct Random(pub(super) u64);

impl Random {
    /// 0 to 1.
    pub(super) fn uniform(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// Around 0, with a deviation of 1.
    pub(super) fn gaussian(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0
    }
}
