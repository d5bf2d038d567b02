//! What messages mean: their names are the far end's own.

use std::time::Duration;

/// Digits of the longest number in the name of a mark.
const MAX_DIGITS: usize = 15;

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
    /// Marks behind audio, by which the far end tells what it has played; none: no marks are sent.
    pub mark: Option<Marks>,
    /// A text that has the far end drop what it hasn't played; none: it can't.
    pub clear: Option<String>,
    /// Payloads that go in one message at most, while more wait.
    pub joined: usize,
    /// How far ahead audio is sent to a far end that plays all it gets without a gap, in order: what is quiet is left out while
    /// more than that waits there, and a little more. The audio is µ-law then.
    pub playout: Option<Duration>,
}

/// Marks, named by a word and digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// What a text with a mark begins and ends with, around its name.
    pub around: (String, String),
    /// The word, letters and digits: one that nobody else gives to a mark of his own on the same socket, for that would be taken for
    /// one of these.
    pub name: String,
}

impl Marks {
    /// The number in the name of a mark; none for one of somebody else's.
    pub(crate) fn number_in(&self, name: &str) -> Option<u64> {
        let digits = name.strip_prefix(self.name.as_str())?;
        let is_number = digits.len() <= MAX_DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit());
        if is_number { digits.parse().ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_and_digits_are_a_name() {
        let marks = Marks { around: Default::default(), name: "m0".into() };
        for name in
            ["", "m", "m0", "m0-1", "m010x", "x10", "10", "p10", "m010.0", "m099999999999999999999", "m0+1"]
        {
            assert_eq!(marks.number_in(name), None, "{name}");
        }
        assert_eq!(marks.number_in("m010"), Some(10));
        assert_eq!(marks.number_in("m0999999999999999"), Some(999_999_999_999_999));
    }
}
