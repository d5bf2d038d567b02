//! Holds pictures back where packets get lost, so that the wait for what is sent again isn't seen.
//!
//! A picture is handed over when it would have come had nothing been lost, and the cushion later. Where little gets lost
//! there is no cushion, and pictures are handed over as they come. It changes a little with each picture: the film runs
//! slower for a moment, and nobody sees it.

use super::step::VIDEO_CLOCK;
use std::time::{Duration, Instant};

/// How much of the time between two pictures the cushion grows by…
const GROWS: u32 = 4;
/// …and shrinks by.
const SHRINKS: u32 = 8;
/// Pictures that are further apart count as so far apart.
const MAX_INTERVAL: Duration = Duration::from_millis(100);
/// The fastest way that a picture took is forgotten after two of these: clocks drift, and networks change.
const PERIOD: Duration = Duration::from_secs(5);
/// A step of the timestamps beyond this is another clock.
const MAX_STEP_NANOS: i64 = 10_000_000_000;

/// What one source's pictures are held back by.
#[derive(Debug)]
pub(super) struct Cushion {
    began: Instant,
    /// The last picture's timestamp, and its time on the peer's clock, in nanoseconds.
    last: Option<(u32, i64)>,
    /// The least that a picture came later than its time, in this period and the one before.
    fastest: [i64; 2],
    period_ends: Instant,
    held: Duration,
}

impl Cushion {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            began: now,
            last: None,
            fastest: [i64::MAX; 2],
            period_ends: now + PERIOD,
            held: Duration::ZERO,
        }
    }

    /// When to hand over the picture that is whole now; the cushion is to be `wanted`. Never later than now by more than the
    /// cushion.
    pub(super) fn due(&mut self, now: Instant, timestamp: u32, wanted: Duration) -> Instant {
        let (own, interval) = self.time_of(now, timestamp);
        let came = nanos(now.saturating_duration_since(self.began));
        self.note_way(now, came - own);
        self.held = if wanted > self.held {
            wanted.min(self.held + interval / GROWS)
        } else {
            wanted.max(self.held.saturating_sub(interval / SHRINKS))
        };
        let late = came - own - self.fastest[0].min(self.fastest[1]);
        now + self.held.saturating_sub(Duration::from_nanos(late.max(0).unsigned_abs()))
    }

    /// The picture's time on the peer's clock, and how long after the one before it was made.
    fn time_of(&mut self, now: Instant, timestamp: u32) -> (i64, Duration) {
        let step = self.last.map(|(last, _)| {
            i64::from(timestamp.wrapping_sub(last).cast_signed()) * 1_000_000_000 / i64::from(VIDEO_CLOCK)
        });
        let (own, step) = match (self.last, step) {
            (Some((_, own)), Some(step)) if step.abs() <= MAX_STEP_NANOS => (own + step, step),
            _ => {
                *self = Self { began: self.began, held: self.held, ..Self::new(now) };
                (0, 0)
            }
        };
        self.last = Some((timestamp, own));
        (own, Duration::from_nanos(step.max(0).unsigned_abs()).min(MAX_INTERVAL))
    }

    fn note_way(&mut self, now: Instant, way: i64) {
        if now >= self.period_ends {
            self.fastest = [i64::MAX, self.fastest[0]];
            self.period_ends = now + PERIOD;
        }
        self.fastest[0] = self.fastest[0].min(way);
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_netsim::{Random, millis, start_of_time};

    /// Thirty pictures a second, each so many milliseconds late, and how long each is held.
    fn held(late: impl IntoIterator<Item = u64>, wanted: Duration) -> Vec<u128> {
        let start = start_of_time();
        let mut cushion = Cushion::new(start);
        let pictures = late.into_iter().zip(0_u32..).map(|(late, n)| {
            let now = start + Duration::from_nanos(33_333_333) * n + millis(late);
            (cushion.due(now, (u32::MAX - 5_000).wrapping_add(3_000 * n), wanted) - now).as_millis()
        });
        pictures.collect()
    }

    #[test]
    fn without_loss_pictures_are_handed_over_as_they_come() {
        let mut random = Random::new(4);
        let late: Vec<u64> = (0..300).map(|_| random.below(80) as u64).collect();
        assert!(held(late, Duration::ZERO).iter().all(|held| *held == 0));
    }

    #[test]
    fn a_late_picture_is_held_for_less_by_what_it_is_late() {
        let mut late = vec![10; 100];
        late[60] = 90;
        late[70] = 150;
        let held = held(late, millis(100));
        assert_eq!((held[0], held[1], held[3]), (0, 8, 24), "it grows a little with each picture");
        assert_eq!((held[59], held[60], held[61], held[70], held[71]), (100, 20, 100, 0, 100));
    }

    #[test]
    fn it_shrinks_when_nothing_needs_it_any_more() {
        let start = start_of_time();
        let mut cushion = Cushion::new(start);
        let mut held = |n: u32, wanted| {
            let now = start + millis(40) * n;
            cushion.due(now, 3_600 * n, wanted) - now
        };
        (0..50).for_each(|n| _ = held(n, millis(200)));
        assert_eq!(held(50, millis(200)), millis(200));
        assert_eq!(held(51, Duration::ZERO), millis(195));
        assert_eq!((52..91).map(|n| held(n, Duration::ZERO)).last(), Some(Duration::ZERO));
    }

    #[test]
    fn a_slower_way_is_found_out() {
        let held = held((0..700).map(|n| if n < 100 { 0 } else { 60 }), millis(100));
        assert_eq!((held[90], held[110]), (100, 40));
        assert_eq!(held[699], 100);
    }

    #[test]
    fn whatever_the_peer_says_nothing_is_held_for_longer() {
        let (mut random, mut now) = (Random::new(5), start_of_time());
        let mut cushion = Cushion::new(now);
        for _ in 0..20_000 {
            now += millis(random.below(50) as u64);
            let timestamp = random.bits() as u32 >> random.below(32);
            let due = cushion.due(now, timestamp, millis(random.below(300) as u64));
            assert!(due >= now && due - now <= millis(300));
        }
    }
}
