//! How many bits a second may be sent: what the peer says that it can get, and what is lost on the way.
//!
//! The peer measures delays (by the send times that our packets carry) and tells the outcome as REMB
//! (draft-alvestrand-rmcat-remb-03), or it tells when packets came, and the outcome is found here. Loss is told by its reception
//! reports. As in browsers, the rate rises by 8 % a second while little is lost, and falls when much is; what a peer loses at
//! random is made up for by retransmission.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What is sent at first, before anything is known.
const START: u32 = 600_000;
/// Below this no picture is worth sending, however bad the way is…
const LEAST: u32 = 100_000;
/// …unless somebody wants it so, and then it is this.
pub(super) const LEAST_WANTED: u32 = 30_000;
/// Below that share of loss the rate rises…
const LOW: f32 = 0.05;
/// …and above that one it falls.
const HIGH: f32 = 0.15;
/// By how much it rises in a second.
const RISE: f64 = 0.08;
/// How many reports the loss is averaged over: one that saw few packets says little.
const REPORTS: usize = 4;
/// Least time between two falls.
const PAUSE: Duration = Duration::from_millis(500);
/// How long what is known of delays holds; peers that measure tell it every second or so, and arrivals more often.
const HOLDS: Duration = Duration::from_secs(10);
/// Smaller changes are not worth the encoder's while.
const WORTH_TELLING: f64 = 0.05;

/// The rate for our encoder.
#[derive(Debug)]
pub(super) struct Bitrate {
    rate: f64,
    most: u32,
    /// What the peer says that it can get…
    remb: Option<(u32, Instant)>,
    /// …or what was found from its arrivals.
    found: Option<(u32, Instant)>,
    /// Shares of loss with the packets that they are of.
    losses: VecDeque<(f32, u32)>,
    reported_at: Option<Instant>,
    fell_at: Option<Instant>,
    told: Option<u32>,
}

impl Bitrate {
    pub(super) fn new(most: u32) -> Self {
        let most = most.max(LEAST_WANTED);
        Self {
            rate: f64::from(START.min(most)),
            most,
            remb: None,
            found: None,
            losses: VecDeque::new(),
            reported_at: None,
            fell_at: None,
            told: None,
        }
    }

    /// The peer takes no more than that.
    pub(super) fn limit(&mut self, most: u32) {
        self.most = most.max(LEAST_WANTED);
        self.rate = self.rate.min(f64::from(self.most));
    }

    /// The peer says what it can get.
    pub(super) fn remb(&mut self, now: Instant, bitrate: u32) {
        self.remb = Some((bitrate, now));
    }

    /// So much can come, by when packets did.
    pub(super) fn found(&mut self, now: Instant, bitrate: u32) {
        self.found = Some((bitrate, now));
    }

    /// The peer lost that share of so many packets.
    pub(super) fn loss(&mut self, now: Instant, share: f32, packets: u32) {
        if packets == 0 {
            return;
        }
        self.losses.push_back((share, packets));
        if self.losses.len() > REPORTS {
            self.losses.pop_front();
        }
        let before = self.reported_at.replace(now);
        let passed = before.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let share = self.average_loss();
        if share < LOW {
            self.rate *= 1.0 + RISE * passed.as_secs_f64().min(2.0);
        } else if share > HIGH && self.fell_at.is_none_or(|at| now.saturating_duration_since(at) >= PAUSE) {
            self.rate *= 1.0 - 0.5 * f64::from(share);
            self.fell_at = Some(now);
        }
        // Not far beyond what the peer can get, so that it needn't fall from far.
        let most = f64::from(self.bound(now)) * 1.5;
        self.rate = self.rate.min(most).clamp(f64::from(self.least()), f64::from(self.most));
    }

    fn average_loss(&self) -> f32 {
        let packets: f32 = self.losses.iter().map(|(_, packets)| *packets as f32).sum();
        let lost: f32 = self.losses.iter().map(|(share, packets)| share * *packets as f32).sum();
        lost / packets.max(1.0)
    }

