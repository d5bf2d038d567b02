//! What a far end has yet to play that plays all it gets.

use std::time::{Duration, Instant};

/// How long a payload plays.
const PAYLOAD: Duration = Duration::from_millis(20);
/// By so much more than what is sent ahead may wait at the far end: the media engine is early and late.
const MARGIN: Duration = Duration::from_millis(40);
/// The square of a sample 50 dB below full scale: what is fainter on average is noise of a room.
const QUIET: u64 = 10_737;

/// A far end that plays in order and without gaps: a phone provider, or a page that knows no better. What was held up reaches it
/// in a burst, after it had run dry; and everything after that would wait for the burst to be played, for the rest of the call.
/// So quiet payloads are left out until no more waits than is sent ahead anyway.
#[derive(Debug)]
pub(crate) struct Playout {
    most: Duration,
    ends_at: Option<Instant>,
}

impl Playout {
    /// One that gets audio so far ahead of real time.
    pub(crate) fn new(lead: Duration) -> Self {
        Self { most: lead + MARGIN, ends_at: None }
    }

    /// Whether a payload that is due, 20 ms of µ-law, is to be sent.
    pub(crate) fn takes(&mut self, now: Instant, payload: &[u8]) -> bool {
        let from = self.ends_at.map_or(now, |end| end.max(now));
        if from.duration_since(now) > self.most && is_quiet(payload) {
            return false;
        }
        self.ends_at = Some(from + PAYLOAD);
        true
    }

    /// The far end dropped what it had.
    pub(crate) fn cleared(&mut self) {
        self.ends_at = None;
    }
}

fn is_quiet(payload: &[u8]) -> bool {
    let power: u64 = payload.iter().map(|code| u64::from(POWERS[usize::from(code & 0x7f)])).sum();
    power <= QUIET * payload.len() as u64
}

/// The squares of what µ-law codes mean (ITU-T G.711, table 2a), without their signs.
const POWERS: [u32; 128] = {
    let mut powers = [0; 128];
    let mut code = 0;
    while code < 128 {
        let inverted = !(code as u32) & 0x7f;
        let value = ((((inverted & 0x0f) << 3) + 0x84) << (inverted >> 4)) - 0x84;
        powers[code] = value * value;
        code += 1;
    }
    powers
};

#[cfg(test)]
mod tests {
    use super::*;

    const SILENCE: [u8; 160] = [0xff; 160];
    /// The loudest code, of either sign by turns.
    const VOICE: [u8; 160] = [0x80; 160];

    /// A payload all of one code, that is as loud as its negative.
    fn noise(db: f64) -> [u8; 160] {
        let wanted = 32_768.0 * 10_f64.powf(db / 20.0);
        let distance = |code: &usize| (f64::from(POWERS[*code]).sqrt() - wanted).abs();
        let code = (0..128).min_by(|a, b| distance(a).total_cmp(&distance(b))).expect("one of them");
        [code as u8; 160]
    }

    /// A far end that gets audio 100 ms ahead, and how much of it waits there.
    struct Rig {
        playout: Playout,
        now: Instant,
        ends_at: Instant,
        sent: u32,
    }

    impl Rig {
        fn new() -> Self {
            let now = Instant::now();
            Self { playout: Playout::new(Duration::from_millis(100)), now, ends_at: now, sent: 0 }
        }

        /// So many payloads are due, one after the other in so many ms.
        fn send(&mut self, payload: &[u8], count: u32, ms: u64) {
            for _ in 0..count {
                if self.playout.takes(self.now, payload) {
                    self.ends_at = self.ends_at.max(self.now) + PAYLOAD;
                    self.sent += 1;
                }
                self.now += Duration::from_millis(ms);
            }
        }

        fn waits(&self) -> u128 {
            self.ends_at.saturating_duration_since(self.now).as_millis()
        }
    }

    #[test]
    fn what_is_sent_ahead_as_agreed_is_left_whole_quiet_or_not() {
        for payload in [VOICE, SILENCE] {
            let mut rig = Rig::new();
            rig.send(&payload, 6, 0);
            rig.send(&payload, 500, 20);
            assert_eq!(rig.sent, 506);
        }
    }

    #[test]
    fn after_a_hold_up_quiet_audio_is_left_out_until_no_more_waits_than_usual_and_a_voice_never() {
        let mut rig = Rig::new();
        rig.send(&VOICE, 50, 20);
        rig.now += Duration::from_millis(400);
        rig.send(&VOICE, 20, 0);
        rig.send(&VOICE, 50, 20);
        assert_eq!(rig.sent, 120, "all that was said");
        assert!(rig.waits() > 350, "{} ms wait", rig.waits());
        rig.send(&SILENCE, 50, 20);
        assert!(rig.waits() <= 140, "{} ms wait", rig.waits());
        let sent = rig.sent;
        rig.send(&VOICE, 50, 20);
        rig.send(&SILENCE, 50, 20);
        assert_eq!(rig.sent, sent + 100, "and then nothing more is left out");
    }

    #[test]
    fn quiet_is_what_is_50_db_below_full_scale_on_average() {
        for (db, is_sent) in [(-45.0, true), (-55.0, false), (-60.0, false)] {
            let mut rig = Rig::new();
            rig.send(&VOICE, 20, 0);
            rig.send(&noise(db), 1, 0);
            assert_eq!(rig.sent == 21, is_sent, "{db} dB");
        }
    }

    #[test]
    fn a_far_end_that_was_told_to_drop_what_it_had_has_nothing_to_play() {
        let mut rig = Rig::new();
        rig.send(&VOICE, 50, 0);
        rig.playout.cleared();
        rig.send(&SILENCE, 6, 0);
        assert_eq!(rig.sent, 56);
    }
}
