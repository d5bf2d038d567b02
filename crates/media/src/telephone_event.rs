//! Keys of a telephone: packets of one event as one key (RFC 4733).
//!
//! A key is told when it is let go: each of its packets says how long it has been down, the last ones (sent three times
//! over) that it is up. Should all of those get lost, it counts as let go when nothing came for a while, or when the next
//! key goes down.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Senders repeat a held key's state each 50 ms or more often (section 2.5.1.2); so long after the last of it the key
/// is up.
const LET_GO: Duration = Duration::from_millis(250);

/// Keys that wait for the pipeline's owner; the oldest is dropped.
const CAPACITY: usize = 32;

/// The keys by their event codes (section 3.2, table 3).
const KEYS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];

/// A key that the peer pressed and let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dtmf {
    /// `0` to `9`, `*`, `#`, or `A` to `D`.
    pub digit: char,
    /// How long it was down.
    pub duration: Duration,
}

/// A key that is down.
#[derive(Debug, Clone, Copy)]
struct Down {
    digit: char,
    /// The time of its beginning, which all of its packets have, or of its last segment's.
    timestamp: u32,
    /// How long it was down before that segment, in units of the clock.
    before: u64,
    /// How long since then.
    since: u16,
    rate: u32,
    /// When the last packet of it came.
    heard: Instant,
}

/// Puts the packets of keys together.
#[derive(Debug, Default)]
pub(crate) struct TelephoneEvents {
    down: Option<Down>,
    /// The time of the last key that was told: the end of it comes three times.
    told: Option<u32>,
    ready: VecDeque<Dtmf>,
    count: u64,
}

impl TelephoneEvents {
    /// Takes a packet whose timestamps count in units of 1/`rate` s.
    pub(crate) fn receive(&mut self, now: Instant, timestamp: u32, payload: &[u8], rate: u32) {
        let &[code, flags, high, low, ..] = payload else { return };
        let Some(&digit) = KEYS.get(usize::from(code)) else { return };
        let since = u16::from_be_bytes([high, low]);
        if rate == 0 || self.is_over(timestamp) {
            return;
        }
        self.press(Down { digit, timestamp, before: 0, since, rate, heard: now });
        if flags & 0x80 != 0 {
            self.let_go();
        }
    }

    /// Lets go of a key that nothing was heard of for long enough.
    pub(crate) fn wake(&mut self, now: Instant) {
        if self.wake_at().is_some_and(|at| at <= now) {
            self.let_go();
        }
    }

    pub(crate) fn wake_at(&self) -> Option<Instant> {
        self.down.map(|down| down.heard + LET_GO)
    }

    pub(crate) fn take(&mut self) -> Option<Dtmf> {
        self.ready.pop_front()
    }

    /// Keys so far.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Whether a packet belongs to a key that was told, or to one before it.
    fn is_over(&self, timestamp: u32) -> bool {
        self.told.is_some_and(|told| timestamp.wrapping_sub(told).cast_signed() <= 0)
    }

    fn press(&mut self, new: Down) {
        let Some(down) = self.down else {
            self.down = Some(new);
            return;
        };
        let later = new.timestamp.wrapping_sub(down.timestamp);
        if later == 0 {
            // A packet that was overtaken says a shorter time.
            self.down = Some(Down { since: down.since.max(new.since), heard: new.heard, ..down });
        } else if down.digit == new.digit && is_next_segment(later, new.rate) {
            self.down = Some(Down { before: down.before + u64::from(later), ..new });
        } else if later.cast_signed() > 0 {
            self.let_go();
            self.down = Some(new);
        }
    }

    fn let_go(&mut self) {
        let Some(down) = self.down.take() else { return };
        self.told = Some(down.timestamp);
        if self.ready.len() == CAPACITY {
            self.ready.pop_front();
        }
        let units = down.before + u64::from(down.since);
        let duration = Duration::from_micros(units * 1_000_000 / u64::from(down.rate));
        self.ready.push_back(Dtmf { digit: down.digit, duration });
        self.count += 1;
    }
}

