//! How much the way can carry, found from when what was sent came: a queue that grows makes each packet come later than the
//! one before it.
//!
//! As browsers do (draft-ietf-rmcat-gcc-02, with libwebrtc's regression instead of a Kalman filter): packets that left together
//! are a group, delays between groups add up to a curve, and its slope says whether the way is used beyond what it
//! carries. Then less is sent than came, and more again, bit by bit, while nothing queues. A slope says nothing of a queue that
//! stays as it is, so what waits for long beside the fastest of the last seconds is let go by sending less still.

mod queue;
mod trend;

use super::departures::{Arrival, MAX_WAITING};
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
/// A clock that jumps by more, in microseconds, is another clock: the peer's begins anew each 12 days, too.
const JUMP: i64 = 3_000_000;
/// No packet overtakes others by so much, in microseconds: the clock went back.
const OVERTAKES: i64 = 500_000;
/// What came is counted over so long, in microseconds.
const COUNTED: i64 = 500_000;
/// …and anew after a pause of more, which is longer than from one picture of the slowest film to the next.
const PAUSE: i64 = 2_000_000;
/// By how much the rate rises in a second, while no limit is known…
const RISE: f64 = 1.08;
/// …and by a packet for each second answer, near to one that is: by a picture at most, of so many a second.
const PACKET_BITS: f64 = 9_600.0;
const PICTURES: f64 = 30.0;
/// What an answer takes beside the round trip.
const ANSWER: Duration = Duration::from_millis(100);
/// The rate never rises further beyond what comes.
const AHEAD: f64 = 1.5;
const AHEAD_BITS: f64 = 10_000.0;
/// It falls to this share of what came, which counts as this share of the rate at least: who sends far less than it may has found
/// out little by that…
const FALL: f64 = 0.85;
const LEAST_COME: f64 = 0.5;
/// …and once more after a round trip, within these bounds…
const PATIENCE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(200));
/// …or after this time where less came than counts.
const CAUTION: Duration = Duration::from_secs(1);
/// Where more comes than so many times what came when it was too much, the way is another.
const WIDER: f64 = 1.3;
/// Near to what was too much.
const NEAR: f64 = 0.8;
/// A queue of so many microseconds is too long…
const LONG: i64 = 150_000;
/// …and one of this length lets only half of what the way carries be sent, so that it is gone within seconds.
const LONGEST: f64 = 1_000_000.0;
const LEAST_SHARE: f64 = 0.5;
/// One that isn't shorter by so many microseconds after a while of [`CAUTION`] needs less to be sent still…
const SHORTER: i64 = 10_000;
/// …but not more often than that unless it grows: then nothing queues, and the way itself takes longer.
const MOST_STEPS: u8 = 3;

/// Finds the rate.
#[derive(Debug)]
pub(super) struct Congestion {
    rate: f64,
    group: Option<Group>,
    before: Option<Group>,
    trend: Trend,
    detector: Detector,
    last: Option<Arrival>,
    /// When packets came in the last half second, their bits, and since when they are counted without a pause.
    came: VecDeque<(i64, f64)>,
    began: i64,
    /// What came when it was too much.
    limit: Option<f64>,
    fell_at: Option<Instant>,
    updated_at: Option<Instant>,
    queue: Queue,
    /// Less is sent until the queue is gone.
    drain: Option<Drain>,
}

