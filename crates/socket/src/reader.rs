//! Makes messages of bytes.

use crate::frame::{Fault, Head, Opcode, unmask};

/// Bytes of the longest message.
pub const MAX_MESSAGE: usize = 65_536;
/// Frames of a message at most.
const MAX_FRAGMENTS: u32 = 1024;

/// What the far end has said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    Ping(&'a [u8]),
    Pong(&'a [u8]),
    Close(&'a [u8]),
}

/// Puts frames together. What it keeps between two calls is a frame and a message that aren't whole: twice
/// [`MAX_MESSAGE`] at most, and what came along.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// The beginning of a frame.
    pending: Vec<u8>,
    message: Fragments,
}

/// A message that comes in pieces.
#[derive(Debug, Default)]
struct Fragments {
    /// Of the first piece; none when there is no such message.
    opcode: Option<Opcode>,
    bytes: Vec<u8>,
    count: u32,
}

impl Reader {
    /// Takes bytes, which lose their masks. `each` is told what they say, until it returns false: then nothing more is wanted.
    pub(crate) fn read(
        &mut self,
        bytes: &mut [u8],
        mut each: impl FnMut(Said<'_>) -> bool,
    ) -> Result<(), Fault> {
        if self.pending.is_empty() {
            let used = read_frames(&mut self.message, bytes, &mut each)?;
            self.pending.extend_from_slice(bytes.get(used..).unwrap_or_default());
            return Ok(());
        }
        let mut pending = std::mem::take(&mut self.pending);
        pending.extend_from_slice(bytes);
        let used = read_frames(&mut self.message, &mut pending, &mut each)?;
        if used < pending.len() {
            pending.drain(..used);
            self.pending = pending;
        }
        Ok(())
    }

    /// Lets go of all memory.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Reads all frames that are whole; returns how many bytes they are.
fn read_frames(
    message: &mut Fragments,
    bytes: &mut [u8],
    each: &mut impl FnMut(Said<'_>) -> bool,
) -> Result<usize, Fault> {
    let mut at = 0;
    while let Some(head) = Head::read(bytes.get(at..).unwrap_or_default())? {
        message.check(&head)?;
        let from = at + head.size;
        let Some(payload) = bytes.get_mut(from..from + head.length) else { break };
        unmask(payload, head.mask);
        at = from + head.length;
        if !message.take(&head, payload, each)? {
            return Ok(bytes.len());
        }
    }
    Ok(at)
}

impl Fragments {
    /// Refuses a frame by its head, before the rest of it is waited for.
    fn check(&self, head: &Head) -> Result<(), Fault> {
        if head.opcode.is_control() {
            return Ok(());
        }
        let continues = head.opcode == Opcode::Continuation;
        if continues != self.opcode.is_some() {
            return Err(Fault::Frame);
        }
        if head.length > MAX_MESSAGE - self.bytes.len() {
            return Err(Fault::TooLong);
        }
        if self.count >= MAX_FRAGMENTS {
            return Err(Fault::TooManyFragments);
        }
        Ok(())
    }

    fn take(
        &mut self,
        head: &Head,
        payload: &[u8],
        each: &mut impl FnMut(Said<'_>) -> bool,
    ) -> Result<bool, Fault> {
        match head.opcode {
            Opcode::Ping => Ok(each(Said::Ping(payload))),
            Opcode::Pong => Ok(each(Said::Pong(payload))),
            Opcode::Close => Ok(each(Said::Close(payload))),
            opcode if head.is_last && self.opcode.is_none() => say(opcode, payload, each),
            opcode => self.join(opcode, head.is_last, payload, each),
        }
    }

    fn join(
        &mut self,
        opcode: Opcode,
        is_last: bool,
        payload: &[u8],
        each: &mut impl FnMut(Said<'_>) -> bool,
    ) -> Result<bool, Fault> {
        let opcode = *self.opcode.get_or_insert(opcode);
        self.bytes.extend_from_slice(payload);
        self.count += 1;
        if !is_last {
            return Ok(true);
        }
        let whole = std::mem::take(self);
        say(opcode, &whole.bytes, each)
    }
}

fn say(opcode: Opcode, payload: &[u8], each: &mut impl FnMut(Said<'_>) -> bool) -> Result<bool, Fault> {
    if opcode == Opcode::Binary {
        return Ok(each(Said::Binary(payload)));
    }
    let text = std::str::from_utf8(payload).map_err(|_| Fault::Text)?;
    Ok(each(Said::Text(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client's frame.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [9, 8, 7, 6];
        let mut frame = vec![first];
        match u16::try_from(payload.len()) {
            Ok(length) if length < 126 => frame.push(0x80 | length as u8),
            Ok(length) => frame.extend([&[0xfe][..], &length.to_be_bytes()].concat()),
            Err(_) => frame.extend([&[0xff][..], &(payload.len() as u64).to_be_bytes()].concat()),
        }
        frame.extend(mask);
        let from = frame.len();
        frame.extend(payload);
        unmask(&mut frame[from..], mask);
        frame
    }

    /// What a reader says of bytes that come in pieces of that length.
    fn read(bytes: &[u8], piece: usize) -> (Vec<String>, Result<(), Fault>) {
        let mut reader = Reader::default();
        let mut said = Vec::new();
        for piece in bytes.chunks(piece) {
            let read = reader.read(&mut piece.to_vec(), |each| {
                said.push(match each {
                    Said::Text(text) => text.to_owned(),
                    other => format!("{other:?}"),
                });
                true
            });
            if read.is_err() {
                return (said, read);
            }
        }
        (said, Ok(()))
    }

    #[test]
    fn messages_come_whole_however_the_bytes_are_cut() {
        let long = "ä".repeat(200);
        let bytes = [
            frame(0x81, b"one"),
            frame(0x01, "zw".as_bytes()),
            frame(0x00, b"e"),
            frame(0x89, b"?"),
            frame(0x80, b"i"),
            frame(0x82, &[1, 2]),
            frame(0x81, long.as_bytes()),
            frame(0x01, &long.as_bytes()[..3]),
            frame(0x80, &long.as_bytes()[3..]),
            frame(0x8a, b""),
            frame(0x81, b""),
        ]
        .concat();
        for piece in 1..=bytes.len() {
            let (said, end) = read(&bytes, piece);
            assert_eq!(end, Ok(()));
            assert_eq!(
                said,
                ["one", "Ping([63])", "zwei", "Binary([1, 2])", &long, &long, "Pong([])", ""],
                "{piece}"
            );
        }
    }

    #[test]
    fn broken_frames_text_and_bounds_are_told_apart() {
        let whole = vec![b'a'; MAX_MESSAGE];
        for (bytes, fault) in [
            (frame(0x80, b"a"), Fault::Frame),
            ([frame(0x01, b"a"), frame(0x81, b"b")].concat(), Fault::Frame),
            (frame(0x81, &[0xff, 0xfe]), Fault::Text),
            ([frame(0x01, &[0xc3]), frame(0x80, b"a")].concat(), Fault::Text),
            ([frame(0x02, &whole), frame(0x80, b"a")].concat(), Fault::TooLong),
            (frame(0x02, &[&whole[..], b"a"].concat())[..14].to_vec(), Fault::TooLong),
            (vec![0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4], Fault::TooLong),
            (
                [frame(0x02, b"a"), frame(0x00, b"").repeat(MAX_FRAGMENTS as usize)].concat(),
                Fault::TooManyFragments,
            ),
        ] {
            for piece in [1, 7, bytes.len()] {
                assert_eq!(read(&bytes, piece), (vec![], Err(fault)));
            }
        }
        let bounds = [
            frame(0x81, &whole),
            frame(0x01, b"a"),
            frame(0x00, b"").repeat(MAX_FRAGMENTS as usize - 2),
            frame(0x80, b""),
        ];
        assert_eq!(read(&bounds.concat(), 1000).1, Ok(()));
    }

    #[test]
    fn nothing_is_read_once_nothing_more_is_wanted() {
        let mut reader = Reader::default();
        let mut said = 0;
        let mut bytes = [frame(0x81, b"a"), frame(0x81, b"b"), vec![0]].concat();
        let read = reader.read(&mut bytes, |_| {
            said += 1;
            false
        });
        assert_eq!((read, said, reader.pending.len()), (Ok(()), 1, 0));
    }
}
