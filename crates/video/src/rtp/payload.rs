//! One RTP payload with a part of a VP8 frame (RFC 7741, section 4.2).

/// What a payload descriptor says, and the part of a frame behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vp8Payload<'a> {
    /// The frame's number, of 7 or of 15 bits.
    pub picture_id: Option<PictureId>,
    /// Counts the frames of the lowest temporal layer (TL0PICIDX).
    pub base_layer_index: Option<u8>,
    /// The frame's temporal layer, 0 to 3, and whether it needs nothing but the lowest of them (TID, Y).
    pub temporal_layer: Option<(u8, bool)>,
    /// The first of a frame.
    pub starts_frame: bool,
    /// The first of a key frame.
    pub starts_key_frame: bool,
    /// The part of the frame; not empty.
    pub data: &'a [u8],
}

/// A frame's number, which begins again after 127 or 32767.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureId {
    value: u16,
    is_long: bool,
}

impl PictureId {
    /// The number itself.
    #[must_use]
    pub fn value(self) -> u16 {
        self.value
    }

    /// Whether this is the number after that one.
    pub(crate) fn follows(self, before: Self) -> bool {
        let mask = if self.is_long { 0x7fff } else { 0x7f };
        self.is_long == before.is_long && before.value.wrapping_add(1) & mask == self.value
    }
}

/// Takes bytes from the front.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn picture_id(&mut self) -> Option<PictureId> {
        let first = self.byte()?;
        let is_long = first & 0x80 != 0;
        let high = u16::from(first & 0x7f);
        let value = if is_long { high << 8 | u16::from(self.byte()?) } else { high };
        Some(PictureId { value, is_long })
    }
}

impl<'a> Vp8Payload<'a> {
    /// Reads a payload; `None` when it ends within its descriptor or right after.
    #[must_use]
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(payload);
        let first = reader.byte()?;
        let extension = if first & 0x80 != 0 { reader.byte()? } else { 0 };
        let has = |bit: u8| extension & bit != 0;
        let picture_id = if has(0x80) { Some(reader.picture_id()?) } else { None };
        let base_layer_index = if has(0x40) { Some(reader.byte()?) } else { None };
        // One byte for both; KEYIDX alone leaves the layer without a meaning.
        let layers = if has(0x30) { Some(reader.byte()?) } else { None };
        let temporal_layer = layers.filter(|_| has(0x20)).map(|byte| (byte >> 6, byte & 0x20 != 0));
        let data = reader.0;
        let starts_frame = first & 0x17 == 0x10;
        let starts_key_frame = starts_frame && data.first()? & 1 == 0;
        (!data.is_empty()).then_some(Self {
            picture_id,
            base_layer_index,
            temporal_layer,
            starts_frame,
            starts_key_frame,
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_of_one_byte_is_read() {
        let payload = Vp8Payload::parse(&[0x10, 0x10, 9]).expect("whole");
        assert!(payload.starts_frame && payload.starts_key_frame);
        assert_eq!((payload.data, payload.picture_id, payload.temporal_layer), (&[0x10, 9][..], None, None));
        let payload = Vp8Payload::parse(&[0x11, 0x10]).expect("whole");
        assert!(!payload.starts_frame, "the start of a later partition");
        let payload = Vp8Payload::parse(&[0x10, 0x11]).expect("whole");
        assert!(payload.starts_frame && !payload.starts_key_frame);
    }

    #[test]
    fn everything_that_a_descriptor_may_have_is_read() {
        // X, S; I, L, T, K; a picture ID of 15 bits; TL0PICIDX; TID 2, Y, KEYIDX 3.
        let payload = Vp8Payload::parse(&[0x90, 0xf0, 0x92, 0x34, 200, 0xa3, 1]).expect("whole");
        assert_eq!(payload.picture_id, Some(PictureId { value: 0x1234, is_long: true }));
        assert_eq!(payload.base_layer_index, Some(200));
        assert_eq!(payload.temporal_layer, Some((2, true)));
        let payload = Vp8Payload::parse(&[0x90, 0x90, 0x7f, 0xe3, 1]).expect("whole");
        assert_eq!(payload.picture_id.map(PictureId::value), Some(0x7f));
        assert_eq!(payload.temporal_layer, None, "a KEYIDX without a TID");
    }

    #[test]
    fn a_payload_that_ends_early_is_refused() {
        let whole = [0x90, 0xf0, 0x92, 0x34, 200, 0xa3, 1];
        for length in 0..whole.len() {
            assert_eq!(Vp8Payload::parse(&whole[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn a_picture_id_follows_another_around_its_end() {
        let id = |value, is_long| PictureId { value, is_long };
        assert!(id(0, false).follows(id(127, false)) && id(0, true).follows(id(32_767, true)));
        assert!(id(128, true).follows(id(127, true)));
        assert!(!id(128, true).follows(id(127, false)) && !id(2, true).follows(id(2, true)));
    }
}
