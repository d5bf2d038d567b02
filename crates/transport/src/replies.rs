//! Whether it is worth waiting for what JavaScript makes of frames.

/// So often in a row nobody answered, and no answer is waited for any more.
const PATIENCE: u32 = 4;

/// Follows whether frames are answered with audio.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    in_vain: u32,
}

impl Replies {
    /// Whether audio is to be expected shortly after frames were handed over. Handlers that only listen never answer.
    pub(crate) fn are_expected(&self) -> bool {
        self.in_vain < PATIENCE
    }

    /// A round begins, with audio to send or without. `waited` says that it is one of those that wait for answers; while there
    /// are none of these, any audio may be one.
    pub(crate) fn round(&mut self, waited: bool, has_audio: bool) {
        if has_audio {
            self.in_vain = 0;
        } else if waited {
            self.in_vain = self.in_vain.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_that_only_listens_is_not_waited_for_until_it_speaks() {
        let mut replies = Replies::default();
        for _ in 0..PATIENCE {
            assert!(replies.are_expected());
            replies.round(true, false);
            replies.round(false, false);
        }
        assert!(!replies.are_expected());
        replies.round(false, false);
        assert!(!replies.are_expected());
        replies.round(false, true);
        assert!(replies.are_expected());
    }

    #[test]
    fn now_and_then_an_answer_is_late() {
        let mut replies = Replies::default();
        for n in 0..100 {
            replies.round(true, n % PATIENCE == 0);
            assert!(replies.are_expected());
        }
    }
}
