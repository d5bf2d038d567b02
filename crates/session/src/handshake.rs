//! Keeps what repeats or floods a DTLS handshake from the layer below.
//!
//! That layer (rtc 0.21.1) disarms its retransmission timer for every handshake record, and arms it again only when the
//! peer's flight was complete: a `ClientHello` that came twice because our flight was lost left both ends waiting for
//! each other for ever. It also keeps whatever it can't use yet: fragments in the clear until 2 MB are full, after
//! which it drops every record of the association, and protected records before there is a key without a bound.

use crate::dtls_record::{self, Record};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Datagrams in the clear that one session takes. A handshake has about ten, and each may come a few times.
const MAX_CLEAR: usize = 100;
/// Protected datagrams taken before the handshake is done: the end of it, and what the peer sends right behind.
const MAX_EARLY_PROTECTED: usize = 32;

/// Decides which plausible datagrams the DTLS layer gets.
#[derive(Debug, Default)]
pub(crate) struct HandshakeGuard {
    clear: usize,
    early_protected: usize,
    /// Hashes of the handshake messages that it got.
    taken: Vec<u64>,
}

impl HandshakeGuard {
    /// Whether the DTLS layer gets this datagram, which must be plausible.
    pub(crate) fn admit(&mut self, datagram: &[u8], established: bool) -> bool {
        let is_clear = |record: &Record<'_>| record.epoch == 0;
        if !dtls_record::records(datagram).any(|record| is_clear(&record)) {
            self.early_protected += usize::from(!established);
            return established || self.early_protected <= MAX_EARLY_PROTECTED;
        }
        self.clear += 1;
        // Once established, a repeated flight says that our last one was lost, and the layer below repeats that.
        self.clear <= MAX_CLEAR && (established || self.brings_something_new(datagram))
    }

    fn brings_something_new(&mut self, datagram: &[u8]) -> bool {
        let mut is_new = false;
        for record in dtls_record::records(datagram) {
            match record.is_repeatable_handshake().then(|| hash(record.fragment)) {
                Some(hash) if self.taken.contains(&hash) => {}
                Some(hash) => {
                    self.taken.push(hash);
                    is_new = true;
                }
                None => is_new = true,
            }
        }
        is_new
    }
}

fn hash(fragment: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    fragment.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, epoch: u16, number: u8, fragment: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind, 254, 253];
        bytes.extend(epoch.to_be_bytes());
        bytes.extend([0, 0, 0, 0, 0, number]);
        bytes.extend((fragment.len() as u16).to_be_bytes());
        bytes.extend(fragment);
        bytes
    }

    /// A handshake message in one fragment, with its number.
    fn message(number: u8, body: u8) -> [u8; 20] {
        let mut message = [body; 20];
        message[..12].copy_from_slice(&[1, 0, 0, 8, 0, number, 0, 0, 0, 0, 0, 8]);
        message
    }

    #[test]
    fn a_message_that_comes_again_under_another_record_number_is_dropped() {
        let mut guard = HandshakeGuard::default();
        assert!(guard.admit(&record(22, 0, 1, &message(1, 7)), false));
        assert!(!guard.admit(&record(22, 0, 2, &message(1, 7)), false));
        assert!(guard.admit(&record(22, 0, 3, &message(2, 7)), false), "another message");
        let both = [record(22, 0, 4, &message(2, 7)), record(22, 0, 5, &message(3, 7))].concat();
        assert!(guard.admit(&both, false), "one of two is new");
    }

    #[test]
    fn the_first_client_hello_may_come_again_because_its_answer_is_never_repeated() {
        let mut guard = HandshakeGuard::default();
        assert!(guard.admit(&record(22, 0, 0, &message(0, 7)), false));
        assert!(guard.admit(&record(22, 0, 1, &message(0, 7)), false));
    }

    #[test]
    fn a_repeated_last_flight_passes_once_established() {
        let mut guard = HandshakeGuard::default();
        assert!(guard.admit(&record(22, 0, 1, &message(3, 7)), false));
        assert!(guard.admit(&record(22, 0, 2, &message(3, 7)), true));
    }

    #[test]
    fn a_flood_in_the_clear_ends_and_protected_records_pass_on() {
        let mut guard = HandshakeGuard::default();
        let taken = (0..10_000).filter(|_| guard.admit(&record(22, 0, 0, &message(99, 0)), true)).count();
        assert_eq!(taken, MAX_CLEAR);
        assert!(guard.admit(&record(23, 1, 0, &[0; 40]), true));
    }

    #[test]
    fn few_protected_records_are_kept_before_there_is_a_key() {
        let mut guard = HandshakeGuard::default();
        let taken = (0..10_000).filter(|_| guard.admit(&record(23, 1, 0, &[0; 40]), false)).count();
        assert_eq!(taken, MAX_EARLY_PROTECTED);
        assert!(guard.admit(&record(23, 1, 0, &[0; 40]), true));
    }
}