    /// The rate now, in bit/s.
    pub(super) fn at(&self, now: Instant) -> u32 {
        (self.rate as u32).min(self.bound(now)).max(self.least())
    }

    /// No less is sent.
    pub(super) fn least(&self) -> u32 {
        LEAST.min(self.most)
    }

    fn bound(&self, now: Instant) -> u32 {
        let known = [self.remb, self.found].into_iter().flatten();
        let holds = known.filter(|(_, at)| now.saturating_duration_since(*at) < HOLDS);
        holds.fold(self.most, |least, (bitrate, _)| least.min(bitrate))
    }

    /// The rate, when it differs enough from what was told before.
    pub(super) fn news(&mut self, now: Instant) -> Option<u32> {
        let rate = self.at(now);
        let is_news = self.told.is_none_or(|told| {
            let change = (f64::from(rate) / f64::from(told.max(1)) - 1.0).abs();
            change > WORTH_TELLING
        });
        is_news.then(|| *self.told.insert(rate))
    }

    /// What was told counts no more.
    pub(super) fn forget_told(&mut self) {
        self.told = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_netsim::{secs, start_of_time};

    #[test]
    fn it_starts_in_the_middle_and_rises_to_the_most_while_nothing_is_lost() {
        let now = start_of_time();
        let mut bitrate = Bitrate::new(2_500_000);
        assert_eq!(bitrate.news(now), Some(600_000));
        assert_eq!(bitrate.news(now), None);
        let rates: Vec<u32> = (0..30)
            .map(|n| {
                bitrate.loss(now + secs(n), 0.01, 60);
                bitrate.at(now + secs(n))
            })
            .collect();
        assert!(rates.is_sorted() && rates[10] > 1_200_000 && rates[10] < 1_400_000, "{rates:?}");
        assert_eq!(rates[29], 2_500_000);
    }

    #[test]
    fn a_peers_word_bounds_it_at_once_and_for_a_while() {
        let now = start_of_time();
        let mut bitrate = Bitrate::new(2_500_000);
        bitrate.remb(now, 300_000);
        assert_eq!(bitrate.news(now), Some(300_000));
        bitrate.remb(now, 310_000);
        assert_eq!(bitrate.news(now), None, "hardly worth telling");
        bitrate.remb(now, 5);
        assert_eq!(bitrate.at(now), LEAST);
        bitrate.remb(now, u32::MAX);
        (0..20).for_each(|n| bitrate.loss(now + secs(n), 0.0, 60));
        assert!(bitrate.at(now + secs(20)) > 400_000, "and lets it rise again");
    }

    #[test]
    fn a_tenth_lost_at_random_is_borne_and_a_quarter_is_not() {
        let now = start_of_time();
        let mut random = parley_netsim::Random::new(7);
        for (share, range) in [(0.1, 590_000..=2_500_000), (0.25, 100_000..=200_000)] {
            let mut bitrate = Bitrate::new(2_500_000);
            for n in 0..60 {
                let lost = (0..60).filter(|_| random.chance(share)).count();
                bitrate.loss(now + secs(n), lost as f32 / 60.0, 60);
            }
            assert!(range.contains(&bitrate.at(now + secs(60))), "{share}: {bitrate:?}");
        }
    }

    #[test]
    fn a_low_limit_holds_from_the_start() {
        assert_eq!(Bitrate::new(250_000).at(start_of_time()), 250_000);
        assert_eq!(Bitrate::new(50_000).at(start_of_time()), 50_000, "though no network makes it as low");
        assert_eq!(Bitrate::new(0).at(start_of_time()), LEAST_WANTED);
        let mut bitrate = Bitrate::new(2_500_000);
        bitrate.limit(400_000);
        assert_eq!(bitrate.at(start_of_time()), 400_000);
    }

    #[test]
    fn reports_of_any_number_of_packets_are_borne() {
        let now = start_of_time();
        let mut bitrate = Bitrate::new(2_500_000);
        (0..8).for_each(|n| bitrate.loss(now + secs(n), 1.0, u32::MAX / 2 - 1));
        assert!((LEAST..300_000).contains(&bitrate.at(now + secs(8))));
    }
}
