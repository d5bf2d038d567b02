//! Connectivity checks by hand, good and bad (RFC 8445, section 7).

use rtc::stun::attributes::{
    ATTR_ICE_CONTROLLED, ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME,
};
use rtc::stun::fingerprint::FingerprintAttr;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter, TransactionId};
use rtc::stun::xoraddr::XorMappedAddress;
use std::net::SocketAddr;

/// A Binding request as an ICE agent sends it, or as somebody does who pretends to be one.
#[derive(Debug, Clone, Default)]
pub struct Check {
    /// USERNAME: the receiver's `ice-ufrag`, a colon, the sender's.
    pub username: String,
    /// What MESSAGE-INTEGRITY is made with; without one there is none.
    pub password: Option<String>,
    /// ICE-CONTROLLED instead of ICE-CONTROLLING, which asks the receiver to switch its role.
    pub controlled: bool,
    /// USE-CANDIDATE.
    pub nominates: bool,
}

impl Check {
    /// Its bytes, with a new transaction id.
    ///
    /// # Panics
    /// When the core can't write one.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut message = Message::new();
        let id: Box<dyn Setter> = Box::new(TransactionId::new());
        message.build(&[Box::new(BINDING_REQUEST), id]).expect("a header");
        message.add(ATTR_USERNAME, self.username.as_bytes());
        message.add(ATTR_PRIORITY, &1_845_501_695_u32.to_be_bytes());
        let role = if self.controlled { ATTR_ICE_CONTROLLED } else { ATTR_ICE_CONTROLLING };
        // The greatest tie-breaker wins every conflict of roles.
        message.add(role, &u64::MAX.to_be_bytes());
        if self.nominates {
            message.add(ATTR_USE_CANDIDATE, &[]);
        }
        if let Some(password) = &self.password {
            sign(&mut message, password);
        }
        message.marshal_binary().expect("it was just built")
    }
}

/// The answer to a check that came from `from`, signed with the password of whoever answers.
pub(crate) fn answer(check: &[u8], password: &str, from: SocketAddr) -> Vec<u8> {
    let mut request = Message::new();
    request.unmarshal_binary(check).expect("a check");
    let mut message = Message::new();
    let mapped = XorMappedAddress { ip: from.ip(), port: from.port() };
    let setters: [Box<dyn Setter>; 3] =
        [Box::new(BINDING_SUCCESS), Box::new(request.transaction_id), Box::new(mapped)];
    message.build(&setters).expect("a header and an address");
    sign(&mut message, password);
    message.marshal_binary().expect("it was just built")
}

fn sign(message: &mut Message, password: &str) {
    let provider = rtc::crypto::default_provider().expect("a crypto provider is compiled in");
    MessageIntegrity::new_short_term_integrity_with_provider(password.to_owned(), provider.crypto())
        .add_to(message)
        .expect("an integrity");
    FingerprintAttr {}.add_to(message).expect("a fingerprint");
}
