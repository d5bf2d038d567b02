//! How a peer is made.

use parley_media::{Layout, OpusOptions, RtpStart};
use rtc::rtp_transceiver::RTCRtpTransceiverDirection;

/// Which way the peer offers audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AudioWay {
    /// `sendrecv`.
    #[default]
    Both,
    /// `sendonly`.
    Send,
    /// `recvonly`.
    Receive,
    /// `inactive`; only for a later offer.
    Neither,
}

impl AudioWay {
    pub(crate) fn direction(self) -> RTCRtpTransceiverDirection {
        match self {
            Self::Both => RTCRtpTransceiverDirection::Sendrecv,
            Self::Send => RTCRtpTransceiverDirection::Sendonly,
            Self::Receive => RTCRtpTransceiverDirection::Recvonly,
            Self::Neither => RTCRtpTransceiverDirection::Inactive,
        }
    }
}

/// How a peer is made.
#[derive(Debug, Clone)]
pub struct PeerOptions {
    /// Which way it offers audio: not [`AudioWay::Neither`].
    pub audio: AudioWay,
    /// Whether it opens a data channel named `text`.
    pub channel: bool,
    /// Synchronisation source of its audio.
    pub ssrc: u32,
    /// Where its RTP stream begins.
    pub rtp_start: RtpStart,
    /// How it hears.
    pub hears: Layout,
    /// Whether it is ICE-lite (RFC 8445, section 2.5): it answers checks and sends none.
    pub ice_lite: bool,
    /// How it speaks: the channels…
    pub speaks: Layout,
    /// …and the encoder's settings.
    pub opus: OpusOptions,
    /// How many of its packets it expects to get lost, in percent; above 0 each repeats the one before, coarser.
    pub expected_loss: u8,
}

impl Default for PeerOptions {
    fn default() -> Self {
        let rtp_start = RtpStart { sequence_number: 1_000, timestamp: 1_000_000 };
        Self {
            audio: AudioWay::Both,
            channel: true,
            ssrc: 0x5eed,
            rtp_start,
            hears: Layout::Mono,
            ice_lite: false,
            opus: OpusOptions::default(),
            expected_loss: 0,
            speaks: Layout::Mono,
        }
    }
}
