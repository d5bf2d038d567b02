//! What messages mean: their names are the far end's own.

use std::time::Duration;

/// How audio goes over a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocol {
    /// By which names texts are recognised; without them every text is the program's.
    pub reads: Option<Reads>,
    /// Binary messages that come are audio.
    pub binary_media: bool,
    /// What is sent.
    pub sends: Sends,
}

/// The names in messages of the far end: JSON objects, whose field [`event`](Self::event) says what each is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reads {
    /// The field that says what a message is.
    pub event: String,
    /// A field, and what it must hold in a message with audio.
    pub stream: Option<(String, String)>,
    /// The event of audio, and the field with an object of it.
    pub media: String,
    /// In that object: the audio as base64.
    pub payload: String,
    /// In that object: a number that counts up, by which what overtook another is put back.
    pub chunk: Option<String>,
    /// In that object: a field, and what it holds in messages that are of no interest.
    pub ignored_track: Option<(String, String)>,
    /// The event of a mark that has come back, which is the field with an object too, and in that the field with its name.
    pub mark: Option<(String, String)>,
    /// The event by which the far end says how many messages it has played, and the field with their number.
    pub played: Option<(String, String)>,
}

/// What is sent to the far end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sends {
    /// Audio goes as binary messages, without head and tail.
    pub binary: bool,
    /// What a text with audio begins and ends with, around base64.
    pub media: (String, String),
    /// The same around the name of a mark, which is letters and digits; none: no marks are sent.
    pub mark: Option<(String, String)>,
    /// A text that has the far end drop what it hasn't played; none: it can't.
    pub clear: Option<String>,
    /// Payloads that go in one message at most, while more wait.
    pub joined: usize,
    /// How far ahead audio is sent to a far end that plays all it gets without a gap, in order: what is quiet is left out while
    /// more than that waits there, and a little more. The audio is µ-law then.
    pub playout: Option<Duration>,
}
