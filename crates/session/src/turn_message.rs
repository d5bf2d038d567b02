//! The messages of TURN (RFC 8656): what a client asks, and the two wrappings of data.

use crate::stun::{StunView, TransactionId};
use bytes::{BufMut, BytesMut};
use rtc::crypto::RTCCrypto;
use rtc::shared::error::Error;
use rtc::stun::attributes::AttrType;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{Message, Setter, TransactionId as RtcTransactionId};
use std::net::{IpAddr, SocketAddr};

/// A message's method and class in one number (RFC 8489, section 5).
pub(crate) mod kind {
    pub(crate) const ALLOCATE: u16 = 0x0003;
    pub(crate) const REFRESH: u16 = 0x0004;
    pub(crate) const CREATE_PERMISSION: u16 = 0x0008;
    pub(crate) const CHANNEL_BIND: u16 = 0x0009;
    pub(crate) const SEND_INDICATION: u16 = 0x0016;
    pub(crate) const DATA_INDICATION: u16 = 0x0017;
    pub(crate) const SUCCESS: u16 = 0x0100;
    pub(crate) const ERROR: u16 = 0x0110;
}

/// Attribute types (RFC 8489, section 18.3, and RFC 8656, section 18).
pub(crate) mod attribute {
    pub(crate) const USERNAME: u16 = 0x0006;
    pub(crate) const ERROR_CODE: u16 = 0x0009;
    pub(crate) const CHANNEL_NUMBER: u16 = 0x000c;
    pub(crate) const LIFETIME: u16 = 0x000d;
    pub(crate) const XOR_PEER_ADDRESS: u16 = 0x0012;
    pub(crate) const DATA: u16 = 0x0013;
    pub(crate) const REALM: u16 = 0x0014;
    pub(crate) const NONCE: u16 = 0x0015;
    pub(crate) const XOR_RELAYED_ADDRESS: u16 = 0x0016;
    pub(crate) const REQUESTED_TRANSPORT: u16 = 0x0019;
}

const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// IANA's number of UDP, in the first of four bytes (RFC 8656, section 18.7).
const UDP: [u8; 4] = [17, 0, 0, 0];

/// What a client asks of its TURN server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    Allocate,
    /// Keep the allocation; a lifetime of 0 releases it.
    Refresh {
        release: bool,
    },
    CreatePermission(IpAddr),
    ChannelBind(SocketAddr, u16),
}

/// Long-term credentials in the form that a server asked for (RFC 8489, section 9.2).
pub(crate) struct Auth {
    username: Vec<u8>,
    realm: Vec<u8>,
    nonce: Vec<u8>,
    key: Vec<u8>,
}

impl Auth {
    /// From the server's 401, which names realm and nonce.
    pub(crate) fn answering(
        challenge: &StunView<'_>,
        username: &str,
        password: &str,
        crypto: &dyn RTCCrypto,
    ) -> Option<Self> {
        let realm = challenge.attribute(attribute::REALM)?.to_vec();
        let nonce = challenge.attribute(attribute::NONCE)?.to_vec();
        let name = String::from_utf8(realm.clone()).ok()?;
        let key =
            MessageIntegrity::long_term_integrity_key(username.to_owned(), name, password.to_owned(), crypto);
        Some(Self { username: username.as_bytes().to_vec(), realm, nonce, key: key.ok()? })
    }

    /// Takes over the nonce of a 438.
    pub(crate) fn renew(&mut self, stale: &StunView<'_>) {
        if let Some(nonce) = stale.attribute(attribute::NONCE) {
            self.nonce = nonce.to_vec();
        }
    }

    pub(crate) fn has_signed(&self, response: &StunView<'_>, crypto: &dyn RTCCrypto) -> bool {
        response.is_signed_with_key(&self.key, crypto)
    }
}

impl Request {
    fn kind(self) -> u16 {
        match self {
            Self::Allocate => kind::ALLOCATE,
            Self::Refresh { .. } => kind::REFRESH,
            Self::CreatePermission(_) => kind::CREATE_PERMISSION,
            Self::ChannelBind(..) => kind::CHANNEL_BIND,
        }
    }

    /// The bytes to send, signed when the server has asked for it.
    pub(crate) fn encode(
        self,
        id: TransactionId,
        auth: Option<&Auth>,
        crypto: &dyn RTCCrypto,
    ) -> Result<BytesMut, Error> {
        let mut message = Message::new();
        message.typ.read_value(self.kind());
        message.transaction_id = RtcTransactionId(id);
        message.write_header();
        self.add_attributes(&mut message, id);
        if let Some(auth) = auth {
            message.add(AttrType(attribute::USERNAME), &auth.username);
            message.add(AttrType(attribute::REALM), &auth.realm);
            message.add(AttrType(attribute::NONCE), &auth.nonce);
            MessageIntegrity::new_raw_integrity_with_provider(auth.key.clone(), crypto)
                .add_to(&mut message)?;
        }
        Ok(BytesMut::from(&message.raw[..]))
    }

    fn add_attributes(self, message: &mut Message, id: TransactionId) {
        match self {
            Self::Allocate => message.add(AttrType(attribute::REQUESTED_TRANSPORT), &UDP),
            Self::Refresh { release: true } => message.add(AttrType(attribute::LIFETIME), &[0; 4]),
            Self::Refresh { release: false } => {}
            Self::CreatePermission(peer) => {
                let peer = xor_address(SocketAddr::new(peer, 0), id);
                message.add(AttrType(attribute::XOR_PEER_ADDRESS), &peer);
            }
            Self::ChannelBind(peer, number) => {
                let [high, low] = number.to_be_bytes();
                message.add(AttrType(attribute::CHANNEL_NUMBER), &[high, low, 0, 0]);
                message.add(AttrType(attribute::XOR_PEER_ADDRESS), &xor_address(peer, id));
            }
        }
    }
}

