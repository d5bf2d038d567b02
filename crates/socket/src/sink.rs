//! What a WebSocket tells.

/// Who is told what comes.
pub trait Sink {
    /// Encoded audio, in order, of any length.
    fn audio(&mut self, payload: &[u8]);
    /// So many payloads that were made have been played since the start.
    fn played(&mut self, payloads: u64);
    /// A message for the program.
    fn message(&mut self, message: Message<'_>);
    /// Nothing comes any more, and nothing can be sent. Told once, however it ended: with a close frame of the far end, or with our
    /// own (the code is 1005 when none was given), or without any (1006).
    fn closed(&mut self, code: u16, reason: &str);
}

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
}
