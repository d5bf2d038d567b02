//! Which sources the core is let know, and which one is heard.
//!
//! The core (rtc 0.21.1) keeps a replay window for whatever source a packet names, before it has checked the packet: a
//! flood of forged ones, each of another source, would fill the memory.

use std::time::{Duration, Instant};

/// Most sources of either kind in one session. A browser has one, and a new one when its track is replaced.
const MAX_SOURCES: usize = 64;

/// The synchronisation sources that packets named.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    media: Vec<u32>,
    reports: Vec<u32>,
}

impl Sources {
    /// Whether the core gets this RTP or RTCP packet of 12 bytes or more.
    pub(crate) fn admit(&mut self, packet: &[u8]) -> bool {
        // RFC 5761, section 4: what has one of these second bytes is RTCP, whose source is its second word.
        let is_report = matches!(packet.get(1), Some(192..=223));
        let (known, at) = if is_report { (&mut self.reports, 4) } else { (&mut self.media, 8) };
        let Some(source) = packet.get(at..at + 4) else { return false };
        let source = u32::from_be_bytes([source[0], source[1], source[2], source[3]]);
        if known.contains(&source) {
            return true;
        }
        let has_room = known.len() < MAX_SOURCES;
        if has_room {
            known.push(source);
        }
        has_room
    }
}

/// A source that was heard before is heard again once the one after it has been silent for longer than any packet is, or than a
/// worker takes from one look at its socket to the next.
const AGAIN_AFTER: Duration = Duration::from_millis(150);

/// Whose audio is heard: of two sources at once the newer one's.
#[derive(Debug, Default)]
pub(crate) struct Speaker {
    /// Who speaks, and when audio came last.
    current: Option<(u32, Instant)>,
    /// All that were heard, no more than [`Sources`] admits.
    heard: Vec<u32>,
}

impl Speaker {
    /// Decrypted audio comes. Whether it is heard: that of a source which another has followed is not, while that speaks.
    pub(crate) fn admit(&mut self, now: Instant, source: u32) -> bool {
        let is_known = self.heard.contains(&source);
        let speaks = |(current, at): (u32, Instant)| {
            current != source && now.saturating_duration_since(at) < AGAIN_AFTER
        };
        if is_known && self.current.is_some_and(speaks) {
            return false;
        }
        if !is_known {
            self.heard.push(source);
        }
        self.current = Some((source, now));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parley_netsim::{millis, start_of_time};

    fn packet(kind: u8, source: u32) -> [u8; 12] {
        let mut packet = [0x80, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let at = if kind == 201 { 4 } else { 8 };
        packet[at..at + 4].copy_from_slice(&source.to_be_bytes());
        packet
    }

    #[test]
    fn many_sources_are_refused_and_those_before_them_stay() {
        let mut sources = Sources::default();
        let admitted = (0..1_000).filter(|source| sources.admit(&packet(111, *source))).count();
        assert_eq!(admitted, MAX_SOURCES);
        assert!(sources.admit(&packet(111, 3)), "one that was known");
        assert!(sources.admit(&packet(201, 5_000)), "reports are counted apart");
        assert!(!sources.admit(&packet(111, 5_000)));
    }
    #[test]
    fn a_new_source_is_heard_at_once_and_an_old_one_when_the_other_is_silent() {
        let (start, mut speaker) = (start_of_time(), Speaker::default());
        let mut admits = |ms, source| speaker.admit(start + millis(ms), source);
        assert!(admits(0, 1) && admits(20, 1));
        assert!(admits(20, 2), "in the same look");
        assert!(!admits(40, 1) && admits(140, 2), "two at once");
        assert!(!admits(280, 1) && !admits(289, 1), "a packet of 120 ms, or a look a little later");
        assert!(admits(290, 1) && !admits(300, 2) && admits(310, 3));
    }
}
