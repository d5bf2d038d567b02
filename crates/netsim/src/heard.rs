//! What somebody heard, and what was in it.

use parley_media::{Chunk, Layout, SampleRate, Samples};
use std::f64::consts::TAU;
use std::time::{Duration, Instant};

/// A tone of that frequency at a quarter of full scale, 48 kHz mono.
#[must_use]
pub fn tone(hz: f64, duration: Duration) -> Chunk {
    let count = (duration.as_secs_f64() * 48_000.0).round() as usize;
    let samples = (0..count).map(|n| (0.25 * (TAU * hz * n as f64 / 48_000.0).sin()) as f32).collect();
    Chunk { samples: Samples::F32(samples), rate: SampleRate::HZ_48000, layout: Layout::Mono }
}

/// Frames of PCM and when each came.
#[derive(Debug, Clone)]
pub struct Heard {
    rate: u32,
    channels: usize,
    frames: Vec<(Instant, Vec<i16>)>,
}

/// Root mean square above which a frame is not silence: -50 dB of full scale.
const AUDIBLE: f64 = 100.0;

impl Heard {
    /// Nothing yet, in that format.
    #[must_use]
    pub const fn new(rate: u32, channels: usize) -> Self {
        Self { rate, channels, frames: Vec::new() }
    }

    /// Adds interleaved PCM that came at `now`.
    pub fn push(&mut self, now: Instant, samples: &[i16]) {
        self.frames.push((now, samples.to_vec()));
    }

    /// Takes all frames, each with the moment at which it came.
    pub fn take(&mut self) -> Vec<(Instant, Vec<i16>)> {
        std::mem::take(&mut self.frames)
    }

    /// How many frames there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.frames.len()
    }

    /// How long it all plays.
    #[must_use]
    pub fn duration(&self) -> Duration {
        let samples: usize = self.frames.iter().map(|(_, samples)| samples.len()).sum();
        Duration::from_secs_f64((samples / self.channels) as f64 / f64::from(self.rate))
    }

    /// What came after that moment.
    #[must_use]
    pub fn since(&self, start: Instant) -> Self {
        let frames = self.frames.iter().filter(|(at, _)| *at > start).cloned().collect();
        Self { frames, ..*self }
    }

    /// The last so many frames of 20 ms.
    #[must_use]
    pub fn last(&self, duration: Duration) -> Self {
        let count = (duration.as_millis() / 20) as usize;
        let frames = self.frames[self.frames.len().saturating_sub(count)..].to_vec();
        Self { frames, ..*self }
    }

    /// One side of stereo: 0 is left, 1 is right.
    #[must_use]
    pub fn side(&self, side: usize) -> Self {
        let one = |samples: &[i16]| samples.iter().skip(side).step_by(self.channels).copied().collect();
        let frames = self.frames.iter().map(|(at, samples)| (*at, one(samples))).collect();
        Self { rate: self.rate, channels: 1, frames }
    }

    /// Where in it a tone of that frequency begins.
    #[must_use]
    pub fn first_of(&self, hz: f64) -> Option<Duration> {
        let first = self.frames.iter().position(|(_, samples)| self.is_tone(samples, hz))?;
        Some(Self { frames: self.frames[..first].to_vec(), ..*self }.duration())
    }

    /// When the first frame came that is not silence.
    #[must_use]
    pub fn first_sound(&self) -> Option<Instant> {
        self.frames.iter().find(|(_, samples)| loudness(samples) > AUDIBLE).map(|(at, _)| *at)
    }

    /// When the last frame came that is not silence.
    #[must_use]
    pub fn last_sound(&self) -> Option<Instant> {
        self.frames.iter().rev().find(|(_, samples)| loudness(samples) > AUDIBLE).map(|(at, _)| *at)
    }

    /// How long the frames that are not silence play.
    #[must_use]
    pub fn sound(&self) -> Duration {
        let audible =
            self.frames.iter().filter(|(_, samples)| loudness(samples) > AUDIBLE).cloned().collect();
        Self { frames: audible, ..*self }.duration()
    }

    /// The share of frames (0 to 1) that are a tone of that frequency and little else; 0 when there is no frame.
    #[must_use]
    pub fn tone_share(&self, hz: f64) -> f64 {
        let tones = self.frames.iter().filter(|(_, samples)| self.is_tone(samples, hz)).count();
        tones as f64 / self.frames.len().max(1) as f64
    }

    /// The longest stretch, beginning and end included, that is not a tone of that frequency.
    #[must_use]
    pub fn longest_without(&self, hz: f64) -> Duration {
        let gaps = self.frames.split(|(_, samples)| self.is_tone(samples, hz));
        gaps.map(|frames| Self { frames: frames.to_vec(), ..*self }.duration()).max().unwrap_or_default()
    }

    /// The longest time between two frames.
    #[must_use]
    pub fn longest_wait(&self) -> Duration {
        self.frames.windows(2).map(|pair| pair[1].0 - pair[0].0).max().unwrap_or_default()
    }

    fn is_tone(&self, samples: &[i16], hz: f64) -> bool {
        loudness(samples) > AUDIBLE && self.presence(samples, hz) > 0.8
    }

    /// The share of the power of the first channel that a frequency has (Goertzel's algorithm).
    fn presence(&self, interleaved: &[i16], hz: f64) -> f64 {
        let samples: Vec<f64> =
            interleaved.iter().step_by(self.channels).map(|sample| f64::from(*sample)).collect();
        let turn = 2.0 * (TAU * hz / f64::from(self.rate)).cos();
        let (mut one, mut two) = (0.0, 0.0);
        for sample in &samples {
            (one, two) = (sample + turn * one - two, one);
        }
        let power: f64 = samples.iter().map(|sample| sample * sample).sum();
        let at_frequency = one * one + two * two - turn * one * two;
        2.0 * at_frequency / (samples.len() as f64 * power).max(1.0)
    }
}

