//! Which payload a far end means that counts the messages it got.

use std::collections::VecDeque;

/// How often what was left out is told apart by when that was.
const MAX_SKIPS: usize = 32;

/// Payloads that were made, and messages that were sent.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    sent: u64,
    /// How many were left out after so many had been sent…
    skips: VecDeque<(u64, u64)>,
    /// …and how many before that.
    skipped: u64,
}

impl Numbers {
    pub(crate) fn sent(&mut self) {
        self.sent += 1;
    }

    pub(crate) fn left_out(&mut self) {
        match self.skips.back_mut() {
            Some((after, skipped)) if *after == self.sent => *skipped += 1,
            _ => {
                if self.skips.len() == MAX_SKIPS {
                    self.forget_oldest();
                }
                self.skips.push_back((self.sent, 1));
            }
        }
    }

    /// How many payloads had been made when the nth message was. Far ends never count backwards.
    pub(crate) fn made_until(&mut self, sent: u64) -> u64 {
        while self.skips.front().is_some_and(|(after, _)| *after < sent) {
            self.forget_oldest();
        }
        sent.min(self.sent).saturating_add(self.skipped)
    }

    fn forget_oldest(&mut self) {
        self.skipped += self.skips.pop_front().map_or(0, |(_, skipped)| skipped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_far_end_that_counts_means_the_payload_that_it_got() {
        let mut numbers = Numbers::default();
        let mut meant = Vec::new();
        for payload in 1..=20_u64 {
            if payload.is_multiple_of(3) {
                numbers.sent();
                meant.push(payload);
            } else {
                numbers.left_out();
            }
        }
        for (count, payload) in (1..).zip(meant) {
            assert_eq!(numbers.made_until(count), payload);
        }
        assert_eq!(numbers.made_until(1_000), 20, "nobody has played what was not sent");
    }
}
