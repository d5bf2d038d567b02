//! What a session is told when it is made.

use crate::relay::Allocation;
use parley_media::{Layout, OpusOptions, SampleRate};
use rtc::crypto::{RTCCryptoProvider, SignatureScheme};
use rtc::peer_connection::certificate::{CertificateParams, RTCCertificate};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Which way audio flows, as the client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Both ways.
    #[default]
    SendReceive,
    /// From the client to us alone.
    Send,
    /// From us to the client alone.
    Receive,
}

/// A PCM format: the rate and how channels are interleaved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioFormat {
    /// Samples per second and channel.
    pub rate: SampleRate,
    /// Channels.
    pub layout: Layout,
}

/// How one session behaves.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// What [`Output::Frame`](crate::Output::Frame) holds: rate and layout of the 20 ms frames.
    pub input: AudioFormat,
    /// Rate and layout that emitted audio is encoded at.
    pub output: AudioFormat,
    /// Which way audio flows.
    pub mode: Mode,
    /// Whether there is audio at all; an offer must then have it.
    pub audio: bool,
    /// Which way video flows, if there is any; a first offer must then have it.
    pub video: Option<VideoOptions>,
    /// The encoder's settings.
    pub opus: OpusOptions,
    /// How much emitted audio waits of a source that emits whenever there is room: when no more is queued, there is.
    pub output_target: Duration,
    /// Least and most time that a missing packet is waited for.
    pub jitter: (Duration, Duration),
    /// From the offer to a connection, before the session gives up. A socket is connected from the start.
    pub connect_timeout: Duration,
    /// Whether tracks beyond one of each wanted kind are left unanswered instead of refused.
    pub allow_extra_tracks: bool,
}

/// A call both ways, in mono at 48 kHz.
impl Default for SessionOptions {
    fn default() -> Self {
        let format = AudioFormat { rate: SampleRate::HZ_48000, layout: Layout::Mono };
        Self {
            input: format,
            output: format,
            mode: Mode::SendReceive,
            audio: true,
            video: None,
            opus: OpusOptions::default(),
            output_target: Duration::from_millis(400),
            jitter: (Duration::ZERO, Duration::from_millis(120)),
            connect_timeout: Duration::from_secs(30),
            allow_extra_tracks: false,
        }
    }
}

/// How a session's video behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VideoOptions {
    /// Whether the client's picture is received.
    pub receive: bool,
    /// Whether a picture is sent to the client.
    pub send: bool,
    /// Most that is sent, in bit/s; also what a client is allowed that measures no bandwidth by itself. At least 30,000
    /// is taken.
    pub max_bitrate: u32,
    /// Pictures a second that are usual.
    pub framerate: f32,
    /// Most pictures a second that are sent; others are left out. None: as many as come.
    pub max_framerate: Option<f32>,
}

/// Both ways, 2.5 Mbit/s at most, and as many pictures as come.
impl Default for VideoOptions {
    fn default() -> Self {
        Self { receive: true, send: true, max_bitrate: 2_500_000, framerate: 30.0, max_framerate: None }
    }
}

/// The process's DTLS identity: one certificate, made once, for all sessions.
#[derive(Clone)]
pub struct Identity {
    pub(crate) certificate: RTCCertificate,
    pub(crate) provider: Arc<dyn RTCCryptoProvider>,
}

impl Identity {
    /// Makes a self-signed ECDSA P-256 certificate (RFC 8827, section 6.5).
    ///
    /// # Errors
    /// What the crypto library says, for instance when the system has no random source.
    pub fn generate() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let provider = rtc::crypto::default_provider()?;
        let names = CertificateParams::new(vec!["parley".to_owned()])?;
        let certificate =
            RTCCertificate::generate(provider.crypto(), SignatureScheme::EcdsaP256Sha256, names)?;
        Ok(Self { certificate, provider })
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

/// Where the worker's socket can be reached.
#[derive(Debug, Clone, Default)]
pub struct LocalAddresses {
    /// The address that stands for the socket in the ICE agent, IPv4.
    pub v4: Option<SocketAddr>,
    /// The same for IPv6.
    pub v6: Option<SocketAddr>,
    /// All addresses that the answer names, best first.
    pub candidates: Vec<SocketAddr>,
    /// Where STUN servers saw the socket, each with the local address behind it.
    pub reflexive: Vec<(SocketAddr, SocketAddr)>,
    /// What TURN servers lend to the socket, best first.
    pub relayed: Vec<Allocation>,
    /// Whether peers on loopback may be contacted: true when the socket is bound to loopback itself.
    pub allow_loopback: bool,
}

impl LocalAddresses {
    /// The address that stands for the socket towards `peer`.
    #[must_use]
    pub fn towards(&self, peer: SocketAddr) -> Option<SocketAddr> {
        if peer.is_ipv4() { self.v4 } else { self.v6 }
    }

    /// Whether that is an address that a TURN server lends.
    pub(crate) fn is_relayed(&self, address: SocketAddr) -> bool {
        self.relayed.iter().any(|allocation| allocation.relayed == address)
    }
}

/// Random numbers for one session, from outside: a session owns no random source for its media.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    /// Synchronisation source of what is sent (RFC 3550, section 8).
    pub ssrc: u32,
    /// First sequence number.
    pub sequence_number: u16,
    /// First timestamp.
    pub timestamp: u32,
}

impl Seed {
    /// Another number of the session, as random as the seed: the same `which` gives the same number.
    pub(crate) fn derive(self, which: u32) -> u32 {
        // The finaliser of SplitMix64: all bits of what goes in matter for all that come out.
        let mut bits = (u64::from(self.ssrc) << 32 | u64::from(self.timestamp))
            .wrapping_add(u64::from(which).wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .wrapping_add(u64::from(self.sequence_number));
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) as u32
    }
}
