//! What an incoming RTP packet holds, and its place and time in a stream without wrap-around.

use crate::opus;

/// An RTP packet from the peer, its header read and its payload decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpView<'a> {
    /// The stream it belongs to.
    pub ssrc: u32,
    /// Its place in the stream.
    pub sequence_number: u16,
    /// Its time, in units of 1/48,000 s.
    pub timestamp: u32,
    /// The marker bit: the first packet after a pause.
    pub marker: bool,
    /// An Opus packet (RFC 7587), RTP padding removed; empty when the packet has a number of this stream but no Opus,
    /// such as a telephone event (RFC 4733). Any bytes are safe.
    pub payload: &'a [u8],
}

/// What a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing: padding, sent to probe the path.
    Empty,
    /// No Opus packet.
    Undecodable,
    /// Opus of so many ticks of the RTP clock.
    Audio(u32),
}

impl Content {
    pub(crate) fn of(payload: &[u8]) -> Self {
        if payload.is_empty() {
            return Self::Empty;
        }
        opus::packet_ticks(payload).map_or(Self::Undecodable, Self::Audio)
    }
}

/// Extends a 16-bit sequence number to the 64-bit one nearest to `near` (RFC 3550, appendix A.1).
pub(crate) fn extend_sequence(near: u64, wire: u16) -> u64 {
    // A signed step lets a late packet from before the wrap land behind `near`, not 65,536 ahead of it.
    let step = wire.wrapping_sub(near as u16).cast_signed();
    near.saturating_add_signed(i64::from(step))
}

/// Extends a 32-bit timestamp to the 64-bit one nearest to `near`.
pub(crate) fn extend_timestamp(near: u64, wire: u32) -> u64 {
    let step = wire.wrapping_sub(near as u32).cast_signed();
    near.saturating_add_signed(i64::from(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_across_a_wrap_in_both_directions() {
        assert_eq!(extend_sequence(0x1_ffff, 0), 0x2_0000);
        assert_eq!(extend_sequence(0x2_0000, 0xffff), 0x1_ffff);
        assert_eq!(extend_timestamp(0x1_ffff_ffff, 959), 0x2_0000_03bf);
        assert_eq!(extend_timestamp(0x2_0000_0000, 0xffff_fc40), 0x1_ffff_fc40);
    }

    #[test]
    fn payloads_are_told_apart() {
        assert_eq!(Content::of(&[]), Content::Empty);
        assert_eq!(Content::of(&[3, 0]), Content::Undecodable, "the frame count says 0");
        assert_eq!(Content::of(&[1 << 3, 0]), Content::Audio(960));
    }
}
