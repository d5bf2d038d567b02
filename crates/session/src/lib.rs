//! One peer as one value: SDP, ICE, DTLS, SRTP, SCTP over the `rtc` core, wired to the media pipeline; or a socket's audio.
//! Video goes through encoded.
//!
//! A session owns no socket, thread or clock. What happened goes in with the time ([`RtcSession::handle`]), what to
//! do comes out ([`RtcSession::poll_output`]). A [`SocketSession`] keeps the same contract. Only this crate names types of
//! the `rtc` crate.

#![forbid(unsafe_code)]

mod candidate;
mod channel;
mod contract;
mod delivered;
mod dtls_record;
mod handshake;
mod options;
mod presence;
mod reception;
mod relay;
mod rtcp_tap;
mod scratch;
mod sdp;
mod session;
mod setup;
mod socket;
mod sources;
mod strays;
pub mod stun;
mod turn_message;
mod video;

pub use channel::{ChannelError, MAX_BUFFERED_BYTES, MAX_MESSAGE_BYTES};
pub use contract::{CloseReason, Event, Input, MAX_DATAGRAM_BYTES, Output, SessionStats};
pub use options::{AudioFormat, Identity, LocalAddresses, Mode, Seed, SessionOptions, VideoOptions};
pub use parley_video::{Codec, EncodedFrame, Rotation};
pub use relay::{Allocation, Received, Relay, TurnServer};
pub use sdp::{Direction, MAX_OFFER_BYTES, Rejection};
pub use session::RtcSession;
pub use setup::Credentials;
pub use socket::SocketSession;
pub use video::VideoNetStats;
