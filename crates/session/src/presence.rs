//! Whether the peer is still there, when the network says that nobody listens any more.
//!
//! A page that is closed without a word leaves its port shut, and the peer's system answers what we send with ICMP
//! "port unreachable". Anybody can forge that, so it ends nothing by itself: the peer then has a moment to be heard
//! with something that only it can send.

use std::time::{Duration, Instant};

/// A peer that sends media all the time is heard within this.
const LIVELY: Duration = Duration::from_millis(100);
/// How long a lively peer may then be silent.
const LIVELY_PATIENCE: Duration = Duration::from_secs(1);
/// How long another may: our own checks, every two seconds, are answered in that time.
const PATIENCE: Duration = Duration::from_millis(2500);

#[derive(Debug, Default)]
pub(crate) struct Presence {
    heard_at: Option<Instant>,
    gone_at: Option<Instant>,
}

impl Presence {
    /// Something came that only the peer can have sent.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard_at = Some(now);
        self.gone_at = None;
    }

    /// The network says that the peer's port is shut.
    pub(crate) fn unreachable(&mut self, now: Instant) {
        let Some(heard_at) = self.heard_at else { return };
        let lively = now.saturating_duration_since(heard_at) <= LIVELY;
        let patience = if lively { LIVELY_PATIENCE } else { PATIENCE };
        self.gone_at.get_or_insert(now + patience);
    }

    /// Whether the peer was heard in that time.
    pub(crate) fn was_heard_within(&self, now: Instant, time: Duration) -> bool {
        self.heard_at.is_some_and(|at| now.saturating_duration_since(at) <= time)
    }

    /// When the peer counts as gone, unless it is heard before.
    pub(crate) fn gone_at(&self) -> Option<Instant> {
        self.gone_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_is_heard_again_was_never_gone() {
        #[allow(clippy::disallowed_methods, reason = "any instant will do as the start of virtual time")]
        let start = Instant::now();
        let mut presence = Presence::default();
        presence.unreachable(start);
        assert_eq!(presence.gone_at(), None, "never heard, so there is nobody to miss");
        presence.heard(start);
        presence.unreachable(start + Duration::from_millis(20));
        presence.unreachable(start + Duration::from_millis(900));
        assert_eq!(presence.gone_at(), Some(start + Duration::from_millis(1020)));
        presence.heard(start + Duration::from_millis(1000));
        assert_eq!(presence.gone_at(), None);
        presence.unreachable(start + Duration::from_millis(3000));
        assert_eq!(
            presence.gone_at(),
            Some(start + Duration::from_millis(5500)),
            "a quiet peer has more time"
        );
    }
}
