//! What a sequence parameter set of H.264 asks of a decoder (ITU-T H.264, section 7.3.2.1).

/// Of the baseline profile.
const BASELINE: u32 = 66;
/// Of one's kind; a longer number would be read differently by decoders, and none that counts here is so large.
const MAX_ZEROS: u32 = 15;

/// The parameters that make a decoder take memory, and say which part of its pictures is shown. Sides are in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// Of what is decoded: whole macroblocks.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// How many pictures are kept to make others from.
    pub(crate) kept: u32,
}

impl Parameters {
    /// Reads what stands behind the header of a unit. `None` when it ends early, is not of the baseline profile, or says
    /// what can't be: then no decoder should see it.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let bytes = unescaped(body)?;
        let mut bits = Bits { bytes: &bytes, at: 0 };
        let profile = bits.take(8)?;
        let _constraints_and_level = bits.take(16)?;
        let _id = bits.at_most(31)?;
        let _frame_numbers = bits.at_most(12)?;
        picture_order(&mut bits)?;
        let kept = bits.at_most(16)?;
        let _gaps = bits.take(1)?;
        let (width, height) = (16 * (bits.number()? + 1), 16 * (bits.number()? + 1));
        let has_whole_frames = bits.take(1)? == 1;
        let _direct = bits.take(1)?;
        let is_cropped = bits.take(1)? == 1;
        let is_shown = !is_cropped || (leaves_some(&mut bits, width)? && leaves_some(&mut bits, height)?);
        (profile == BASELINE && has_whole_frames && is_shown).then_some(Self { width, height, kept })
    }
}

/// How the order of pictures is told.
fn picture_order(bits: &mut Bits<'_>) -> Option<()> {
    match bits.at_most(2)? {
        0 => {
            bits.at_most(12)?;
        }
        1 => {
            bits.take(1)?;
            bits.number()?;
            bits.number()?;
            for _ in 0..bits.at_most(255)? {
                bits.number()?;
            }
        }
        _ => {}
    }
    Some(())
}

/// Whether there is something between what is cut off at both ends of a side, in units of two pixels.
fn leaves_some(bits: &mut Bits<'_>, side: u32) -> Option<bool> {
    Some(2 * (bits.number()? + bits.number()?) < side)
}

/// The bytes without those that keep start codes from occurring among them (section 7.4.1.1). `None` when they are not as it
/// demands: decoders read such differently.
fn unescaped(body: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut zeros = 0;
    for (at, &byte) in body.iter().enumerate() {
        if zeros >= 2 && byte <= 3 {
            if byte < 3 || body.get(at + 1).is_some_and(|next| *next > 3) {
                return None;
            }
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        bytes.push(byte);
    }
    Some(bytes)
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// At most 16 of them.
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = *self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// A number of the kind of section 9.1.
    fn number(&mut self) -> Option<u32> {
        let zeros = (0..=MAX_ZEROS).find(|_| self.take(1) == Some(1))?;
        Some((1 << zeros) - 1 + self.take(zeros)?)
    }

    fn at_most(&mut self, most: u32) -> Option<u32> {
        self.number().filter(|value| *value <= most)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What of a set the tests change.
    #[derive(Clone, Copy)]
    pub(crate) struct Set {
        pub(crate) profile: u32,
        pub(crate) kept: u32,
        /// In macroblocks.
        pub(crate) sides: [u32; 2],
        /// Left, right, top and bottom, in units of two pixels.
        pub(crate) cut: Option<[u32; 4]>,
    }

    pub(crate) const VGA: Set = Set { profile: 66, kept: 1, sides: [40, 30], cut: None };

    impl Set {
        /// Behind its header, escaped.
        pub(crate) fn body(self) -> Vec<u8> {
            let mut bits = String::new();
            bits += &format!("{:08b}{:08b}{:08b}", self.profile, 0xc0, 31);
            // Numbers of pictures as OpenH264's encoder has them.
            for value in [0, 11, 2, self.kept] {
                bits += &number(value);
            }
            bits += "0";
            self.sides.iter().for_each(|side| bits += &number(side - 1));
            bits += "11";
            bits += if self.cut.is_some() { "1" } else { "0" };
            self.cut.iter().flatten().for_each(|cut| bits += &number(*cut));
            bits += "01";
            escaped(&bits)
        }
    }

    fn number(value: u32) -> String {
        let digits = format!("{:b}", u64::from(value) + 1);
        "0".repeat(digits.len() - 1) + &digits
    }

    fn escaped(bits: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for at in (0..bits.len()).step_by(8) {
            let byte = format!("{:0<8}", &bits[at..bits.len().min(at + 8)]);
            let byte = u8::from_str_radix(&byte, 2).expect("bits");
            if byte <= 3 && bytes.ends_with(&[0, 0]) {
                bytes.push(3);
            }
            bytes.push(byte);
        }
        bytes
    }

    #[test]
    fn what_counts_is_read() {
        let read = Parameters { width: 640, height: 480, kept: 1 };
        assert_eq!(Parameters::read(&VGA.body()), Some(read));
        let cropped = Set { sides: [120, 68], cut: Some([0, 0, 0, 4]), kept: 4, ..VGA };
        let read = Parameters { width: 1920, height: 1088, kept: 4 };
        assert_eq!(Parameters::read(&cropped.body()), Some(read));
        let escaped = Set { sides: [40_000, 30], cut: Some([255, 0, 0, 0]), ..VGA };
        assert!(Parameters::read(&escaped.body()).is_some());
    }

    #[test]
    fn pictures_of_which_nothing_is_shown_are_refused() {
        // The last two are nothing to those who count in 32 bits.
        let cuts =
            [[160, 160, 0, 0], [320, 0, 0, 0], [0, 0, 120, 120], [!0 - 5, 6, 0, 0], [1 << 31, 1 << 31, 0, 0]];
        for cut in cuts {
            assert_eq!(Parameters::read(&Set { cut: Some(cut), ..VGA }.body()), None, "{cut:?}");
        }
    }

    #[test]
    fn other_profiles_and_what_ends_early_are_refused() {
        for profile in [0, 77, 83, 88, 100] {
            assert_eq!(Parameters::read(&Set { profile, ..VGA }.body()), None, "{profile}");
        }
        let body = VGA.body();
        for length in 0..body.len() - 1 {
            assert_eq!(Parameters::read(&body[..length]), None, "{length}");
        }
    }

    #[test]
    fn bytes_that_decoders_read_differently_are_refused() {
        assert_eq!(unescaped(&[9, 0, 0, 3, 1, 0, 0, 3]), Some(vec![9, 0, 0, 1, 0, 0]));
        for odd in [&[0, 0, 0][..], &[9, 0, 0, 1], &[0, 0, 2, 9], &[0, 0, 3, 4]] {
            assert_eq!(unescaped(odd), None, "{odd:?}");
        }
    }
}
