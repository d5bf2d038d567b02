//! A seeded virtual network for tests and benches: a link with latency, loss and reordering, time that stands still
//! until it is told to move, and a foreign peer at the other end.
//!
//! ```
//! use parley_netsim::{Call, Link, secs};
//!
//! let mut call = Call::connect(Link::lossy(0.02).seed(7));
//! call.peer_speaks(440.0, secs(2));
//! assert!(call.handler_heard.last(secs(1)).tone_share(440.0) > 0.9);
//! ```
//!
//! [`Peer`] is built directly on the `rtc` crate, which otherwise only `parley-session` names: a session must be
//! tested against something that is not itself. ICE credentials and DTLS keys come from the system's random source,
//! so datagrams differ from run to run; what happens to them on the link, and all of the audio, does not.
//!
//! Everything here is for tests, so a step that can't work panics and says which one.

#![forbid(unsafe_code)]

mod bare;
mod call;
mod camera;
mod check;
mod clock;
mod film;
mod heard;
mod keypad;
mod line;
mod link;
mod peer;
mod peer_options;
mod peer_setup;
mod peer_tap;
mod peer_video;
mod protection;
mod random;
mod screen;
mod sctp;
mod wire;

pub use bare::BareCall;
pub use call::{Call, Scene, peer_address, server_address, session_options};
pub use check::Check;
pub use clock::{millis, secs, start_of_time};
pub use film::{Seen, is_unbroken, picture, read_picture};
pub use heard::{Heard, tone};
pub use line::Line;
pub use link::{Link, Pipe};
pub use peer::{Peer, RtpPacket};
pub use peer_options::{AudioWay, PeerOptions, PeerVideo};
pub use peer_video::Said;
pub use random::Random;
pub use wire::{Ends, Kind, Sent, Wire};

/// The cryptography that sessions use by default.
///
/// # Panics
/// When none is compiled in.
#[must_use]
pub fn crypto() -> std::sync::Arc<dyn rtc::crypto::RTCCryptoProvider> {
    rtc::crypto::default_provider().expect("a crypto provider is compiled in")
}
