//! How much the way can carry, found from when what was sent came: a queue that grows makes each packet come later than the
//! one before it.
//!
//! As browsers do (draft-ietf-rmcat-gcc-02, with libwebrtc's regression instead of a Kalman filter): packets that left together
//! are a group, delays between groups add up to a curve, and its slope says whether the way is used beyond what it
//! carries. Then less is sent than came, and more again, bit by bit, while nothing queues. A slope says nothing of a queue that
//! stays as it is, so what waits for long beside the fastest of the last seconds is let go by sending less still.

mod queue;
mod trend;

use super::departures::Arrival;
use queue::Queue;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use trend::{Detector, Trend, Usage};

/// What leaves within so long is a group…
const BURST: Duration = Duration::from_millis(5);
/// …and so is what comes within so long although it left further apart: something held it up, and let it go.
const BUNCH: i64 = 5_000;
/// How long a bunch is at most.
const LONGEST_BUNCH: i64 = 100_000;
/// A clock that jumps by more, in ms, is another clock.
const JUMP: f64 = 3_000.0;
/// What came is counted over so long, in microseconds.
const COUNTED: i64 = 500_000;
/// By how much the rate rises in a second, while no limit is known…
const RISE: f64 = 1.08;
/// …and by a packet for each answer, near to one that is: by a picture at most, of so many a second.
const PACKET_BITS: f64 = 9_600.0;
const PICTURES: f64 = 30.0;
/// What an answer takes beside the round trip.
const ANSWER: Duration = Duration::from_millis(100);
/// The rate never rises further beyond what comes.
const AHEAD: f64 = 1.5;
const AHEAD_BITS: f64 = 10_000.0;
/// It falls to this share of what came…
const FALL: f64 = 0.85;
/// …and once more after a round trip, within these bounds.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(200));
/// Where more comes than so many times what came when it was too much, the way is another.
const WIDER: f64 = 1.3;
/// Near to what was too much.
const NEAR: f64 = 0.8;
/// A queue of so many microseconds is too long…
const LONG: i64 = 150_000;
/// …and one of this length lets only half of what the way carries be sent, so that it is gone within seconds.
const LONGEST: f64 = 1_000_000.0;
const LEAST_SHARE: f64 = 0.5;

/// Finds the rate.
#[derive(Debug)]
pub(super) struct Congestion {
    rate: f64,
    group: Option<Group>,
    before: Option<Group>,
    trend: Trend,
    detector: Detector,
    /// When packets came in the last half second, and their bits.
    came: VecDeque<(i64, f64)>,
    began: Option<i64>,
    /// What came when it was too much.
    limit: Option<f64>,
    fell_at: Option<Instant>,
    updated_at: Option<Instant>,
    queue: Queue,
    /// Less is sent until the queue is gone.
    drains: bool,
}

/// Packets that left together.
#[derive(Debug, Clone, Copy)]
struct Group {
    first_sent: Instant,
    sent: Instant,
    first_came: i64,
    came: i64,
}

impl Congestion {
    /// `rate` is what is sent now, in bit/s.
    pub(super) fn new(rate: f64) -> Self {
        Self {
            rate,
            group: None,
            before: None,
            trend: Trend::default(),
            detector: Detector::default(),
            came: VecDeque::new(),
            began: None,
            limit: None,
            fell_at: None,
            updated_at: None,
            queue: Queue::default(),
            drains: false,
        }
    }

    /// Learns of packets that came. Returns the rate from now on, in bit/s.
    pub(super) fn arrived(
        &mut self,
        now: Instant,
        arrivals: &[Arrival],
        round_trip: Option<Duration>,
    ) -> u32 {
        for arrival in arrivals {
            self.count(arrival);
            self.gather(arrival);
        }
        self.queue.measure(now, arrivals);
        self.decide(now, round_trip.unwrap_or(ANSWER));
        self.rate as u32
    }

    fn count(&mut self, arrival: &Arrival) {
        self.began.get_or_insert(arrival.came);
        self.came.push_back((arrival.came, arrival.bytes as f64 * 8.0));
        let newest = self.came.iter().map(|(at, _)| *at).max().unwrap_or_default();
        self.came.retain(|(at, _)| newest - at < COUNTED);
    }

    /// What comes, in bit/s, once it was counted for long enough.
    fn received(&self) -> Option<f64> {
        let newest = self.came.iter().map(|(at, _)| *at).max()?;
        let is_counted = self.began.is_some_and(|began| newest - began >= COUNTED);
        let bits: f64 = self.came.iter().map(|(_, bits)| bits).sum();
        is_counted.then(|| bits / (COUNTED as f64 / 1e6))
    }

