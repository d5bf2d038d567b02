//! What the encoder is told to do about loss, bandwidth and the time that its worker has to spare.

use std::time::{Duration, Instant};

use crate::spending::{SOME_LOSS, Spending};
use crate::{Application, OpusOptions};

/// From so many bits a second on, libopus codes speech as it codes music, if it needn't repeat any of it.
pub(crate) const BITS_ENOUGH: u32 = 80_000;
/// From such a share of lost packets on, the network is taken to be overloaded, and fewer bits are sent.
const HEAVY_LOSS: f32 = 0.15;
/// The bitrate under heavy loss. Below it libopus gives up in-band FEC or the upper half of the band at low effort: with
/// 20 % lost, real speech has a PESQ of 2.44 at 48 kbit/s, 2.33 at 32, 2.18 at 24, and 1.41 at 16 (complexity 0, `bench/quality.py`).
const LOSSY_BITRATE: u32 = 32_000;
/// The bitrate while anything gets lost: that of speech with copies, which libopus has below the rates of music.
const FEC_BITRATE: u32 = 48_000;
/// What the encoder is told once any loss is expected, in percent: at least, for below it libopus keeps the band's width
/// rather than FEC (32 kbit/s, 5 % lost: PESQ 2.68 when told 5, 3.66 when told 15), and at most, for beyond it the
/// copies of lost frames take more than they are worth (3.44 when told 25).
const TOLD: (f32, f32) = (15.0, 20.0);
/// Once loss is below this, the bitrate rises again…
const LIGHT_LOSS: f32 = 0.10;
/// …by so many bits a second in each second.
const RECOVERY: f32 = 2_000.0;
/// In this time what is expected falls halfway to what is reported.
const HALF_LIFE: Duration = Duration::from_secs(5);
/// A report of fewer packets than these tells little.
const TELLING: f32 = 10.0;
/// Up to this bitrate effort is worth its CPU.
const SHORT_OF_BITS: u32 = 32_000;
/// The most effort made of the worker's spare time: beyond it libopus gains nothing that is heard.
const MOST_EFFORT: u8 = 9;
/// Below this load of the worker, effort rises by a step a second…
const SPARE: f32 = 0.5;
/// …and beyond this one it falls at once.
const BUSY: f32 = 0.75;
const STEP: Duration = Duration::from_secs(1);
/// With bits to spend, this least effort is what finds the beginnings of words: recorded speech has a PESQ of 4.37 without, 4.43 with it.
const EFFORT_FOR_BITS: u8 = 1;

/// What the encoder is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EncoderSettings {
    /// Bits a second.
    pub(crate) bitrate: u32,
    /// Lost packets to be reckoned with, in percent: how much goes into FEC.
    pub(crate) told_loss: u8,
    /// 0 to 10.
    pub(crate) complexity: u8,
}

/// Decides on the encoder's settings.
#[derive(Debug)]
pub(crate) struct RateControl {
    options: OpusOptions,
    /// The most that the peer takes.
    most: u32,
    bitrate: f32,
    /// The share of packets that is expected to be lost.
    loss: f32,
    reported_at: Option<Instant>,
    complexity: u8,
    raised_at: Option<Instant>,
    spending: Spending,
}

impl RateControl {
    pub(crate) fn new(options: OpusOptions) -> Self {
        Self {
            options,
            most: u32::MAX,
            bitrate: options.bitrate as f32,
            loss: 0.0,
            reported_at: None,
            complexity: options.complexity,
            raised_at: None,
            spending: Spending::new(),
        }
    }

    pub(crate) fn settings(&self) -> EncoderSettings {
        let bitrate = self.affordable();
        let is_easy = bitrate >= BITS_ENOUGH && self.options.application == Application::Voip;
        let effort = if is_easy { EFFORT_FOR_BITS } else { 0 };
        EncoderSettings { bitrate, told_loss: self.told_loss(), complexity: self.complexity.max(effort) }
    }

    /// The bitrate, less what speech that can be restored does without.
    fn affordable(&self) -> u32 {
        let is_clean = self.spending.is_on() && self.loss < SOME_LOSS;
        let keeps_all = is_clean || !self.options.fec || self.options.application == Application::Audio;
        (self.bitrate as u32).min(if keeps_all { u32::MAX } else { FEC_BITRATE })
    }

    /// The share of packets that is expected to be lost, in percent.
    pub(crate) fn expected_loss(&self) -> u8 {
        (self.loss * 100.0).round() as u8
    }

    fn told_loss(&self) -> u8 {
        let (least, most) = TOLD;
        if self.loss < SOME_LOSS { 0 } else { (self.loss * 100.0).clamp(least, most) as u8 }
    }

    /// The peer takes no more bits a second than that.
    pub(crate) fn set_most(&mut self, most: Option<u32>) {
        let was_free = self.bitrate >= self.target();
        self.most = most.unwrap_or(u32::MAX);
        self.bitrate = if was_free { self.target() } else { self.bitrate.min(self.target()) };
    }

    pub(crate) fn set_expected_loss(&mut self, percent: u8) {
        self.loss = f32::from(percent.min(100)) / 100.0;
    }

    /// The peer says which share of the last `packets` it lost. What is expected follows at once upwards, and slowly
    /// down.
    pub(crate) fn report(&mut self, now: Instant, lost: f32, packets: u32) {
        let weight = (packets as f32 / TELLING).min(1.0);
        let lost = self.loss + (lost.clamp(0.0, 1.0) - self.loss) * weight;
        let passed =
            self.reported_at.replace(now).map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let keeps = (-passed.as_secs_f32() / HALF_LIFE.as_secs_f32()).exp2();
        self.loss = if lost >= self.loss { lost } else { lost + (self.loss - lost) * keeps };
        self.spending.expect_loss(now, self.loss);
        if lost >= HEAVY_LOSS {
            self.bitrate = self.bitrate.min(LOSSY_BITRATE as f32);
        } else if self.loss < LIGHT_LOSS {
            self.bitrate = (self.bitrate + RECOVERY * passed.as_secs_f32()).min(self.target());
        }
    }