/// Whether the response answers the request with success, an error, or not at all.
pub(crate) fn outcome(request: Request, response: &StunView<'_>) -> Option<Result<(), u16>> {
    let kind = response.message_type();
    if kind == request.kind() | kind::SUCCESS {
        return Some(Ok(()));
    }
    (kind == request.kind() | kind::ERROR).then(|| Err(error_code(response)))
}

/// ERROR-CODE (RFC 8489, section 14.8): the hundreds, then the rest. 0 where there is none.
fn error_code(response: &StunView<'_>) -> u16 {
    match response.attribute(attribute::ERROR_CODE) {
        Some([_, _, class, number, ..]) => u16::from(class & 7) * 100 + u16::from(*number),
        _ => 0,
    }
}

/// Data for a peer without a channel (RFC 8656, section 11.1). It is never answered, so it needs no transaction.
pub(crate) fn send_indication(id: TransactionId, peer: SocketAddr, data: &[u8]) -> BytesMut {
    let address = xor_address(peer, id);
    let length = 4 + address.len() + 4 + data.len().next_multiple_of(4);
    let mut bytes = BytesMut::with_capacity(20 + length);
    bytes.put_u16(kind::SEND_INDICATION);
    bytes.put_u16(length as u16);
    bytes.put_slice(&MAGIC_COOKIE);
    bytes.put_slice(&id);
    bytes.put_u16(attribute::XOR_PEER_ADDRESS);
    bytes.put_u16(address.len() as u16);
    bytes.put_slice(&address);
    bytes.put_u16(attribute::DATA);
    bytes.put_u16(data.len() as u16);
    bytes.put_slice(data);
    bytes.put_bytes(0, data.len().next_multiple_of(4) - data.len());
    bytes
}

/// The peer and its data in a Data indication (RFC 8656, section 11.3).
pub(crate) fn read_data_indication<'a>(message: &StunView<'a>) -> Option<(SocketAddr, &'a [u8])> {
    Some((message.xor_address(attribute::XOR_PEER_ADDRESS)?, message.attribute(attribute::DATA)?))
}

/// Data on a channel (RFC 8656, section 12.4); over UDP it needs no padding.
pub(crate) fn channel_data(number: u16, data: &[u8]) -> BytesMut {
    let mut bytes = BytesMut::with_capacity(4 + data.len());
    bytes.put_u16(number);
    bytes.put_u16(data.len() as u16);
    bytes.put_slice(data);
    bytes
}

/// The channel's number and its data, when the first bits say that it is ChannelData.
pub(crate) fn read_channel_data(datagram: &[u8]) -> Option<(u16, &[u8])> {
    let (header, data) = datagram.split_at_checked(4)?;
    let number = u16::from_be_bytes([header[0], header[1]]);
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    (0x4000..0x5000).contains(&number).then_some((number, data.get(..length)?))
}

/// An address as XOR-PEER-ADDRESS carries it (RFC 8489, section 14.2).
fn xor_address(address: SocketAddr, id: TransactionId) -> Vec<u8> {
    let key = [&MAGIC_COOKIE[..], &id].concat();
    let (family, ip) = match address.ip() {
        IpAddr::V4(ip) => (1, ip.octets().to_vec()),
        IpAddr::V6(ip) => (2, ip.octets().to_vec()),
    };
    let port = address.port() ^ 0x2112;
    let mut value = vec![0, family];
    value.extend(port.to_be_bytes());
    value.extend(ip.iter().zip(key).map(|(byte, mask)| byte ^ mask));
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: TransactionId = [7; 12];

    fn at(address: &str) -> SocketAddr {
        address.parse().expect("address")
    }

    #[test]
    fn an_indication_carries_its_peer_and_data_of_any_length() {
        for peer in [at("192.0.2.1:32853"), at("[2001:db8::7]:9")] {
            for length in 0..9 {
                let data = vec![0xa5; length];
                let mut bytes = send_indication(ID, peer, &data);
                bytes[1] = 0x17;
                let view = StunView::parse(&bytes).expect("well-formed");
                assert_eq!(view.message_type(), kind::DATA_INDICATION);
                assert_eq!(read_data_indication(&view), Some((peer, &data[..])));
            }
        }
    }

    #[test]
    fn channel_data_is_told_by_its_number() {
        let bytes = channel_data(0x4001, &[1, 2, 3]);
        assert_eq!(&bytes[..], [0x40, 1, 0, 3, 1, 2, 3]);
        assert_eq!(read_channel_data(&bytes), Some((0x4001, &[1, 2, 3][..])));
        assert_eq!(read_channel_data(&[0x40, 1, 0, 3, 1, 2, 3, 0]), Some((0x4001, &[1, 2, 3][..])), "padded");
        for other in [&[][..], &[0x40, 1, 0], &[0x40, 1, 0, 4, 1, 2, 3], &[0x50, 0, 0, 0], &[0x80, 0, 0, 0]] {
            assert_eq!(read_channel_data(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_request_without_credentials_is_plain() {
        let provider = rtc::crypto::default_provider().expect("a provider is compiled in");
        let bytes = Request::Allocate.encode(ID, None, provider.crypto()).expect("encoded");
        let expected =
            [&[0, 3, 0, 8, 0x21, 0x12, 0xa4, 0x42][..], &ID, &[0, 0x19, 0, 4, 17, 0, 0, 0]].concat();
        assert_eq!(&bytes[..], expected);
    }
}