    fn gather(&mut self, arrival: &Arrival) {
        let Some(group) = &mut self.group else {
            self.group = Some(Group::of(arrival));
            return;
        };
        if group.takes(arrival) {
            group.sent = group.sent.max(arrival.sent);
            group.came = group.came.max(arrival.came);
            return;
        }
        let closed = *group;
        self.group = Some(Group::of(arrival));
        if let Some(before) = self.before.replace(closed) {
            self.compare(before, closed);
        }
    }

    fn compare(&mut self, before: Group, group: Group) {
        let sent = group.sent.saturating_duration_since(before.sent).as_secs_f64() * 1e3;
        let came = (group.came - before.came) as f64 / 1e3;
        if (came - sent).abs() > JUMP {
            (self.before, self.trend, self.detector) = (None, Trend::default(), Detector::default());
            (self.began, self.came, self.queue) = (None, VecDeque::new(), Queue::default());
            return;
        }
        let slope = self.trend.add(came, came - sent);
        self.detector.update(slope, self.trend.groups, sent, came);
    }

    fn decide(&mut self, now: Instant, round_trip: Duration) {
        let passed =
            self.updated_at.replace(now).map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let Some(received) = self.received() else { return };
        if self.limit.is_some_and(|limit| received > WIDER * limit) {
            self.limit = None;
        }
        match self.detector.usage {
            Usage::Over => self.fall(now, received, round_trip),
            // What queues is to go first.
            Usage::Under => {}
            Usage::Normal if self.drains => {}
            Usage::Normal => self.rise(passed.min(Duration::from_secs(1)), received, round_trip),
        }
        self.drain(received);
    }

    fn drain(&mut self, received: f64) {
        if self.queue.length > LONG {
            let carries = *self.limit.get_or_insert(received);
            let share = (1.0 - self.queue.length as f64 / LONGEST).clamp(LEAST_SHARE, FALL);
            self.rate = self.rate.min(carries * share);
            self.drains = true;
        } else if self.drains && self.queue.length < LONG / 2 {
            self.rate = self.rate.max(FALL * self.limit.unwrap_or(received));
            self.drains = false;
        }
    }

    fn fall(&mut self, now: Instant, received: f64, round_trip: Duration) {
        let patience = round_trip.clamp(PATIENCE.0, PATIENCE.1);
        let is_early = self.fell_at.is_some_and(|at| now.saturating_duration_since(at) < patience);
        if !is_early && FALL * received < self.rate {
            self.rate = FALL * received;
            self.limit = Some(received);
            self.fell_at = Some(now);
        }
    }

    fn rise(&mut self, passed: Duration, received: f64, round_trip: Duration) {
        let is_near = self.limit.is_some_and(|limit| self.rate > NEAR * limit);
        let raised = match is_near {
            true => {
                let step = PACKET_BITS.min(self.rate / PICTURES);
                self.rate + step * passed.as_secs_f64() / (round_trip + ANSWER).as_secs_f64()
            }
            false => self.rate * RISE.powf(passed.as_secs_f64()),
        };
        self.rate = raised.min(self.rate.max(AHEAD * received + AHEAD_BITS));
    }
}

impl Group {
    fn of(arrival: &Arrival) -> Self {
        let Arrival { sent, came, .. } = *arrival;
        Self { first_sent: sent, sent, first_came: came, came }
    }

