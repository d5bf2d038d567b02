//! Calls by a fake peer, for the tests of handlers: in virtual time, or over real UDP.
//!
//! Both are the same peer behind the same kind of link ([`parley_netsim::Line`]); they differ in who moves the datagrams
//! and the time. In a [`VirtualCall`] the test does; in a [`UdpCall`] a thread with a socket does, and its link is the
//! lossy relay that the datagrams of the real network pass.

mod caller;
mod eyes;
mod udp_call;
mod virtual_call;

pub use caller::{Caller, Message};
pub use parley_media::PipelineStats;
pub use parley_netsim::{AudioWay, Link, PeerOptions, PeerVideo};
pub use parley_video::{I420, PixelError, PixelFormat, Pixels, PixelsMut, from_pixels, to_pixels};
pub use udp_call::UdpCall;
pub use virtual_call::VirtualCall;
