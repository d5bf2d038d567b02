//! Which packets are missing, and when to ask for them (RFC 4585, section 6.2.1).
//!
//! A packet that was sent again fills its hole like any other, so it is never asked for again.

use super::repairs::Repairs;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Most packets that are missed at once; with more, only a key frame helps.
const MAX_MISSING: usize = 512;
/// A step of numbers beyond this is another numbering, not a loss.
const MAX_STEP: u16 = 2_000;
/// How often one packet is asked for…
const MAX_ASKED: u8 = 20;
/// …and how long it is missed at most: then nobody waits for it any more.
const MAX_AGE: Duration = Duration::from_millis(500);
/// Longest time that a packet may just be late, when packets were late before.
const MAX_HOLD: Duration = Duration::from_millis(30);

#[derive(Debug)]
struct Missing {
    number: u16,
    since: Instant,
    asked: u8,
    asked_at: Option<Instant>,
    ask_at: Instant,
}

/// What is missing of one source.
#[derive(Debug)]
pub(super) struct Nacks {
    highest: Option<u16>,
    /// In the order of their numbers.
    missing: VecDeque<Missing>,
    repairs: Repairs,
    /// How long a packet may be late before it is asked for.
    hold: Duration,
    given_up: u64,
}

impl Nacks {
    pub(super) fn new() -> Self {
        Self {
            highest: None,
            missing: VecDeque::new(),
            repairs: Repairs::new(),
            hold: Duration::ZERO,
            given_up: 0,
        }
    }

    pub(super) fn set_round_trip(&mut self, round_trip: Duration) {
        self.repairs.set_round_trip(round_trip);
    }

    /// What is known about losses.
    pub(super) fn repairs(&self) -> &Repairs {
        &self.repairs
    }

    /// A packet of that number came; `again` when it was certainly sent because it was asked for.
    pub(super) fn received(&mut self, now: Instant, number: u16, again: bool) {
        let Some(highest) = self.highest else {
            self.highest = Some(number);
            return;
        };
        let step = number.wrapping_sub(highest);
        if step == 0 {
            return;
        }
        if step > u16::MAX / 2 {
            return self.fill(now, number, again);
        }
        self.highest = Some(number);
        if step > MAX_STEP {
            return self.missing.clear();
        }
        self.repairs.count(step.into());
        if step > 1 {
            self.miss(now, highest, step - 1);
        }
    }

    fn miss(&mut self, now: Instant, highest: u16, count: u16) {
        // A network that stopped mixing up its packets is asked sooner again.
        self.hold = self.hold * 15 / 16;
        for step in 1..=count {
            if self.missing.len() == MAX_MISSING {
                self.missing.pop_front();
                self.given_up += 1;
            }
            let number = highest.wrapping_add(step);
            let ask_at = now + self.hold;
            self.missing.push_back(Missing { number, since: now, asked: 0, asked_at: None, ask_at });
        }
    }

    fn fill(&mut self, now: Instant, number: u16, again: bool) {
        let Some(index) = self.missing.iter().position(|missing| missing.number == number) else { return };
        let Some(missing) = self.missing.remove(index) else { return };
        let answered = missing.asked_at.map(|at| now.saturating_duration_since(at));
        // Without a source for repairs they look like packets that are late, but they take a round trip.
        match answered.filter(|after| again || *after >= self.repairs.answer_time()) {
            Some(after) => self.repairs.answered(after),
            None if again => {}
            None => {
                self.hold = self.hold.max(now.saturating_duration_since(missing.since)).min(MAX_HOLD);
            }
        }
    }

    /// The numbers to ask for now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<u16> {
        let before = self.missing.len();
        let is_hopeless = |missing: &Missing| {
            now.saturating_duration_since(missing.since) >= MAX_AGE
                || (missing.asked >= MAX_ASKED && missing.ask_at <= now)
        };
        self.missing.retain(|missing| !is_hopeless(missing));
        let hopeless = before - self.missing.len();
        (0..hopeless).for_each(|_| self.repairs.lose());
        self.given_up += hopeless as u64;
        let pause = self.repairs.pause();
        let mut numbers = Vec::new();
        for missing in self.missing.iter_mut().filter(|missing| missing.ask_at <= now) {
            missing.asked += 1;
            missing.asked_at.get_or_insert(now);
            missing.ask_at = now + pause;
            numbers.push(missing.number);
        }
        numbers
    }

    /// When [`due`](Self::due) has something.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        self.missing.iter().map(|missing| missing.ask_at.min(missing.since + MAX_AGE)).min()
    }

    /// How many packets were missed for ever.
    pub(super) fn given_up(&self) -> u64 {
        self.given_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_netsim::{millis, start_of_time};

    fn after(numbers: &[u16]) -> (Nacks, Instant) {
        let now = start_of_time();
        let mut nacks = Nacks::new();
        numbers.iter().for_each(|number| nacks.received(now, *number, false));
        (nacks, now)
    }

    #[test]
    fn a_hole_is_asked_for_at_once_and_then_once_a_round_trip_until_it_is_filled() {
        let (mut nacks, now) = after(&[65_534, 1]);
        nacks.set_round_trip(millis(40));
        assert_eq!(nacks.due(now), [65_535, 0], "across the wrap");
        assert!(nacks.due(now + millis(49)).is_empty());
        nacks.received(now + millis(49), 65_535, true);
        assert_eq!(nacks.wake_at(), Some(now + millis(50)));
        assert_eq!(nacks.due(now + millis(50)), [0]);
        nacks.received(now + millis(60), 0, true);
        assert_eq!((nacks.wake_at(), nacks.due(now + millis(400))), (None, vec![]));
        assert_eq!(nacks.given_up(), 0);
    }

    #[test]
    fn what_never_comes_is_given_up() {
        let (mut nacks, now) = after(&[1, 3]);
        nacks.set_round_trip(millis(5));
        let asked = (0..600).map(|n| nacks.due(now + millis(n)).len()).sum::<usize>();
        assert_eq!((asked, nacks.given_up(), nacks.wake_at()), (usize::from(MAX_ASKED), 1, None));
    }

    #[test]
    fn where_packets_overtake_each_other_a_hole_has_time_to_fill() {
        let (mut nacks, now) = after(&[1, 3]);
        assert_eq!(nacks.due(now), [2]);
        nacks.received(now + millis(8), 2, false);
        nacks.received(now + millis(10), 5, false);
        assert!(nacks.due(now + millis(10)).is_empty(), "it may just be late");
        assert_eq!(nacks.due(now + millis(18)), [4]);
    }

    #[test]
    fn another_numbering_is_no_loss() {
        let (mut nacks, now) = after(&[1, 30_000, 30_001]);
        assert!(nacks.due(now).is_empty());
        let (mut nacks, now) = after(&[1, 1_900]);
        assert_eq!(nacks.due(now).len(), MAX_MISSING, "the newest of them");
        assert_eq!(nacks.given_up(), 1_898 - MAX_MISSING as u64);
    }
}
