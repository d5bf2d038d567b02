//! The keys of a peer's media, to encrypt what no stack sends.

use bytes::BytesMut;
use rtc::dtls::state::State;
use rtc::rtp::header::Header;
use rtc::shared::marshal::{MarshalSize, Unmarshal};
use rtc::srtp::config::{Config, LABEL_EXTRACTOR_DTLS_SRTP};
use rtc::srtp::context::Context;
use rtc::srtp::protection_profile::ProtectionProfile;

/// SRTP as the peer sends it (RFC 5764), with AES-128-GCM.
pub(crate) struct Protection(Context);

impl Protection {
    /// With the keys of an association that stands.
    pub(crate) fn of(state: &State) -> Option<Self> {
        let mut config = Config { profile: ProtectionProfile::AeadAes128Gcm, ..Config::default() };
        let keys = state
            .export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], config.keying_material_len())
            .ok()?;
        config.set_session_keys_from_keying_material(keys.as_ref(), state.is_client()).ok()?;
        let keys = &config.keys;
        let context = Context::new(
            &keys.local_master_key,
            &keys.local_master_salt,
            config.profile,
            None,
            None,
            crate::crypto().crypto(),
        );
        context.ok().map(Self)
    }

    /// The packet encrypted; none when its header can't be read, so that there is nothing to encrypt.
    ///
    /// The core's encryption (not its decryption) panics on a header whose extensions are cut off, so there is none for
    /// that either.
    pub(crate) fn protect(&mut self, packet: &[u8]) -> Option<BytesMut> {
        match packet.get(1)? {
            192..=223 => self.0.encrypt_rtcp(packet).ok(),
            _ => {
                let header = Header::unmarshal(&mut &*packet).ok()?;
                if header.marshal_size() > packet.len() { None } else { self.0.encrypt_rtp(packet).ok() }
            }
        }
    }
}
