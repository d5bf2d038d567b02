//! What the core may have to give.
//!
//! Each question to it walks through all of its layers, which takes longer than to decrypt a packet. So it is only asked for what
//! there can be: after a packet of media for that packet, and after audio was sent for as many datagrams.

use std::time::{Duration, Instant};

/// Packets of media don't change when the core wants to be woken by more than anybody minds in this time.
const DUE_AGE: Duration = Duration::from_millis(100);

/// What to ask the core for.
#[derive(Debug)]
pub(super) struct Pending {
    /// Events and messages of all kinds.
    pub(super) news: bool,
    /// Packets that have come through.
    pub(super) media: bool,
    datagrams: Datagrams,
    /// When it wants to be woken, as it said then.
    due: Option<(Instant, Option<Instant>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Datagrams {
    /// So many, of as many packets.
    Known(usize),
    /// Any number.
    Some,
}

impl Pending {
    /// It may have anything to say.
    pub(super) fn all() -> Self {
        Self { news: true, media: true, datagrams: Datagrams::Some, due: None }
    }

    /// It was given a packet to send.
    pub(super) fn packet_written(&mut self) {
        if let Datagrams::Known(count) = &mut self.datagrams {
            *count += 1;
        }
    }

    /// Whether it may have a datagram.
    pub(super) fn has_datagram(&self) -> bool {
        self.datagrams != Datagrams::Known(0)
    }

    /// It was asked for a datagram, and had one or not.
    pub(super) fn asked_for_datagram(&mut self, had: bool) {
        self.datagrams = match self.datagrams {
            _ if !had => Datagrams::Known(0),
            Datagrams::Known(count) => Datagrams::Known(count.saturating_sub(1)),
            Datagrams::Some => Datagrams::Some,
        };
    }

    /// When it wants to be woken, by `ask` unless it has said so lately.
    pub(super) fn due(&mut self, now: Instant, ask: impl FnOnce() -> Option<Instant>) -> Option<Instant> {
        if let Some((asked, due)) = self.due
            && now.saturating_duration_since(asked) < DUE_AGE
            && due.is_none_or(|due| due > now)
        {
            return due;
        }
        let due = ask();
        self.due = Some((now, due));
        due
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "virtual time starts at some moment")]
mod tests {
    use super::*;

    #[test]
    fn as_many_datagrams_are_asked_for_as_packets_were_written() {
        let mut pending = Pending::all();
        pending.asked_for_datagram(true);
        assert!(pending.has_datagram(), "there may be any number");
        pending.asked_for_datagram(false);
        assert!(!pending.has_datagram());
        pending.packet_written();
        pending.packet_written();
        pending.asked_for_datagram(true);
        assert!(pending.has_datagram());
        pending.asked_for_datagram(true);
        assert!(!pending.has_datagram());
        pending.packet_written();
        pending.asked_for_datagram(false);
        assert!(!pending.has_datagram(), "nothing came of it");
    }

    #[test]
    fn it_is_asked_again_when_it_is_due_or_was_long_ago() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut pending = Pending::all();
        let mut due = |now, says| pending.due(at(now), || Some(at(says)));
        assert_eq!([due(0, 50), due(49, 70)], [Some(at(50)); 2]);
        assert_eq!([due(50, 500), due(149, 0)], [Some(at(500)); 2]);
        assert_eq!(due(150, 400), Some(at(400)));
    }
}
