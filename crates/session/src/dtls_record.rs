//! Tells a datagram that can be DTLS from one that can't, before it reaches the handshake's state.
//!
//! The DTLS layer below answers some malformed records with a fatal alert, so one forged datagram would end a call
//! (measured: 14 bytes). Whatever can't be a valid record is dropped here instead (RFC 6347, section 4.1.2.7).

const HEADER: usize = 13;
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
/// RFC 6347, section 4.1: the fragment is at most 2^14 bytes, and a cipher may add 1024.
const MAX_FRAGMENT: usize = (1 << 14) + 1024;
/// The shortest protected fragment: an explicit nonce of 8 bytes and a tag of 8 (AES-CCM-8, RFC 6655).
const MIN_PROTECTED: usize = 16;

/// Whether every record of the datagram is one that a DTLS 1.2 peer may send.
pub(crate) fn is_plausible(datagram: &[u8]) -> bool {
    let read: usize = records(datagram).map(|record| HEADER + record.fragment.len()).sum();
    !datagram.is_empty() && read == datagram.len() && records(datagram).all(|record| record.is_plausible())
}

/// Whether the datagram holds a protected alert, which may be the peer's `close_notify`.
pub(crate) fn holds_protected_alert(datagram: &[u8]) -> bool {
    records(datagram).any(|record| record.kind == ALERT && record.epoch > 0)
}

/// Whether the datagram is a fatal alert in the clear about the peer's certificate (RFC 5246, section 7.2.2).
pub(crate) fn refuses_certificate(datagram: &[u8]) -> bool {
    records(datagram).any(|record| {
        record.kind == ALERT && record.epoch == 0 && matches!(record.fragment, [2, 42..=46 | 48])
    })
}

/// The datagram's records, up to the first that is cut off.
pub(crate) fn records(datagram: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let record = Record::first(rest)?;
        rest = &rest[HEADER + record.fragment.len()..];
        Some(record)
    })
}

/// One DTLS record, not yet trusted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    kind: u8,
    version: [u8; 2],
    /// 0 in the clear, 1 with the keys of the handshake.
    pub(crate) epoch: u16,
    /// What follows the header.
    pub(crate) fragment: &'a [u8],
}

impl<'a> Record<'a> {
    fn first(bytes: &'a [u8]) -> Option<Self> {
        let header = bytes.get(..HEADER)?;
        let length = usize::from(u16::from_be_bytes([header[11], header[12]]));
        Some(Self {
            kind: header[0],
            version: [header[1], header[2]],
            epoch: u16::from_be_bytes([header[3], header[4]]),
            fragment: bytes.get(HEADER..HEADER + length)?,
        })
    }

    /// Whether this is a handshake message in the clear whose sender repeats it until it is answered, and whose answer
    /// is repeated by a timer too: all but the first of a handshake (RFC 6347, section 4.2.1).
    pub(crate) fn is_repeatable_handshake(&self) -> bool {
        self.kind == HANDSHAKE
            && self.epoch == 0
            && self.fragment.get(4..6).is_some_and(|number| number != [0, 0])
    }

    fn is_plausible(&self) -> bool {
        // 1.0 appears in the record header of a first ClientHello, 1.2 everywhere else.
        let version = matches!(self.version, [254, 253] | [254, 255]);
        version && self.fragment.len() <= MAX_FRAGMENT && self.content_is_plausible()
    }

    fn content_is_plausible(&self) -> bool {
        let length = self.fragment.len();
        match (self.kind, self.epoch) {
            (CHANGE_CIPHER_SPEC, 0) => self.fragment == [1],
            (ALERT, 0) => length == 2 && matches!(self.fragment[0], 1 | 2),
            // Type, length, message sequence, fragment offset and fragment length come before any body.
            (HANDSHAKE, 0) => length >= 12,
            (ALERT | HANDSHAKE | APPLICATION_DATA, 1) => length >= MIN_PROTECTED,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, epoch: u16, fragment: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind, 254, 253];
        bytes.extend(epoch.to_be_bytes());
        bytes.extend([0; 6]);
        bytes.extend((fragment.len() as u16).to_be_bytes());
        bytes.extend(fragment);
        bytes
    }

    #[test]
    fn the_fourteen_bytes_that_ended_calls_are_dropped() {
        assert!(!is_plausible(&record(CHANGE_CIPHER_SPEC, 1, &[1])));
    }

    #[test]
    fn records_of_a_handshake_and_of_an_established_association_pass() {
        assert!(is_plausible(&record(HANDSHAKE, 0, &[0; 40])));
        assert!(is_plausible(&record(CHANGE_CIPHER_SPEC, 0, &[1])));
        assert!(is_plausible(&record(APPLICATION_DATA, 1, &[0; 40])));
        assert!(is_plausible(&record(ALERT, 1, &[0; 26])));
        let flight = [
            record(HANDSHAKE, 0, &[0; 40]),
            record(CHANGE_CIPHER_SPEC, 0, &[1]),
            record(HANDSHAKE, 1, &[0; 40]),
        ];
        assert!(is_plausible(&flight.concat()), "several records share a datagram");
    }

    #[test]
    fn what_no_peer_sends_is_dropped() {
        assert!(!is_plausible(&[]));
        assert!(!is_plausible(&[22; 12]), "shorter than a header");
        assert!(!is_plausible(&record(CHANGE_CIPHER_SPEC, 0, &[2])));
        assert!(!is_plausible(&record(CHANGE_CIPHER_SPEC, 0, &[1, 1])));
        assert!(
            !is_plausible(&record(APPLICATION_DATA, 0, &[0; 40])),
            "application data is never in the clear"
        );
        assert!(!is_plausible(&record(APPLICATION_DATA, 1, &[0; 15])), "too short for a tag");
        assert!(!is_plausible(&record(HANDSHAKE, 2, &[0; 40])), "nobody renegotiates");
        assert!(!is_plausible(&record(63, 0, &[0; 40])));
        assert!(!is_plausible(&record(ALERT, 0, &[2])));
        let mut truncated = record(HANDSHAKE, 0, &[0; 40]);
        truncated.pop();
        assert!(!is_plausible(&truncated));
        let mut old = record(HANDSHAKE, 0, &[0; 40]);
        old[1] = 3;
        assert!(!is_plausible(&old), "TLS over a stream");
    }

    #[test]
    fn a_refused_certificate_is_told_from_other_alerts() {
        assert!(refuses_certificate(&record(ALERT, 0, &[2, 42])));
        assert!(!refuses_certificate(&record(ALERT, 0, &[1, 42])), "a warning");
        assert!(!refuses_certificate(&record(ALERT, 0, &[2, 10])), "an unexpected message");
    }

    #[test]
    fn a_protected_alert_is_seen_behind_other_records() {
        let both = [record(APPLICATION_DATA, 1, &[0; 40]), record(ALERT, 1, &[0; 26])].concat();
        assert!(holds_protected_alert(&both));
        assert!(!holds_protected_alert(&record(APPLICATION_DATA, 1, &[0; 40])));
        assert!(!holds_protected_alert(&record(ALERT, 0, &[1, 0])), "in the clear it proves nothing");
    }
}
