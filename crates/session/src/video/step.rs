//! Puts pictures on the clock of the audio that the handler gets.
//!
//! The peer's sender reports say which moment of its one clock the timestamps of audio and of video belong to (RFC 3550,
//! section 6.4.1). Before they do, a picture belongs to the moment it comes.

use std::time::Duration;

/// Ticks of an RTP clock in a second.
pub(super) const VIDEO_CLOCK: u32 = 90_000;
const AUDIO_CLOCK: u32 = 48_000;
/// Beyond this a difference is a jump, not a drift.
const JUMP_NANOS: i64 = 500_000_000;
/// A picture's distance to the one before changes by this share at most, to get in step.
const SLEW: i64 = 5;
/// A step of the timestamps beyond this is another clock: steps are added up, and whoever sends them chooses them.
const MAX_STEP: i64 = 60 * VIDEO_CLOCK as i64;
/// Reports that differ by more are no account of one clock.
const MAX_APART_NANOS: i64 = 60_000_000_000;

/// What one moment is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// On the peer's clock: 32.32 fixed point seconds.
    pub(super) ntp: u64,
    /// On the stream's.
    pub(super) timestamp: u32,
}

/// Gives pictures their times.
#[derive(Debug, Default)]
pub(super) struct InStep {
    audio: Option<Moment>,
    video: Option<Moment>,
    /// The timestamp of the last picture, extended, and its time.
    last: Option<(i64, Duration)>,
    /// Stream time less the picture's own.
    offset: i64,
}

impl InStep {
    pub(super) fn audio_report(&mut self, moment: Moment) {
        self.audio = Some(moment);
    }

    pub(super) fn video_report(&mut self, moment: Moment) {
        self.video = Some(moment);
    }

    /// Another source: its clock is its own.
    pub(super) fn restart(&mut self) {
        self.video = None;
        self.last = self.last.map(|(_, time)| (i64::MIN, time));
    }

    /// The stream time of a picture that came now, at `present`. `heard` tells the stream time, in nanoseconds, of an audio
    /// timestamp.
    pub(super) fn time_of(
        &mut self,
        timestamp: u32,
        present: Duration,
        heard: impl Fn(u32) -> Option<i64>,
    ) -> Duration {
        let step = |ticks: i64| i64::from(timestamp.wrapping_sub(ticks as u32).cast_signed());
        let known = self.last.filter(|(ticks, _)| *ticks != i64::MIN && step(*ticks).abs() <= MAX_STEP);
        let ticks = known.map_or(i64::from(timestamp), |(last, _)| last + step(last));
        let own = nanos(ticks, VIDEO_CLOCK);
        let told = self.told(timestamp, heard);
        let wanted = told.unwrap_or(present.as_nanos() as i64) - own;
        let passed = known.map_or(0, |(last, _)| nanos(ticks - last, VIDEO_CLOCK)).max(0);
        let off = wanted - self.offset;
        if known.is_none() || off.abs() > JUMP_NANOS {
            self.offset = wanted;
        } else if told.is_some() {
            self.offset += off.clamp(-passed / SLEW, passed / SLEW);
        }
        let time = Duration::from_nanos((own + self.offset).max(0).unsigned_abs());
        // A clock that was set back doesn't set back the stream.
        let time = self.last.map_or(time, |(_, last)| time.max(last + Duration::from_micros(1)));
        self.last = Some((ticks, time));
        time
    }

    /// The stream time that the reports tell.
    fn told(&self, timestamp: u32, heard: impl Fn(u32) -> Option<i64>) -> Option<i64> {
        let (audio, video) = self.audio.zip(self.video)?;
        let since_report = nanos(timestamp.wrapping_sub(video.timestamp).cast_signed().into(), VIDEO_CLOCK);
        let apart = ntp_nanos(video.ntp.wrapping_sub(audio.ntp).cast_signed());
        let since_audio = apart.checked_add(since_report).filter(|nanos| nanos.abs() < MAX_APART_NANOS)?;
        let ticks = since_audio * i64::from(AUDIO_CLOCK) / 1_000_000_000;
        heard(audio.timestamp.wrapping_add(ticks as u32))
    }
}

fn nanos(ticks: i64, clock: u32) -> i64 {
    (i128::from(ticks) * 1_000_000_000 / i128::from(clock)) as i64
}

fn ntp_nanos(difference: i64) -> i64 {
    ((i128::from(difference) * 1_000_000_000) >> 32) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_netsim::millis;

    const SECOND: u64 = 1 << 32;

    /// The audio's timestamp 48,000 is heard at 10 s.
    fn heard(timestamp: u32) -> Option<i64> {
        Some(10_000_000_000 + nanos(timestamp.wrapping_sub(48_000).cast_signed().into(), AUDIO_CLOCK))
    }

    fn near(time: Duration, expected: Duration) -> bool {
        time.abs_diff(expected) < Duration::from_micros(50)
    }

    #[test]
    fn without_reports_pictures_keep_their_distances_from_when_the_first_came() {
        let mut step = InStep::default();
        assert_eq!(step.time_of(u32::MAX - 2_999, millis(700), heard), millis(700));
        assert!(near(step.time_of(0, millis(790), heard), Duration::from_micros(733_333)), "across the wrap");
        assert!(near(step.time_of(3_000, millis(766), heard), Duration::from_micros(766_667)));
    }

    #[test]
    fn reports_put_pictures_beside_the_audio_of_their_moment() {
        let mut step = InStep::default();
        step.audio_report(Moment { ntp: 100 * SECOND, timestamp: 48_000 });
        step.video_report(Moment { ntp: 101 * SECOND, timestamp: 900_000 });
        // A picture 0.5 s before the video's report is 0.5 s after the audio's.
        assert!(near(step.time_of(855_000, secs_after_start(14), heard), millis(10_500)));
    }

    fn secs_after_start(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_the_reports_tell_is_reached_without_a_jump() {
        let mut step = InStep::default();
        let mut times = vec![step.time_of(0, millis(10_100), heard)];
        step.audio_report(Moment { ntp: 0, timestamp: 48_000 });
        step.video_report(Moment { ntp: 0, timestamp: 0 });
        times.extend((1..60).map(|n| step.time_of(n * 3_000, millis(0), heard)));
        assert!(times.windows(2).all(|two| two[1] - two[0] > millis(26)), "{times:?}");
        assert!(near(times[59], Duration::from_nanos(10_000_000_000 + 59 * 33_333_333)), "{:?}", times[59]);
    }

    #[test]
    fn time_never_runs_backwards_whatever_the_peer_says() {
        let mut step = InStep::default();
        let mut random = parley_netsim::Random::new(3);
        let mut last = Duration::ZERO;
        for _ in 0..5_000 {
            let moment = Moment { ntp: random.bits(), timestamp: random.bits() as u32 };
            match random.below(6) {
                0 => step.audio_report(moment),
                1 => step.video_report(moment),
                2 => step.restart(),
                _ => {}
            }
            let time = step.time_of(random.bits() as u32, millis(random.below(100_000) as u64), heard);
            assert!(time > last || last.is_zero());
            last = time;
        }
    }

    #[test]
    fn timestamps_that_jump_for_ever_move_no_time() {
        let mut step = InStep::default();
        let mut time = Duration::ZERO;
        for n in 0..600_000_u32 {
            time = step.time_of(n.wrapping_mul(i32::MAX.unsigned_abs()), millis(n.into()), |_| None);
        }
        assert!(time.abs_diff(millis(599_999)) < millis(1), "{time:?}");
    }
}
