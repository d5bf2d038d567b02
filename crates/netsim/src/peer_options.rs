//! How a peer is made.

use parley_media::{Layout, OpusOptions, RtpStart};
use parley_video::Codec;
use rtc::rtp_transceiver::RTCRtpTransceiverDirection;

/// Which way the peer offers a kind of media.
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
    /// Whether it has audio at all.
    pub has_audio: bool,
    /// Its video, if it has any.
    pub video: Option<PeerVideo>,
    /// Whether it opens a data channel named `text`.
    pub channel: bool,
    /// Whether it offers to tell of the keys of a telephone.
    pub keypad: bool,
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
            has_audio: true,
            video: None,
            channel: true,
            keypad: false,
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

/// A peer's video.
#[derive(Debug, Clone)]
pub struct PeerVideo {
    /// Which way it offers video.
    pub way: AudioWay,
    /// The one codec that it offers. Pictures of another than VP8 are coded ones.
    pub codec: Codec,
    /// Synchronisation source of its camera…
    pub ssrc: u32,
    /// …and of its retransmissions; without one the same packets are sent again.
    pub rtx: Option<u32>,
    /// Length of a picture that is no key frame.
    pub bytes: usize,
    /// Length of a key frame.
    pub key_bytes: usize,
    /// Where its timestamps begin.
    pub first_timestamp: u32,
    /// How its camera is turned (3GPP TS 26.114, section 7.4.5): 0 to 3, in quarter turns.
    pub orientation: u8,
    /// Whether it sends again what is asked for.
    pub answers_nacks: bool,
    /// Whether it numbers its packets for the other end to tell when they came.
    pub measures: bool,
    /// Whether it tells when numbered packets came.
    pub tells_arrivals: bool,
    /// Whether it offers to learn when packets were sent, without which nobody can say what comes by REMB.
    pub knows_send_times: bool,
    /// Whether its pictures are real ones, coded by whoever has the peer: see [`Peer::show`](crate::Peer::show).
    pub is_coded: bool,
}

/// Half a megabit a second both ways.
impl Default for PeerVideo {
    fn default() -> Self {
        Self {
            way: AudioWay::Both,
            codec: Codec::Vp8,
            ssrc: 0xca3e7a,
            rtx: Some(0xca3e7b),
            bytes: 2_000,
            key_bytes: 20_000,
            first_timestamp: u32::MAX - 200_000,
            orientation: 0,
            answers_nacks: true,
            measures: true,
            tells_arrivals: false,
            knows_send_times: true,
            is_coded: false,
        }
    }
}