/// Whether a key goes on in the next segment, because it is longer than the field can say (section 2.5.1.3): a segment
/// begins where the one before is full, or, from browsers, with the packet in which they see that it is.
fn is_next_segment(later: u32, rate: u32) -> bool {
    let full = u32::from(u16::MAX);
    // The longest packet of Opus is 120 ms.
    (full..=full + rate / 8).contains(&later)
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: u8 = 0x80;

    struct Phone {
        events: TelephoneEvents,
        now: Instant,
    }

    impl Phone {
        #[allow(clippy::disallowed_methods, reason = "an `Instant` can't be made without the clock")]
        fn new() -> Self {
            Self { events: TelephoneEvents::default(), now: Instant::now() }
        }

        fn packet(&mut self, code: u8, flags: u8, timestamp: u32, duration: u16) {
            let [high, low] = duration.to_be_bytes();
            self.events.receive(self.now, timestamp, &[code, flags | 10, high, low], 8_000);
        }

        fn passes(&mut self, milliseconds: u64) {
            self.now += Duration::from_millis(milliseconds);
            self.events.wake(self.now);
        }

        fn heard(&mut self) -> Vec<(char, u128)> {
            std::iter::from_fn(|| self.events.take())
                .map(|key| (key.digit, key.duration.as_millis()))
                .collect()
        }
    }

    #[test]
    fn a_key_is_told_once_when_it_is_let_go() {
        let mut phone = Phone::new();
        for duration in [160, 320, 480, 640] {
            phone.packet(5, 0, 1_000, duration);
            phone.passes(20);
        }
        assert_eq!(phone.heard(), []);
        for _ in 0..3 {
            phone.packet(5, END, 1_000, 800);
        }
        assert_eq!(phone.heard(), [('5', 100)]);
        phone.passes(1_000);
        assert_eq!((phone.heard(), phone.events.count()), (vec![], 1));
    }

    #[test]
    fn every_key_has_its_sign_and_other_events_are_ignored() {
        let mut phone = Phone::new();
        for code in 0..=255 {
            phone.packet(code, END, u32::from(code) * 8_000, 800);
        }
        let digits: String = phone.heard().iter().map(|(digit, _)| digit).collect();
        assert_eq!(digits, "0123456789*#ABCD");
    }

    #[test]
    fn a_key_whose_end_got_lost_is_told_after_a_while() {
        let mut phone = Phone::new();
        phone.packet(11, 0, 7, 400);
        phone.passes(249);
        assert_eq!(phone.heard(), []);
        phone.passes(1);
        assert_eq!(phone.heard(), [('#', 50)]);
        phone.packet(11, END, 7, 800);
        assert_eq!(phone.heard(), [], "what comes after all is the same key");
    }

    #[test]
    fn the_next_key_ends_the_one_before() {
        let mut phone = Phone::new();
        phone.packet(1, 0, 1_000, 400);
        phone.packet(1, END, 9_000, 800);
        assert_eq!(phone.heard(), [('1', 50), ('1', 100)], "the same key twice");
        phone.packet(1, END, 1_000, 800);
        assert_eq!(phone.heard(), [], "an old packet");
    }

    #[test]
    fn a_key_held_for_longer_than_a_packet_can_say_is_one_key() {
        let mut phone = Phone::new();
        let start = u32::MAX - 5_000;
        phone.packet(0, 0, start, u16::MAX);
        phone.packet(0, 0, start.wrapping_add(65_535), 400);
        phone.packet(0, END, start.wrapping_add(65_535), 800);
        assert_eq!(phone.heard(), [('0', 8_291)]);
    }

    #[test]
    fn a_segment_may_begin_a_packet_after_the_one_before_was_full() {
        let mut phone = Phone::new();
        phone.packet(7, 0, 1_000, u16::MAX);
        phone.packet(7, 0, 1_000 + 65_600, 65);
        phone.packet(7, END, 1_000 + 65_600, 1_600);
        assert_eq!(phone.heard(), [('7', 8_400)]);
        phone.packet(7, END, 1_000 + 65_600 + 67_000, 800);
        assert_eq!(phone.heard(), [('7', 100)], "pressed again");
    }

    #[test]
    fn what_is_too_short_is_no_event() {
        let mut phone = Phone::new();
        phone.events.receive(phone.now, 0, &[1, END, 3], 8_000);
        phone.events.receive(phone.now, 0, &[1, END, 3, 32], 0);
        assert_eq!(phone.heard(), []);
    }
}
