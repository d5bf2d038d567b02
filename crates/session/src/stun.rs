//! The little of STUN (RFC 8489) that telling sessions apart and telling friend from foe needs.

use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::Message;

const HEADER: usize = 20;
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const INTEGRITY_LENGTH: usize = 20;

/// The transaction id of a STUN message.
pub type TransactionId = [u8; 12];

/// What kind of Binding message a datagram is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A Binding request: somebody checks the path to us.
    Request,
    /// A Binding success response: the answer to a check of ours.
    Success,
    /// A Binding indication or error, or another method.
    Other,
}

/// A well-formed STUN message, not yet trusted.
#[derive(Debug, Clone, Copy)]
pub struct StunView<'a> {
    bytes: &'a [u8],
}

impl<'a> StunView<'a> {
    /// Reads a datagram as STUN: header, magic cookie, and attributes that fill it exactly (RFC 8489, section 5).
    #[must_use]
    pub fn parse(datagram: &'a [u8]) -> Option<Self> {
        let header = datagram.get(..HEADER)?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let fits = header[0] < 0x40 && header[4..8] == MAGIC_COOKIE && datagram.len() == HEADER + length;
        let view = Self { bytes: datagram };
        (fits && view.attributes().is_some()).then_some(view)
    }

    /// The kind of message.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match [self.bytes[0], self.bytes[1]] {
            [0x00, 0x01] => Kind::Request,
            [0x01, 0x01] => Kind::Success,
            _ => Kind::Other,
        }
    }

    /// The transaction id, which a response repeats.
    #[must_use]
    pub fn transaction_id(&self) -> TransactionId {
        let mut id = [0; 12];
        id.copy_from_slice(&self.bytes[8..HEADER]);
        id
    }

    /// The part of USERNAME before the colon: in a check that we receive, our own `ice-ufrag` (RFC 8445, section 7.2.2).
    #[must_use]
    pub fn local_ufrag(&self) -> Option<&'a [u8]> {
        self.username()?.split(|byte| *byte == b':').next()
    }

    /// The whole USERNAME.
    #[must_use]
    pub fn username(&self) -> Option<&'a [u8]> {
        self.attribute(USERNAME)
    }

    /// Whether MESSAGE-INTEGRITY was made with `password` (HMAC-SHA1, RFC 8489, section 14.5).
    #[must_use]
    pub fn is_signed_with(&self, password: &str, crypto: &dyn rtc::crypto::RTCCrypto) -> bool {
        self.is_signed_with_key(password.as_bytes(), crypto)
    }

    /// The same with a key of bytes, as long-term credentials give it.
    pub(crate) fn is_signed_with_key(&self, key: &[u8], crypto: &dyn rtc::crypto::RTCCrypto) -> bool {
        let signed = self.attribute(MESSAGE_INTEGRITY).is_some_and(|value| value.len() == INTEGRITY_LENGTH);
        let mut message = Message::new();
        signed
            && message.unmarshal_binary(self.bytes).is_ok()
            && MessageIntegrity::check(&mut message, key, crypto).is_ok()
    }

    /// Method and class as one number (RFC 8489, section 5).
    pub(crate) fn message_type(&self) -> u16 {
        u16::from_be_bytes([self.bytes[0], self.bytes[1]])
    }

    pub(crate) fn attribute(&self, wanted: u16) -> Option<&'a [u8]> {
        self.attributes()?.into_iter().find(|(kind, _)| *kind == wanted).map(|(_, value)| value)
    }

    /// An address that is written as in XOR-MAPPED-ADDRESS (RFC 8489, section 14.2).
    pub(crate) fn xor_address(&self, wanted: u16) -> Option<std::net::SocketAddr> {
        let value = self.attribute(wanted)?;
        let key = &self.bytes[4..HEADER];
        let port =
            u16::from_be_bytes([*value.get(2)?, *value.get(3)?]) ^ u16::from_be_bytes([key[0], key[1]]);
        let plain: Vec<u8> = value.get(4..)?.iter().zip(key).map(|(byte, mask)| byte ^ mask).collect();
        let ip = match *value.get(1)? {
            1 => std::net::IpAddr::from(<[u8; 4]>::try_from(plain).ok()?),
            2 => std::net::IpAddr::from(<[u8; 16]>::try_from(plain).ok()?),
            _ => return None,
        };
        Some(std::net::SocketAddr::new(ip, port))
    }

    fn attributes(&self) -> Option<Vec<(u16, &'a [u8])>> {
        let mut found = Vec::with_capacity(8);
        let mut rest = &self.bytes[HEADER..];
        while !rest.is_empty() {
            let kind = u16::from_be_bytes([*rest.first()?, *rest.get(1)?]);
            let length = usize::from(u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]));
            found.push((kind, rest.get(4..4 + length)?));
            // Values are padded to four bytes; the length leaves the padding out.
            rest = rest.get(4 + length.next_multiple_of(4)..)?;
        }
        Some(found)
    }
}

