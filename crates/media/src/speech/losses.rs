//! How much of what the peer sends gets lost.

/// Packets that make a figure: two seconds.
const PACKETS: u64 = 100;

/// How much of the last figure is left when the next one is less.
const MEMORY: f32 = 0.5;

/// The share of packets that were lost lately.
#[derive(Debug, Default)]
pub(super) struct Losses {
    /// Packets received and lost when the last figure was made.
    before: (u64, u64),
    share: f32,
}

impl Losses {
    /// The share lately, 0 to 1, when so many packets were received and lost in all.
    pub(super) fn share(&mut self, (received, lost): (u64, u64)) -> f32 {
        let since = (received.saturating_sub(self.before.0), lost.saturating_sub(self.before.1));
        let all = since.0 + since.1;
        if all >= PACKETS {
            self.share = (since.1 as f32 / all as f32).max(self.share * MEMORY);
            self.before = (received, lost);
        }
        self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_known_after_two_seconds_and_forgotten_slowly() {
        let mut losses = Losses::default();
        assert_eq!(losses.share((99, 0)), 0.0);
        assert_eq!(losses.share((180, 20)), 0.1);
        assert_eq!(losses.share((190, 25)), 0.1);
        assert_eq!(losses.share((290, 20)), 0.05);
    }
}
