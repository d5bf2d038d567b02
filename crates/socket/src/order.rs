//! Puts audio that messages carry back into its order.

/// Chunks that are held back for one that is missing: 20 ms each.
const MAX_HELD: usize = 4;
/// The greatest whole number that every JSON reader knows; beyond it nobody counts.
const MAX_NUMBER: u64 = (1 << 53) - 1;
/// A number so far behind the one that is due is no late chunk: the far end counts anew.
const RESTART: u64 = 50;

/// Telnyx says that its media messages may overtake one another
/// (<https://developers.telnyx.com/api-reference/websockets/stream-call-media-over-websocket>); what comes in order never waits.
#[derive(Debug, Default)]
pub(crate) struct MediaOrder {
    due: Option<u64>,
    held: Vec<(u64, Vec<u8>)>,
}

impl MediaOrder {
    /// Takes the chunk of that number, if the far end counts. `play` gets what may be played now, in order; nothing for a chunk
    /// that came twice or too late.
    pub(crate) fn take(&mut self, chunk: Option<u64>, payload: &[u8], mut play: impl FnMut(&[u8])) {
        let Some(chunk) = chunk.filter(|chunk| *chunk <= MAX_NUMBER) else { return play(payload) };
        let due = match self.due {
            Some(due) if chunk >= due.saturating_sub(RESTART) => due,
            _ => {
                self.held.clear();
                chunk
            }
        };
        self.due = Some(due);
        if chunk == due && self.held.is_empty() {
            self.due = Some(due + 1);
            return play(payload);
        }
        if chunk >= due {
            self.hold(chunk, payload);
            self.release(play);
        }
    }

    fn hold(&mut self, chunk: u64, payload: &[u8]) {
        self.held.retain(|(number, _)| *number != chunk);
        self.held.push((chunk, payload.to_vec()));
        if self.held.len() > MAX_HELD {
            self.due = self.held.iter().map(|(number, _)| *number).min();
        }
    }

    fn release(&mut self, mut play: impl FnMut(&[u8])) {
        while let Some(at) = self.held.iter().position(|(number, _)| Some(*number) == self.due) {
            let (number, payload) = self.held.swap_remove(at);
            self.due = Some(number + 1);
            play(&payload);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(chunks: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let mut order = MediaOrder::default();
        let mut played = Vec::new();
        for chunk in chunks {
            order.take(Some(chunk), &chunk.to_be_bytes(), |payload| {
                played.push(u64::from_be_bytes(payload.try_into().expect("a number")));
            });
        }
        played
    }

    #[test]
    fn chunks_in_order_never_wait() {
        assert_eq!(played(1..=100), Vec::from_iter(1..=100));
    }

    #[test]
    fn chunks_that_overtook_one_another_are_put_back() {
        assert_eq!(played([1, 3, 2, 4, 7, 6, 5]), [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn what_came_twice_or_too_late_is_left_out() {
        assert_eq!(played([1, 2, 2, 3, 1, 4]), [1, 2, 3, 4]);
        assert_eq!(played([1, 3, 3, 2]), [1, 2, 3]);
    }

    #[test]
    fn a_chunk_that_never_comes_holds_up_four_others_at_most() {
        assert_eq!(played([1, 3, 4, 5, 6]), [1]);
        assert_eq!(played([1, 3, 4, 5, 6, 7, 8]), [1, 3, 4, 5, 6, 7, 8]);
        assert_eq!(played([1, 3, 5, 7, 9, 11]), [1, 3]);
    }

    #[test]
    fn a_far_end_that_counts_anew_or_not_at_all_is_heard() {
        assert_eq!(played([500, 501, 1, 2]), [500, 501, 1, 2]);
        assert_eq!(played([u64::MAX, 1, u64::MAX, 2]), [u64::MAX, 1, u64::MAX, 2]);
        let mut order = MediaOrder::default();
        let mut played = 0;
        for _ in 0..2 {
            order.take(None, &[1], |_| played += 1);
        }
        assert_eq!(played, 2);
    }
}
