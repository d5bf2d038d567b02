//! How many packets get lost, and how long it takes until they are here after all.

use std::time::Duration;

/// The round trip while none is known.
const UNKNOWN_ROUND_TRIP: Duration = Duration::from_millis(100);
/// What an answer may take beyond a round trip.
const MARGIN: Duration = Duration::from_millis(10);
/// Least time between two questions.
const LEAST_PAUSE: Duration = Duration::from_millis(25);
/// Longest answer that counts: nobody waits for longer.
const MAX_ANSWER: Duration = Duration::from_millis(400);
/// So many packets are counted before older ones count half.
const COUNTED: u32 = 600;
/// Losses below this share are rare: one question a round trip is enough, and each is waited for when it happens.
const RARE: f64 = 0.01;
/// The share of lost packets that may take longer than the cushion hides.
const UNHIDDEN: f64 = 1e-4;
/// So much longer a picture may take than its time and still not seem frozen: less than what is taken for a freeze
/// (150 ms) by what a loss takes to be noticed.
const UNSEEN: Duration = Duration::from_millis(110);
/// Most that pictures are held back.
const MAX_CUSHION: Duration = Duration::from_millis(300);

/// What is known about one source's losses.
#[derive(Debug)]
pub(super) struct Repairs {
    expected: u32,
    lost: u32,
    round_trip: Option<Duration>,
    /// What an answer takes when neither it nor its question got lost.
    answer: Option<Duration>,
}

impl Repairs {
    pub(super) fn new() -> Self {
        Self { expected: 0, lost: 0, round_trip: None, answer: None }
    }

    pub(super) fn set_round_trip(&mut self, round_trip: Duration) {
        self.round_trip = Some(round_trip);
    }

    /// So many packets should have come.
    pub(super) fn count(&mut self, packets: u32) {
        self.expected += packets.min(COUNTED);
        if self.expected > COUNTED {
            self.expected /= 2;
            self.lost /= 2;
        }
    }

    /// A packet never came.
    pub(super) fn lose(&mut self) {
        self.lost = (self.lost + 1).min(self.expected);
    }

    /// A packet that was lost came so long after it was first asked for.
    pub(super) fn answered(&mut self, after: Duration) {
        self.lose();
        let after = after.min(MAX_ANSWER);
        let known = self.answer.unwrap_or(after);
        // Close to the fastest of late: others may be the answers to later questions.
        self.answer = Some(match after < known {
            true => known - (known - after) / 4,
            false => known + (after - known) / 64,
        });
    }

    /// The share of packets that get lost, 0 to 1.
    fn share(&self) -> f64 {
        f64::from(self.lost) / f64::from(self.expected.max(COUNTED / 6))
    }

    /// How long an answer takes. The peer's reports tell the round trip of reports, which needn't be that of video.
    pub(super) fn answer_time(&self) -> Duration {
        let told = self.round_trip.or(self.answer).unwrap_or(UNKNOWN_ROUND_TRIP);
        self.answer.map_or(told, |answer| answer.max(told))
    }

    /// When to ask once more for what was asked for.
    pub(super) fn pause(&self) -> Duration {
        let answer = self.answer_time();
        // Peers that send nothing twice within a round trip pass over a question that comes too soon.
        let pause = if self.share() < RARE { answer + MARGIN } else { answer / 2 };
        pause.max(LEAST_PAUSE)
    }

    /// How long pictures are to be held back, so that next to none comes too late.
    pub(super) fn cushion(&self) -> Duration {
        let share = self.share();
        if share < RARE {
            return Duration::ZERO;
        }
        // The question may get lost, and so may its answer.
        let failing = (2.0 * share).min(0.6);
        let questions = (UNHIDDEN.ln() / failing.ln()).ceil().max(1.0) as u32;
        let until_answered = self.answer_time() + self.pause() * (questions - 1);
        until_answered.saturating_sub(UNSEEN).min(MAX_CUSHION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_netsim::millis;

    /// So many packets, of which one in `each` got lost.
    fn after(packets: u32, each: u32, answer: Duration) -> Repairs {
        let mut repairs = Repairs::new();
        for packet in 0..packets {
            repairs.count(1);
            if packet % each == 0 {
                repairs.answered(answer);
            }
        }
        repairs
    }

    #[test]
    fn where_little_gets_lost_nothing_is_held_back() {
        assert_eq!(Repairs::new().cushion(), Duration::ZERO);
        assert_eq!(after(5_000, 150, millis(300)).cushion(), Duration::ZERO);
        assert_eq!(after(5_000, 50, millis(20)).cushion(), Duration::ZERO, "mended before anybody sees it");
        let mut repairs = after(2_000, 10, millis(100));
        assert!(repairs.cushion() > millis(100));
        repairs.count(600);
        (0..8).for_each(|_| repairs.count(600));
        assert_eq!(repairs.cushion(), Duration::ZERO, "it was long ago");
    }

    #[test]
    fn one_question_a_round_trip_is_enough_where_little_gets_lost() {
        let mut repairs = after(1_000, 150, millis(40));
        assert_eq!(repairs.pause(), millis(50));
        repairs.set_round_trip(millis(60));
        assert_eq!(repairs.pause(), millis(70));
        assert_eq!(after(1_000, 50, millis(80)).pause(), millis(40));
        assert_eq!(after(1_000, 10, millis(8)).pause(), LEAST_PAUSE);
    }

    #[test]
    fn an_answer_takes_what_the_fastest_of_them_take() {
        let mut repairs = Repairs::new();
        for n in 0..300 {
            repairs.count(10);
            repairs.answered(if n % 4 == 3 { millis(150) } else { millis(50) });
        }
        assert!((millis(50)..millis(65)).contains(&repairs.answer_time()), "{:?}", repairs.answer_time());
    }

    #[test]
    fn whatever_happens_no_more_is_held_back_than_allowed() {
        for each in 1..40 {
            for answer in [0, 1, 50, 5_000] {
                assert!(after(700, each, millis(answer)).cushion() <= MAX_CUSHION);
            }
        }
        let mut repairs = Repairs::new();
        repairs.count(u32::MAX);
        (0..5_000).for_each(|_| repairs.lose());
        assert!(repairs.share() <= 1.0 && repairs.cushion() <= MAX_CUSHION);
    }
}