/// A queue that is to get shorter.
#[derive(Debug, Clone, Copy)]
struct Drain {
    /// The rate before.
    rate: f64,
    /// When it was looked at, and how long it was.
    looked_at: Instant,
    length: i64,
    /// How often even less was sent for it.
    steps: u8,
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
            last: None,
            came: VecDeque::new(),
            began: 0,
            limit: None,
            fell_at: None,
            updated_at: None,
            queue: Queue::default(),
            drain: None,
        }
    }

    /// Learns of packets that came. Returns the rate from now on, in bit/s: `least` or more.
    pub(super) fn arrived(
        &mut self,
        now: Instant,
        arrivals: &[Arrival],
        round_trip: Option<Duration>,
        least: u32,
    ) -> u32 {
        let mut valid = 0;
        for (index, arrival) in arrivals.iter().enumerate() {
            if self.last.is_some_and(|last| last.is_of_another_clock(arrival)) {
                self.restart();
                valid = index;
            }
            self.count(arrival);
            self.gather(arrival);
            self.last = Some(*arrival);
        }
        self.queue.measure(now, &arrivals[valid..]);
        self.decide(now, round_trip.unwrap_or(ANSWER));
        self.rate = self.rate.max(least.into());
        self.rate as u32
    }

    /// What was measured means nothing any more.
    fn restart(&mut self) {
        let (fell_at, updated_at, limit) = (self.fell_at, self.updated_at, self.limit);
        *self = Self { fell_at, updated_at, limit, ..Self::new(self.rate) };
    }

    fn count(&mut self, arrival: &Arrival) {
        if self.last.is_none_or(|last| arrival.came - last.came > PAUSE) {
            self.began = arrival.came;
        }
        if self.came.len() == MAX_WAITING {
            self.came.pop_front();
        }
        self.came.push_back((arrival.came, arrival.bytes as f64 * 8.0));
    }

    /// What comes, in bit/s, once it was counted for long enough.
    fn received(&mut self) -> Option<f64> {
        let newest = self.last?.came;
        self.came.retain(|(at, _)| (newest - at).abs() < COUNTED);
        let bits: f64 = self.came.iter().map(|(_, bits)| bits).sum();
        (newest - self.began >= COUNTED).then(|| bits / (COUNTED as f64 / 1e6))
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
        let slope = self.trend.add(came, came - sent);
        self.detector.update(slope, self.trend.groups, sent, came);
    }

    fn decide(&mut self, now: Instant, round_trip: Duration) {
        let passed =
            self.updated_at.replace(now).map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let Some(received) = self.received() else { return };
        // What comes at once when a way gets wider is no rate.
        if self.drain.is_none() && self.limit.is_some_and(|limit| received > WIDER * limit) {
            self.limit = None;
        }
        let comes = received.max(LEAST_COME * self.rate);
        match self.detector.usage {
            Usage::Over => {
                let patience = round_trip.clamp(PATIENCE.0, PATIENCE.1);
                self.fall(now, comes, if comes > received { CAUTION } else { patience });
            }
            // What queues is to go first.
            Usage::Under => {}
            Usage::Normal if self.drain.is_some() => {}
            Usage::Normal => self.rise(passed.min(Duration::from_secs(1)), received, round_trip),
        }
        self.drain(now, comes);
    }

    fn drain(&mut self, now: Instant, comes: f64) {
        let length = self.queue.length;
        if length > LONG {
            let mut carries = *self.limit.get_or_insert(comes);
            let drain = self.drain.get_or_insert(Drain { rate: self.rate, looked_at: now, length, steps: 0 });
            if now.saturating_duration_since(drain.looked_at) >= CAUTION {
                let grows = length > drain.length + SHORTER;
                if grows || length > drain.length - SHORTER && drain.steps < MOST_STEPS {
                    carries = carries.min(comes);
                    drain.steps = drain.steps.saturating_add(1);
                }
                (drain.looked_at, drain.length) = (now, length);
            }
            self.limit = Some(carries);
            let share = (1.0 - length as f64 / LONGEST).clamp(LEAST_SHARE, FALL);
            self.rate = self.rate.min(carries * share);
        } else if let Some(drain) = self.drain.take_if(|_| length < LONG / 2) {
            let carries = self.limit.unwrap_or(comes);
            self.rate = self.rate.max(drain.rate.min(FALL * carries));
        }
    }

    fn fall(&mut self, now: Instant, comes: f64, patience: Duration) {
        let is_early = self.fell_at.is_some_and(|at| now.saturating_duration_since(at) < patience);
        if !is_early && FALL * comes < self.rate {
            self.rate = FALL * comes;
            self.limit = Some(comes);
            self.fell_at = Some(now);
        }
    }

    fn rise(&mut self, passed: Duration, received: f64, round_trip: Duration) {
        let is_near = self.limit.is_some_and(|limit| self.rate > NEAR * limit);
        let raised = match is_near {
            true => {
                let step = PACKET_BITS.min(self.rate / PICTURES);
                self.rate + step * passed.as_secs_f64() / (2 * (round_trip + ANSWER)).as_secs_f64()
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
        let is_bunch = came.abs() <= BUNCH
            && came < sent.as_micros() as i64
            && arrival.came - self.first_came < LONGEST_BUNCH;
        is_burst || is_bunch
    }
}

impl Arrival {
    fn is_of_another_clock(&self, next: &Self) -> bool {
        let sent = next.sent.saturating_duration_since(self.sent).as_micros() as i64;
        let came = next.came - self.came;
        came < -OVERTAKES || came - sent > JUMP
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_netsim::{Random, millis, secs, start_of_time};

    /// In bit/s.
    const LEAST: u32 = 100_000;

    /// A sender that sends as much as it may over a way that carries so many bits a second, in packets of 1,000 bytes, and is told
    /// each 100 ms what came.
    struct Way {
        now: Instant,
        congestion: Congestion,
        rate: f64,
        /// In bit/s.
        carries: f64,
        /// Where the peer's clock begins.
        clock: i64,
        /// The most that is sent.
        most: f64,
        /// How long a packet takes at least.
        latency: Duration,
        /// The most that a packet comes later by chance.
        jitter: f64,
        /// So many packets make a picture, one of which leaves each second.
        picture: Option<u32>,
        sent: u32,
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
                clock: 7_000_000,
                most: 3_000_000.0,
                latency: millis(20),
                jitter: 0.0,
                picture: None,
                sent: 0,
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
                    self.rate = self.congestion.arrived(next, &arrivals, Some(millis(40)), LEAST).into();
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
            let at = (self.free_at + self.latency + Duration::from_secs_f64(chance)).max(self.last_came);
            self.last_came = at;
            // The peer's clock is another one.
            let came = self.clock + (at - start_of_time()).as_micros() as i64 / 250 * 250;
            self.under_way.push_back((at, Arrival { sent, came, bytes: 1_000 }));
            self.sent += 1;
            self.leaves_at = sent + Duration::from_secs_f64(8_000.0 / self.rate.min(self.most));
            if self.picture.is_some_and(|packets| self.sent.is_multiple_of(packets)) {
                self.leaves_at += millis(600);
            }
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
        way.run(secs(40));
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
    fn who_sends_little_is_thrown_back_little() {
        let mut way = Way::new(50_000_000.0);
        way.run(secs(20));
        let before = way.rate;
        assert!(before > 1_500_000.0, "{before}");
        // A picture that hardly changes; then something else on the way holds it up for a while.
        way.most = 70_000.0;
        way.run(secs(2));
        way.free_at = way.now + millis(400);
        way.run(secs(2));
        assert!(way.rate > before / 5.0, "{} after {before}", way.rate);
    }

    #[test]
    fn a_queue_that_grows_slowly_under_little_is_found() {
        let mut way = Way::new(50_000_000.0);
        way.run(secs(20));
        way.most = 300_000.0;
        way.carries = 290_000.0;
        let rate = way.run(secs(60));
        assert!(rate < 320_000.0 && way.waited < millis(250), "{rate}, {:?}", way.waited);
    }

    #[test]
    fn a_way_that_takes_longer_from_now_on_is_no_queue() {
        let mut way = Way::new(50_000_000.0);
        way.run(secs(20));
        let before = way.rate;
        way.latency = millis(300);
        way.run(secs(60));
        assert!(way.rate > 0.5 * before, "{} after {before}", way.rate);
    }

    #[test]
    fn a_picture_a_second_finds_a_wider_way_too() {
        let mut way = Way::new(30_000.0);
        way.picture = Some(5);
        way.run(secs(30));
        let before = way.rate;
        assert!(before < 110_000.0, "{before}");
        way.carries = 5_000_000.0;
        way.run(secs(40));
        assert!(way.rate > 1.1 * before, "{} after {before}", way.rate);
    }

    #[test]
    fn a_pause_is_no_slow_way() {
        let mut way = Way::new(1_000_000.0);
        way.run(secs(20));
        let before = way.rate;
        way.leaves_at = way.now + secs(60);
        way.run(millis(60_500));
        assert!(way.rate > 0.7 * before, "{} after {before}", way.rate);
    }

    #[test]
    fn a_clock_that_begins_anew_or_jumps_hides_no_queue() {
        for jump in [-1_000_000_000_000, -10_000_000, -2_000_000, 10_000_000] {
            let mut way = Way::new(2_000_000.0);
            way.run(secs(15));
            let before = way.rate;
            way.clock += jump;
            way.run(secs(5));
            assert!(way.rate > 0.8 * before, "{jump}: {} after {before}", way.rate);
            way.carries = 500_000.0;
            way.run(secs(25));
            assert!(
                way.rate < 600_000.0 && way.waited < millis(300),
                "{jump}: {}, {:?}",
                way.rate,
                way.waited
            );
        }
    }

    #[test]
    fn few_arrivals_are_kept_whatever_their_times() {
        let (start, mut random) = (start_of_time(), Random::new(9));
        for times in 0..3 {
            let mut congestion = Congestion::new(600_000.0);
            for n in 0..20_000_u64 {
                let came = match times {
                    0 => 0,
                    1 => i64::from(random.bits() as u32) * 1_000,
                    _ => n as i64 * 1_000,
                };
                let sent = start + millis(n);
                let arrivals = [Arrival { sent, came, bytes: random.below(1_500) }];
                let rate = congestion.arrived(sent, &arrivals, None, LEAST);
                assert!(rate >= LEAST && congestion.came.len() <= MAX_WAITING);
            }
            assert_eq!(congestion.came.len() == MAX_WAITING, times == 0);
        }
    }
}
