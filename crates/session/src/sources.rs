//! Keeps the core from remembering a source for each forged packet.
//!
//! The core (rtc 0.21.1) keeps a replay window for whatever source a packet names, before it has checked the packet: a
//! flood of forged ones, each of another source, would fill the memory.

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
