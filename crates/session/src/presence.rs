//! Whether the peer is still there, when the network says that nobody listens any more.
//!
//! A page that is closed without a word leaves its port shut, and the peer's system answers what we send with ICMP
//! "port unreachable". Anybody can forge that, so it ends nothing by itself: the peer then has a moment to be heard
//! with something that only it can send.

use std::time::{Duration, Instant};

use crate::setup::KEEPALIVE;

/// A peer that sends media all the time is heard within this.
const LIVELY: Duration = Duration::from_millis(100);
/// How long a lively peer may then be silent. A peer with DTX sends something each 400 ms.
const LIVELY_PATIENCE: Duration = Duration::from_millis(450);
/// The same since it was heard: it may just be muted, or have gone over to DTX.
const LIVELY_SILENCE: Duration = Duration::from_secs(1);
/// What we send is rare while nobody says anything: our checks. A stream that stopped no longer ago than one of them may have ended
/// with its peer.
const LATELY: Duration = KEEPALIVE.saturating_add(LIVELY);
/// How long another may be silent: our own checks are answered in that time.
const PATIENCE: Duration = Duration::from_millis(2500);

#[derive(Debug, Default)]
pub(crate) struct Presence {
    heard_at: Option<Instant>,
    /// What was heard last came as soon after what was before as a stream's packets do.
    is_lively: bool,
    gone_at: Option<Instant>,
}

impl Presence {
    /// Something came that only the peer can have sent.
    pub(crate) fn heard(&mut self, now: Instant) {
        let before = self.heard_at.replace(now);
        self.is_lively = before.is_some_and(|before| now.saturating_duration_since(before) <= LIVELY);
        self.gone_at = None;
    }

    /// The network says that the peer's port is shut.
    pub(crate) fn unreachable(&mut self, now: Instant) {
        let Some(heard_at) = self.heard_at else { return };
        let was_lively = self.is_lively && now.saturating_duration_since(heard_at) <= LATELY;
        let gone_at =
            if was_lively { (heard_at + LIVELY_SILENCE).max(now + LIVELY_PATIENCE) } else { now + PATIENCE };
        self.gone_at.get_or_insert(gone_at);
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

    const MS: Duration = Duration::from_millis(1);

    #[allow(clippy::disallowed_methods, reason = "any instant will do as the start of virtual time")]
    fn now() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_peer_that_is_heard_again_was_never_gone() {
        let start = now();
        let mut presence = Presence::default();
        presence.unreachable(start);
        assert_eq!(presence.gone_at(), None, "never heard, so there is nobody to miss");
        presence.heard(start);
        presence.unreachable(start + 20 * MS);
        presence.unreachable(start + 900 * MS);
        assert_eq!(presence.gone_at(), Some(start + 2_520 * MS), "a quiet peer has more time");
        presence.heard(start + 1_000 * MS);
        assert_eq!(presence.gone_at(), None);
    }

    #[test]
    fn a_stream_that_stopped_with_its_peer_is_missed_within_two_seconds() {
        let start = now();
        let streaming = || {
            let mut presence = Presence::default();
            presence.heard(start - 20 * MS);
            presence.heard(start);
            presence
        };
        let mut talking = streaming();
        talking.unreachable(start + 20 * MS);
        assert_eq!(talking.gone_at(), Some(start + 1_000 * MS));
        let mut idle = streaming();
        idle.unreachable(start + KEEPALIVE);
        assert_eq!(idle.gone_at(), Some(start + KEEPALIVE + 450 * MS));
        assert!(idle.gone_at() < Some(start + Duration::from_secs(2)));
        let mut muted_long_ago = streaming();
        muted_long_ago.heard(start + 2_000 * MS);
        muted_long_ago.unreachable(start + 2_500 * MS);
        assert_eq!(muted_long_ago.gone_at(), Some(start + 5_000 * MS));
    }
}
