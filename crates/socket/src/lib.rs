//! A WebSocket's server side (RFC 6455) and the audio that its messages carry, without a network and a clock.
//!
//! A [`Socket`] takes the bytes that came and has bytes that are to leave. Once it is [attached](Socket::attach) it knows which
//! messages are audio; every other message is the program's.

#![forbid(unsafe_code)]

mod base64_text;
mod budget;
mod frame;
mod json;
mod link;
mod marks;
mod media;
mod numbers;
mod order;
mod outgoing;
mod playout;
mod protocol;
mod reader;
mod sink;
mod socket;

pub use link::{MAX_AUDIO_BACKLOG, MAX_BACKLOG};
pub use protocol::{Marks, Protocol, Reads, Sends};
pub use reader::MAX_MESSAGE;
pub use sink::{Message, Sink};
pub use socket::Socket;
