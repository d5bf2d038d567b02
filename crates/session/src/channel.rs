//! The session's data channel: which one it is, and what waits to be sent on it.

use rtc::data_channel::RTCDataChannelId;
use rtc::peer_connection::RTCPeerConnection;
use std::collections::VecDeque;
use std::time::Instant;

/// Longest text message, either way, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Most bytes that wait to be sent or acknowledged.
pub const MAX_BUFFERED_BYTES: usize = 1024 * 1024;
/// Most channels that a peer may open; those beyond are closed at once.
const MAX_CHANNELS: usize = 16;

/// Why a message is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelError {
    /// The channel was open and is closed now, or the session ended.
    Closed,
    /// The message is longer than [`MAX_MESSAGE_BYTES`].
    TooLarge,
    /// The peer takes nothing, and [`MAX_BUFFERED_BYTES`] wait already.
    Full,
}

/// The channel that the peer opened, among the channels that it may open.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    open: Vec<RTCDataChannelId>,
    /// The one that messages go out on: the first that opened of those open now.
    primary: Option<RTCDataChannelId>,
    was_open: bool,
    waiting: VecDeque<String>,
    waiting_bytes: usize,
}

impl Channels {
    /// Notes an opened channel; true when it became the one that messages go out on.
    pub(crate) fn opened(&mut self, pc: &mut RTCPeerConnection, id: RTCDataChannelId) -> bool {
        if self.open.len() >= MAX_CHANNELS {
            if let Some(mut channel) = pc.data_channel(id)
                && let Err(error) = channel.close()
            {
                log::debug!("a data channel over the limit could not be closed: {error}");
            }
            return false;
        }
        self.open.push(id);
        self.was_open = true;
        let first = self.primary.is_none();
        self.primary.get_or_insert(id);
        first
    }

    /// Notes a closed channel; true when no channel is left to send on.
    pub(crate) fn closed(&mut self, id: RTCDataChannelId) -> bool {
        self.open.retain(|open| *open != id);
        let was_primary = self.primary == Some(id);
        if was_primary {
            self.primary = self.open.first().copied();
        }
        was_primary && self.primary.is_none()
    }

    pub(crate) fn is_open(&self, id: RTCDataChannelId) -> bool {
        self.open.contains(&id)
    }

    /// Sends or keeps a message.
    pub(crate) fn send(
        &mut self,
        pc: &mut RTCPeerConnection,
        now: Instant,
        text: String,
    ) -> Result<(), ChannelError> {
        if text.len() > MAX_MESSAGE_BYTES {
            return Err(ChannelError::TooLarge);
        }
        if self.primary.is_none() && self.was_open {
            return Err(ChannelError::Closed);
        }
        if self.buffered(pc) + text.len() > MAX_BUFFERED_BYTES {
            return Err(ChannelError::Full);
        }
        self.waiting_bytes += text.len();
        self.waiting.push_back(text);
        self.flush(pc, now);
        Ok(())
    }

    /// Hands what waits to the open channel.
    pub(crate) fn flush(&mut self, pc: &mut RTCPeerConnection, now: Instant) {
        let Some(mut channel) = self.primary.and_then(|id| pc.data_channel(id)) else { return };
        while let Some(text) = self.waiting.pop_front() {
            self.waiting_bytes -= text.len();
            if let Err(error) = channel.send_text(now, text) {
                log::warn!("a message could not be handed to the data channel: {error}");
            }
        }
    }

    /// Bytes that wait here or were sent and not yet acknowledged.
    pub(crate) fn buffered(&self, pc: &mut RTCPeerConnection) -> usize {
        let outstanding =
            self.primary.and_then(|id| pc.data_channel(id)).map_or(0, |channel| channel.outstanding_bytes());
        self.waiting_bytes + outstanding
    }
}