/// A Binding request without credentials, to learn our own address from a STUN server (RFC 8489, section 2).
#[must_use]
pub fn binding_request(id: TransactionId) -> [u8; HEADER] {
    let mut request = [0; HEADER];
    request[1] = 0x01;
    request[4..8].copy_from_slice(&MAGIC_COOKIE);
    request[8..].copy_from_slice(&id);
    request
}

/// XOR-MAPPED-ADDRESS of a Binding success response (RFC 8489, section 14.2): where the STUN server saw us.
#[must_use]
pub fn mapped_address(response: &StunView<'_>) -> Option<std::net::SocketAddr> {
    response.xor_address(XOR_MAPPED_ADDRESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample request of RFC 5769, section 2.1.
    fn sample_request() -> Vec<u8> {
        let hex = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff\
                   80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249\
                   c1b571a280280004e57a3bcf";
        let hex: String = hex.split_whitespace().collect();
        (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hex")).collect()
    }

    fn provider() -> std::sync::Arc<dyn rtc::crypto::RTCCryptoProvider> {
        rtc::crypto::default_provider().expect("a provider is compiled in")
    }

    #[test]
    fn the_sample_request_of_rfc_5769_is_read_and_verified() {
        let bytes = sample_request();
        let view = StunView::parse(&bytes).expect("well-formed");
        assert_eq!(view.kind(), Kind::Request);
        assert_eq!(view.local_ufrag(), Some(&b"evtj"[..]));
        assert!(view.is_signed_with("VOkJxbRl1RmTxUk/WvJxBt", provider().crypto()));
        assert!(!view.is_signed_with("VOkJxbRl1RmTxUk/WvJxBu", provider().crypto()), "wrong password");
    }

    #[test]
    fn a_changed_bit_anywhere_before_the_fingerprint_is_noticed() {
        let good = sample_request();
        for byte in 8..good.len() - 8 {
            let mut bytes = good.clone();
            bytes[byte] ^= 1;
            let accepted = StunView::parse(&bytes)
                .is_some_and(|view| view.is_signed_with("VOkJxbRl1RmTxUk/WvJxBt", provider().crypto()));
            // The three bytes of padding after USERNAME are covered too.
            assert!(!accepted, "byte {byte}");
        }
    }

    #[test]
    fn no_prefix_of_a_message_is_a_message() {
        let bytes = sample_request();
        assert!((0..bytes.len()).all(|length| StunView::parse(&bytes[..length]).is_none()));
    }

    #[test]
    fn the_sample_responses_of_rfc_5769_give_the_mapped_address() {
        let attribute = [0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43];
        let id = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];
        let mut bytes = binding_request(id).to_vec();
        bytes[0] = 1;
        bytes[3] = 12;
        bytes.extend(attribute);
        let view = StunView::parse(&bytes).expect("well-formed");
        assert_eq!(mapped_address(&view), Some("192.0.2.1:32853".parse().expect("address")));
    }
}
