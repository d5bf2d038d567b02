//! Which way media flow.

/// Which way a section's media flow, as its owner says it (RFC 8866, section 6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// From the owner alone.
    SendOnly,
    /// To the owner alone.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Direction {
    pub(super) fn of(attribute: &str) -> Option<Self> {
        Some(match attribute {
            "sendrecv" => Self::SendRecv,
            "sendonly" => Self::SendOnly,
            "recvonly" => Self::RecvOnly,
            "inactive" => Self::Inactive,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    fn from_flows(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether the owner sends.
    #[must_use]
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the owner receives.
    #[must_use]
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// What we may answer: we send what the peer receives if we want to, and the other way round (RFC 3264, 6.1).
    #[must_use]
    pub fn answered(self, we_send: bool, we_receive: bool) -> Self {
        Self::from_flows(we_send && self.receives(), we_receive && self.sends())
    }
}
