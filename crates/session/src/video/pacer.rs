//! When the packets of a picture leave: small pictures at once, large ones spread, so that no queue on the way overflows.

use rtc::rtp::Packet;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So many packets leave at once; an ordinary picture has two to four.
const BURST: usize = 8;
/// So many leave together after that.
const GROUP: usize = 4;
/// A large picture is spread over this at least…
const LEAST_SPREAD: Duration = Duration::from_millis(5);
/// …and over as long as it takes at so many times the bitrate (as browsers do)…
const FACTOR: f64 = 2.5;
/// …but over this at most: a share of the time until the next picture.
const MOST_SPREAD: f64 = 0.8;
/// Most packets that wait. An encoder keeps to its bitrate, so that many are nobody's picture any more.
const MAX_WAITING: usize = 2_048;

/// The packets that wait to be sent.
#[derive(Debug)]
pub(super) struct Pacer {
    waiting: VecDeque<(Instant, Packet)>,
    interval: Duration,
}

impl Pacer {
    /// For pictures that follow each other at that rate.
    pub(super) fn new(framerate: f32) -> Self {
        let interval = Duration::from_secs_f64(1.0 / f64::from(framerate.clamp(1.0, 240.0)));
        Self { waiting: VecDeque::new(), interval }
    }

    /// Takes a picture's packets. False, and nothing is taken, when too many wait.
    pub(super) fn push(&mut self, now: Instant, packets: Vec<Packet>, bitrate: u32) -> bool {
        if self.waiting.len() + packets.len() > MAX_WAITING {
            return false;
        }
        // What is left of the picture before goes first, and is late already.
        self.waiting.iter_mut().for_each(|(due, _)| *due = now.min(*due));
        let groups = packets.len().saturating_sub(BURST).div_ceil(GROUP) as u32;
        let bytes: usize = packets.iter().map(|packet| packet.payload.len()).sum();
        let at_factor = Duration::from_secs_f64(bytes as f64 * 8.0 / (f64::from(bitrate.max(1)) * FACTOR));
        let most = self.interval.mul_f64(MOST_SPREAD);
        let pause = at_factor.max(LEAST_SPREAD).min(most).checked_div(groups).unwrap_or_default();
        for (index, packet) in packets.into_iter().enumerate() {
            let group = (index + GROUP).saturating_sub(BURST) / GROUP;
            self.waiting.push_back((now + pause * group as u32, packet));
        }
        true
    }

    /// The next packet that is due.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Packet> {
        self.waiting.front().filter(|(due, _)| *due <= now)?;
        self.waiting.pop_front().map(|(_, packet)| packet)
    }

    pub(super) fn wake_at(&self) -> Option<Instant> {
        self.waiting.front().map(|(due, _)| *due)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_netsim::{millis, start_of_time};

    fn picture(packets: usize) -> Vec<Packet> {
        (0..packets).map(|_| Packet { payload: vec![0; 1_000].into(), ..Packet::default() }).collect()
    }

    /// When each packet leaves, in microseconds.
    fn times(pacer: &mut Pacer) -> Vec<u128> {
        let mut times = Vec::new();
        while let Some(at) = pacer.wake_at() {
            while pacer.pop(at).is_some() {
                times.push((at - start_of_time()).as_micros());
            }
        }
        times
    }

    #[test]
    fn an_ordinary_picture_leaves_at_once() {
        let mut pacer = Pacer::new(30.0);
        assert!(pacer.push(start_of_time(), picture(8), 100_000));
        assert_eq!(times(&mut pacer), [0; 8]);
    }

    #[test]
    fn a_large_one_is_spread_over_five_milliseconds_when_the_bitrate_allows() {
        let mut pacer = Pacer::new(30.0);
        pacer.push(start_of_time(), picture(16), 20_000_000);
        let times = times(&mut pacer);
        assert_eq!(times[..8], [0; 8]);
        assert_eq!((times[8], times[12], times[15]), (2_500, 5_000, 5_000));
    }

    #[test]
    fn a_key_frame_at_a_low_bitrate_takes_most_of_an_interval() {
        let mut pacer = Pacer::new(25.0);
        pacer.push(start_of_time(), picture(40), 500_000);
        let times = times(&mut pacer);
        assert_eq!(times.len(), 40);
        assert_eq!(times[39], 32_000, "0.8 of 40 ms");
        assert!(times.windows(5).all(|five| five[4] > five[0] || five[4] == 0), "four at a time: {times:?}");
    }

    #[test]
    fn the_next_picture_pushes_the_one_before() {
        let mut pacer = Pacer::new(25.0);
        pacer.push(start_of_time(), picture(40), 500_000);
        pacer.push(start_of_time() + millis(5), picture(1), 500_000);
        let mut sent = 0;
        while pacer.pop(start_of_time() + millis(5)).is_some() {
            sent += 1;
        }
        assert_eq!(sent, 41);
    }

    #[test]
    fn it_holds_a_bounded_number() {
        let mut pacer = Pacer::new(30.0);
        assert!(pacer.push(start_of_time(), picture(MAX_WAITING), 500_000));
        assert!(!pacer.push(start_of_time(), picture(1), 500_000));
        pacer.clear();
        assert!(pacer.is_empty() && pacer.push(start_of_time(), picture(1), 500_000));
    }
}
