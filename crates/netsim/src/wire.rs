//! A record of everything that was sent.

use std::net::SocketAddr;
use std::time::Instant;

/// Who sent a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// The session.
    Server,
    /// The peer.
    Peer,
}

/// What a datagram is, told by its first bytes (RFC 7983, RFC 5761).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A connectivity check or its answer.
    Stun,
    /// Handshake, alert or data channel.
    Dtls,
    /// Media.
    Rtp,
    /// Reports.
    Rtcp,
    /// Anything else.
    Unknown,
}

impl Kind {
    /// The kind of a datagram.
    #[must_use]
    pub fn of(datagram: &[u8]) -> Self {
        match (datagram.first(), datagram.get(1)) {
            (Some(0..=3), _) => Self::Stun,
            (Some(20..=63), _) => Self::Dtls,
            (Some(128..=191), Some(192..=223)) => Self::Rtcp,
            (Some(128..=191), _) => Self::Rtp,
            _ => Self::Unknown,
        }
    }
}

/// A datagram that was sent, whether or not it arrived.
#[derive(Debug, Clone)]
pub struct Sent {
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: Ends,
    /// Where to.
    pub to: SocketAddr,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// All datagrams of a call, in the order of sending.
#[derive(Debug, Default)]
pub struct Wire {
    pub(crate) sent: Vec<Sent>,
}

impl Wire {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Sent] {
        &self.sent
    }

    /// Those of that kind that one end sent.
    pub fn of(&self, by: Ends, kind: Kind) -> impl Iterator<Item = &Sent> {
        self.sent.iter().filter(move |sent| sent.by == by && Kind::of(&sent.bytes) == kind)
    }

    /// Those that one end sent after that moment.
    pub fn since(&self, by: Ends, start: Instant) -> impl Iterator<Item = &Sent> {
        self.sent.iter().filter(move |sent| sent.by == by && sent.at > start)
    }
}