    fn takes(&self, arrival: &Arrival) -> bool {
        let (sent, came) = (arrival.sent.saturating_duration_since(self.sent), arrival.came - self.came);
        let is_burst = arrival.sent.saturating_duration_since(self.first_sent) <= BURST;
        let is_bunch =
            came <= BUNCH && came < sent.as_micros() as i64 && arrival.came - self.first_came < LONGEST_BUNCH;
        is_burst || is_bunch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_netsim::{Random, millis, secs, start_of_time};

    /// A sender that sends as much as it may over a way that carries so many bits a second, in packets of 1,000 bytes, and is told
    /// each 100 ms what came.
    struct Way {
        now: Instant,
        congestion: Congestion,
        rate: f64,
        /// In bit/s.
        carries: f64,
        /// The most that a packet comes later by chance.
        jitter: f64,
        random: Random,
        /// When the next packet leaves, and when the way is free again.
        leaves_at: Instant,
        free_at: Instant,
        last_came: Instant,
        under_way: VecDeque<(Instant, Arrival)>,
        /// The longest that a packet waited lately.
        waited: Duration,
    }

    impl Way {
        fn new(carries: f64) -> Self {
            let now = start_of_time() + secs(1);
            Self {
                now,
                congestion: Congestion::new(600_000.0),
                rate: 600_000.0,
                carries,
                jitter: 0.0,
                random: Random::new(5),
                leaves_at: now,
                free_at: now,
                last_came: now,
                under_way: VecDeque::new(),
                waited: Duration::ZERO,
            }
        }

        /// Time passes. Returns the mean rate of the last half of it.
        fn run(&mut self, duration: Duration) -> f64 {
            let end = self.now + duration;
            let mut rates = Vec::new();
            while self.now < end {
                self.waited = Duration::ZERO;
                let next = self.now + millis(100);
                while self.leaves_at < next {
                    self.send();
                }
                self.now = next;
                let came = self.under_way.iter().take_while(|(at, _)| *at <= next).count();
                let arrivals: Vec<Arrival> =
                    self.under_way.drain(..came).map(|(_, arrival)| arrival).collect();
                if !arrivals.is_empty() {
                    self.rate = self.congestion.arrived(next, &arrivals, Some(millis(40))).into();
                }
                rates.push(self.rate);
            }
            let half = &rates[rates.len() / 2..];
            half.iter().sum::<f64>() / half.len() as f64
        }

        fn send(&mut self) {
            let sent = self.leaves_at;
            let begins = self.free_at.max(sent);
            self.waited = self.waited.max(begins - sent);
            self.free_at = begins + Duration::from_secs_f64(8_000.0 / self.carries);
            let chance = f64::from(self.random.below(1_000) as u32) / 1e3 * self.jitter;
            let at = (self.free_at + millis(20) + Duration::from_secs_f64(chance)).max(self.last_came);
            self.last_came = at;
            // The peer's clock is another one.
            let came = 7_000_000 + (at - start_of_time()).as_micros() as i64 / 250 * 250;
            self.under_way.push_back((at, Arrival { sent, came, bytes: 1_000 }));
            self.leaves_at = sent + Duration::from_secs_f64(8_000.0 / self.rate.min(3_000_000.0));
        }
    }

    #[test]
    fn a_wide_way_is_used_more_and_more() {
        let mut way = Way::new(50_000_000.0);
        way.run(secs(10));
        assert!((1_100_000.0..1_400_000.0).contains(&way.rate), "8 % a second: {}", way.rate);
    }

    #[test]
    fn a_narrow_way_is_filled_and_not_clogged() {
        for carries in [150_000.0, 400_000.0, 1_000_000.0] {
            let mut way = Way::new(carries);
            let rate = way.run(secs(60));
            assert!((0.7 * carries..1.05 * carries).contains(&rate), "{rate} of {carries}");
            assert!(way.waited < millis(200), "{:?} at {carries}", way.waited);
        }
    }

    #[test]
    fn a_way_that_gets_narrower_and_wider_is_followed() {
        let mut way = Way::new(2_000_000.0);
        way.run(secs(20));
        way.carries = 500_000.0;
        let rate = way.run(secs(20));
        assert!(
            (300_000.0..525_000.0).contains(&rate) && way.waited < millis(200),
            "{rate}, {:?}",
            way.waited
        );
        way.carries = 2_000_000.0;
        way.run(secs(30));
        assert!(way.rate > 1_200_000.0, "{}", way.rate);
    }

    #[test]
    fn delays_that_vary_are_no_queue() {
        let mut way = Way::new(50_000_000.0);
        way.jitter = 0.03;
        way.run(secs(20));
        assert!(way.rate > 1_500_000.0, "{}", way.rate);
    }

    #[test]
    fn the_rate_stays_near_to_what_is_sent() {
        let mut way = Way::new(50_000_000.0);
        way.run(secs(60));
        // No more than 3 Mbit/s are.
        assert!((3_000_000.0..4_600_000.0).contains(&way.rate), "{}", way.rate);
    }

    #[test]
    fn times_that_mean_nothing_are_borne() {
        let (start, mut random) = (start_of_time(), Random::new(9));
        let mut congestion = Congestion::new(600_000.0);
        for n in 0..20_000_u64 {
            let came = match random.below(4) {
                0 => i64::MIN / 4 + random.bits() as i64 / 8,
                1 => (random.bits() >> 30) as i64,
                _ => n as i64 * 1_000,
            };
            let sent = start + millis(n * random.below(3) as u64);
            let arrivals = [Arrival { sent, came, bytes: random.below(1_500) }; 3];
            let rate = congestion.arrived(start + millis(n), &arrivals, None);
            assert!(f64::from(rate).is_finite() && congestion.came.len() < 100_000);
        }
    }
}
