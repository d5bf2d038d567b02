//! Finds out from marks how much of a far end's audio has been played.

use std::time::{Duration, Instant};

/// Payloads of 20 ms between two marks. The media engine knows by its clock what is played from one to the next.
const EVERY: u64 = 10;
/// How long the last payloads of an utterance wait for more before they get a mark of their own: longer than [`EVERY`] take.
const PATIENCE: Duration = Duration::from_millis(250);

/// A mark is numbered by how many payloads went before it.
#[derive(Debug, Default)]
pub(crate) struct HeardMarks {
    made: u64,
    marked: u64,
    cleared: u64,
    due: Option<Instant>,
}

impl HeardMarks {
    /// A payload went out. Returns the number of a mark to put behind it.
    pub(crate) fn sent(&mut self, now: Instant) -> Option<u64> {
        self.made += 1;
        if self.made - self.marked >= EVERY {
            return self.mark();
        }
        self.due.get_or_insert(now + PATIENCE);
        None
    }

    /// Time has passed. Returns the number of a mark to send.
    pub(crate) fn wake(&mut self, now: Instant) -> Option<u64> {
        self.due.filter(|due| *due <= now)?;
        self.mark()
    }

    /// When [`wake`](Self::wake) is to be called.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        self.due
    }

    /// What was sent and isn't played is dropped; its marks come back all the same.
    pub(crate) fn cleared(&mut self) {
        self.marked = self.made;
        self.cleared = self.made;
        self.due = None;
    }

    /// How many payloads have been played since the start, by the mark of that number; none when it says nothing of that.
    pub(crate) fn played(&self, payloads: u64) -> Option<u64> {
        (payloads > self.cleared && payloads <= self.marked).then_some(payloads)
    }

    fn mark(&mut self) -> Option<u64> {
        self.due = None;
        self.marked = self.made;
        Some(self.made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marks of audio that is sent in time, 20 ms a payload, unless it is sent at once.
    struct Rig {
        heard: HeardMarks,
        now: Instant,
        names: Vec<u64>,
    }

    impl Rig {
        fn new() -> Self {
            Self { heard: HeardMarks::default(), now: Instant::now(), names: Vec::new() }
        }

        fn wait(&mut self, ms: u64) {
            for _ in 0..ms / 10 {
                self.now += Duration::from_millis(10);
                self.names.extend(self.heard.wake(self.now));
            }
        }

        fn send(&mut self, payloads: usize, ms: u64) {
            for _ in 0..payloads {
                self.names.extend(self.heard.sent(self.now));
                self.wait(ms);
            }
        }

        fn played(&self) -> Vec<Option<u64>> {
            self.names.iter().map(|name| self.heard.played(*name)).collect()
        }
    }

    #[test]
    fn every_200_ms_of_audio_have_a_mark_which_tells_how_much_was_played() {
        for ms in [0, 20] {
            let mut rig = Rig::new();
            rig.send(24, ms);
            assert_eq!(rig.names, [10, 20]);
            assert_eq!(rig.played(), [Some(10), Some(20)]);
        }
    }

    #[test]
    fn the_end_of_an_utterance_gets_a_mark_of_its_own() {
        let mut rig = Rig::new();
        rig.send(13, 20);
        assert_eq!(rig.names, [10]);
        rig.wait(250);
        assert_eq!(rig.names, [10, 13]);
        assert_eq!(rig.heard.played(13), Some(13));
        assert_eq!(rig.heard.wake_at(), None, "and then nothing is waited for");
    }

    #[test]
    fn marks_of_audio_that_was_cleared_say_nothing_though_they_come_back() {
        let mut rig = Rig::new();
        rig.send(20, 20);
        rig.heard.cleared();
        rig.send(10, 20);
        assert_eq!(rig.names, [10, 20, 30]);
        assert_eq!(rig.played(), [None, None, Some(30)]);
    }

    #[test]
    fn nothing_is_marked_after_a_clear_until_there_is_more_audio() {
        let mut rig = Rig::new();
        rig.send(3, 20);
        rig.heard.cleared();
        assert_eq!(rig.heard.wake_at(), None);
        rig.wait(1000);
        assert!(rig.names.is_empty(), "{:?}", rig.names);
    }

    #[test]
    fn marks_that_nobody_sent_say_nothing() {
        let mut rig = Rig::new();
        rig.send(10, 20);
        for number in [0, 11, 999_999_999_999_999] {
            assert_eq!(rig.heard.played(number), None, "{number}");
        }
        assert_eq!(rig.heard.played(10), Some(10));
    }
}