    /// So busy is the worker, 0 to 1.
    pub(crate) fn set_load(&mut self, now: Instant, load: f32) {
        if load > BUSY || self.bitrate > SHORT_OF_BITS as f32 {
            self.complexity = self.options.complexity;
            self.raised_at = Some(now);
        } else if load < SPARE
            && self.complexity < MOST_EFFORT
            && self.raised_at.is_none_or(|at| now.saturating_duration_since(at) >= STEP)
        {
            self.complexity += 1;
            self.raised_at = Some(now);
        }
    }

    fn target(&self) -> f32 {
        self.options.bitrate.min(self.most) as f32
    }
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "an `Instant` can't be made without the clock; virtual time starts here"
)]
mod tests {
    use super::*;

    fn control(bitrate: u32) -> (RateControl, Instant) {
        (RateControl::new(OpusOptions { bitrate, ..OpusOptions::default() }), Instant::now())
    }

    #[test]
    fn expected_loss_rises_at_once_and_falls_by_half_in_five_seconds() {
        let (mut control, start) = control(48_000);
        control.report(start, 0.08, 50);
        assert_eq!((control.expected_loss(), control.settings().told_loss), (8, 15));
        for second in 1..=5 {
            control.report(start + STEP * second, 0.0, 50);
        }
        assert_eq!((control.expected_loss(), control.settings().told_loss), (4, 15));
        for second in 6..=30 {
            control.report(start + STEP * second, 0.0, 50);
        }
        assert_eq!((control.expected_loss(), control.settings().told_loss), (0, 0));
    }

    #[test]
    fn heavy_loss_lowers_the_bitrate_at_once_and_it_rises_slowly_again() {
        let (mut control, start) = control(48_000);
        control.report(start, 0.14, 50);
        assert_eq!(control.settings().bitrate, 48_000);
        control.report(start + STEP, 0.15, 50);
        assert_eq!(control.settings().bitrate, LOSSY_BITRATE);
        let whole = (2..60).find(|second| {
            control.report(start + STEP * *second, 0.0, 50);
            control.settings().bitrate == 48_000
        });
        assert!(whole.is_some_and(|second| (8..=14).contains(&second)), "{whole:?}");
    }

    #[test]
    fn one_lost_packet_of_three_is_no_heavy_loss() {
        let (mut control, start) = control(48_000);
        control.report(start, 0.33, 3);
        assert_eq!(control.settings(), EncoderSettings { bitrate: 48_000, told_loss: 15, complexity: 0 });
        assert_eq!(control.expected_loss(), 10);
    }

    #[test]
    fn the_peers_limit_binds_also_while_the_bitrate_recovers() {
        let (mut control, start) = control(48_000);
        control.set_most(Some(30_000));
        assert_eq!(control.settings().bitrate, 30_000);
        control.report(start, 0.3, 50);
        for second in 1..60 {
            control.report(start + STEP * second, 0.0, 50);
            assert!(control.settings().bitrate <= 30_000);
        }
        assert_eq!(control.settings().bitrate, 30_000);
        control.set_most(None);
        assert_eq!(control.settings().bitrate, 48_000);
    }

    #[test]
    fn effort_rises_step_by_step_while_bits_are_short_and_time_is_not_and_falls_at_once() {
        let (mut control, start) = control(24_000);
        for tenth in 0..=30 {
            control.set_load(start + STEP * tenth / 10, 0.2);
        }
        assert_eq!(control.settings().complexity, 4);
        control.set_load(start + STEP * 5, 0.6);
        assert_eq!(control.settings().complexity, 4, "neither idle nor busy");
        for second in 6..30 {
            control.set_load(start + STEP * second, 0.2);
        }
        assert_eq!(control.settings().complexity, 9);
        control.set_load(start + STEP * 31, 0.8);
        assert_eq!(control.settings().complexity, 0);
        control.set_load(start + STEP * 31 + STEP / 2, 0.2);
        assert_eq!(control.settings().complexity, 0, "not again within a second");
    }

    #[test]
    fn bits_are_spent_until_something_gets_lost() {
        let (mut control, _) = control(96_000);
        assert_eq!((control.settings().bitrate, control.settings().complexity), (96_000, 1));
        control.set_most(Some(64_000));
        assert_eq!((control.settings().bitrate, control.settings().complexity), (64_000, 0));
        control.set_most(None);
        control.set_expected_loss(1);
        assert_eq!((control.settings().bitrate, control.settings().complexity), (48_000, 0));
    }

    #[test]
    fn music_and_what_has_no_copies_keep_their_bits_when_some_get_lost() {
        for (application, fec) in [(Application::Audio, true), (Application::Voip, false)] {
            let options = OpusOptions { bitrate: 128_000, application, fec, ..OpusOptions::default() };
            let mut control = RateControl::new(options);
            control.report(Instant::now(), 0.05, 50);
            assert_eq!(control.settings().bitrate, 128_000);
        }
    }

    #[test]
    fn a_bitrate_below_that_is_kept() {
        let (mut control, start) = control(40_000);
        control.report(start, 0.05, 50);
        assert_eq!(control.settings().bitrate, 40_000);
    }

    #[test]
    fn with_bits_enough_no_effort_is_made() {
        let (mut control, start) = control(48_000);
        for second in 0..20 {
            control.set_load(start + STEP * second, 0.0);
        }
        assert_eq!(control.settings().complexity, 0);
    }
}
