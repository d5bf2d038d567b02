//! What goes into a session and what comes out of it.

use crate::channel::ChannelError;
use crate::video::VideoNetStats;
use bytes::BytesMut;
use parley_media::{Chunk, Mark, PipelineStats, Played, SpeechEvent, SpeechRequest, WireCodec};
use parley_video::{Codec, EncodedFrame};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Longest datagram that is read; Ethernet carries 1500 bytes, and nothing longer is ever sent to us.
pub const MAX_DATAGRAM_BYTES: usize = 2048;

/// Something that happened outside.
#[derive(Debug)]
pub enum Input<'a> {
    /// A datagram from that address: STUN, DTLS, SRTP or SRTCP (told apart as in RFC 7983).
    Datagram(SocketAddr, &'a [u8]),
    /// A datagram that came from an address by a TURN server.
    Relayed {
        /// The address that the server lends ([`Allocation::relayed`](crate::Allocation::relayed)).
        relayed: SocketAddr,
        /// The peer's.
        from: SocketAddr,
        /// What the server unwrapped.
        datagram: &'a [u8],
    },
    /// The network says that nobody listens at that address any more (ICMP "port unreachable").
    Unreachable(SocketAddr),
    /// One message's audio from the far end of a socket, as its [`WireOptions`](parley_media::WireOptions) say.
    Payload(&'a [u8]),
    /// The far end of a socket has played so many payloads since the start.
    Acknowledged(u64),
    /// Audio to send, of any length, rate and layout.
    Audio(Chunk),
    /// A picture to send, encoded; its time counts from the moment of the offer
    /// ([`RtcSession::video_time`](crate::RtcSession::video_time)) and rises.
    VideoFrame(EncodedFrame),
    /// Received pictures are of no use until there is a key frame: ask the peer for one until it comes.
    WantKeyFrame,
    /// Say [`Event::Played`] when the audio before it was heard, as far as it was.
    Mark(Mark),
    /// Listen for speech, or what belongs to that.
    Speech(SpeechRequest),
    /// Drop all audio that has not been sent yet; after an interruption, what is emitted from here on is new.
    ClearQueue,
    /// Text for the peer's data channel; kept until it opens.
    Message(String),
    /// A candidate of the peer, as in `RTCIceCandidate.candidate`.
    Candidate(&'a str),
    /// No more audio will come: say [`Event::Drained`] when the last of it was heard, then close if asked to.
    Drain {
        /// Close after that.
        close: bool,
    },
    /// End the session.
    Close,
    /// The time last asked for with [`Output::WakeAt`] has come.
    Wake,
}

/// Something to do outside.
#[derive(Debug)]
pub enum Output<'a> {
    /// Send this datagram there.
    Datagram(SocketAddr, BytesMut),
    /// Have a TURN server send this datagram.
    Relayed {
        /// The address that the server lends.
        relayed: SocketAddr,
        /// The peer's.
        to: SocketAddr,
        /// What the server gets wrapped.
        datagram: BytesMut,
    },
    /// Send this over the socket: 20 ms of audio.
    Payload(&'a [u8]),
    /// Have the far end of the socket drop what it was sent and has not played.
    ClearSent,
    /// 20 ms of interleaved PCM for the handler, in the format of [`SessionOptions::input`](crate::SessionOptions::input).
    Frame(&'a [i16]),
    /// A whole picture of the peer, whose references all came before it, in the time of the audio frames.
    VideoFrame(EncodedFrame),
    /// Tell somebody.
    Event(Event),
    /// Nothing more now. Call [`RtcSession::handle`](crate::RtcSession::handle) with [`Input::Wake`] at that time, or never if there is none.
    WakeAt(Option<Instant>),
}

/// What a session has to say.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// ICE and DTLS are up, or there is a socket: media and messages flow.
    Connected,
    /// No check succeeded for a while; it may come back.
    Disconnected,
    /// A signed check came from this address: datagrams from there belong to this session, unless they are another's.
    /// Told at every such check.
    Validated(SocketAddr),
    /// A signed check came from the second address by a TURN server that lends the first.
    ValidatedByRelay(SocketAddr, SocketAddr),
    /// The peer's data channel opened.
    ChannelOpen,
    /// It closed.
    ChannelClosed,
    /// The peer sent text.
    Message(String),
    /// A message of ours was not sent.
    MessageFailed(ChannelError),
    /// The peer pressed a key of its telephone keypad and let it go (RFC 4733).
    Dtmf {
        /// `0` to `9`, `*`, `#`, or `A` to `D`.
        digit: char,
        /// How long it was down.
        duration: Duration,
    },
    /// The peer needs a key frame: the next picture is to be one.
    KeyFrameWanted,
    /// How our pictures are to be encoded from now on: told before they begin to flow, and when it changes.
    VideoCodec(Codec),
    /// How many bits a second our pictures may take from now on; 0 while the peer takes none. Told when they begin to flow,
    /// and when it changes by more than a twentieth.
    VideoBitrate(u32),
    /// The audio before a mark was heard, or the queue was cleared. All marks are told, in their order.
    Played(Played),
    /// Something about speech; only while that is listened to, and then no [`Output::Frame`] comes.
    Speech(SpeechEvent),
    /// All audio before [`Input::Drain`] was sent and had time to be heard.
    Drained,
    /// The end; nothing follows but the last datagrams.
    Closed(CloseReason),
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// [`Input::Close`], or [`Input::Drain`] with `close`.
    Local,
    /// The peer said so (DTLS `close_notify`).
    Peer,
    /// The peer no longer answers checks.
    Timeout,
    /// It never connected in [`SessionOptions::connect_timeout`](crate::SessionOptions::connect_timeout).
    ConnectTimeout,
    /// ICE or DTLS failed before it connected, a wrong certificate included.
    Failed,
}

/// Counters of one session.
#[derive(Debug, Clone, Default)]
pub struct SessionStats {
    /// RTP packets of audio and telephone events received and decrypted, or payloads of a socket.
    pub packets_in: u64,
    /// Their payload bytes.
    pub bytes_in: u64,
    /// RTP packets of audio, or payloads, sent.
    pub packets_out: u64,
    /// Their payload bytes.
    pub bytes_out: u64,
    /// Datagrams that were dropped unread: no valid STUN, DTLS or (S)RTP, unsigned checks, forged or repeated packets,
    /// too long, of a payload type that was not agreed on. Of a socket: empty payloads, and longer ones than 64 KiB.
    pub refused: u64,
    /// Round trip by the peer's last report (RFC 3550, section 6.4.1), or by the last connectivity check while there was
    /// none.
    pub round_trip: Option<Duration>,
    /// Share of our packets that the peer lost, by its last report: 0 to 255 for 0 to 1 (RFC 3550, section 6.4.1).
    pub fraction_lost_by_peer: u8,
    /// Where the peer is.
    pub remote_address: Option<SocketAddr>,
    /// What a socket carries; none for Opus over RTP.
    pub codec: Option<WireCodec>,
    /// What the media pipeline counted.
    pub media: PipelineStats,
    /// What was counted of video, if the session has any.
    pub video: Option<VideoNetStats>,
}