fn loudness(samples: &[i16]) -> f64 {
    let power: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    (power / samples.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{millis, secs, start_of_time};

    fn heard(signal: impl Fn(f64) -> f64) -> Heard {
        let mut heard = Heard::new(48_000, 1);
        for frame in 0..50 {
            let samples: Vec<i16> =
                (0..960).map(|n| (8_000.0 * signal(f64::from(frame * 960 + n) / 48_000.0)) as i16).collect();
            heard.push(start_of_time() + millis(20) * frame as u32, &samples);
        }
        heard
    }

    #[test]
    fn a_tone_is_told_from_another_from_two_and_from_silence() {
        let pure = heard(|t| (TAU * 440.0 * t).sin());
        assert_eq!((pure.tone_share(440.0), pure.tone_share(880.0)), (1.0, 0.0));
        let two = heard(|t| (TAU * 440.0 * t).sin() + (TAU * 1_000.0 * t).sin());
        assert_eq!((two.tone_share(440.0), two.tone_share(1_000.0)), (0.0, 0.0));
        assert_eq!(heard(|_| 0.0).tone_share(440.0), 0.0);
        assert_eq!(Heard::new(48_000, 1).tone_share(440.0), 0.0);
    }

    #[test]
    fn the_longest_hole_in_a_tone_is_found() {
        let hole = |from: f64, to: f64| {
            move |t: f64| if t < from || t >= to { (TAU * 440.0 * t).sin() } else { 0.0 }
        };
        assert_eq!(heard(hole(0.2, 0.26)).longest_without(440.0), millis(60));
        assert_eq!(heard(hole(0.9, 1.0)).longest_without(440.0), millis(100));
        assert_eq!(heard(hole(0.0, 0.0)).longest_without(440.0), Duration::ZERO);
    }

    #[test]
    fn half_a_second_of_sound_is_half_a_second() {
        let half = heard(|t| if t < 0.5 { (TAU * 440.0 * t).sin() } else { 0.0 });
        assert_eq!((half.duration(), half.sound()), (secs(1), millis(500)));
        assert_eq!(half.last(millis(400)).sound(), Duration::ZERO);
        assert_eq!(half.last_sound(), Some(start_of_time() + millis(480)));
    }
}
