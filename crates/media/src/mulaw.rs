//! µ-law (ITU-T G.711): 8 bits a sample, each about 38 dB above its own noise.

/// What magnitudes are raised by, so that the position of the highest bit is the segment.
const BIAS: u16 = 132;

/// Larger magnitudes are coded as this one.
const CLIP: u16 = 32_635;

/// The 16-bit sample of each byte.
static SAMPLES: [i16; 256] = samples();

/// The sample that a byte stands for, as 16-bit PCM.
pub(crate) fn decode(byte: u8) -> i16 {
    SAMPLES[usize::from(byte)]
}

/// The byte for a 16-bit sample.
pub(crate) fn encode(sample: i16) -> u8 {
    let magnitude = sample.unsigned_abs().min(CLIP) + BIAS;
    // The bias sets bit 7 at least, and the clip keeps bit 15 clear.
    let segment = 8 - magnitude.leading_zeros();
    let step = (magnitude >> (segment + 3)) & 0x0f;
    let sign = if sample < 0 { 0x80 } else { 0 };
    // All bits are inverted on the line, so that silence has many changes.
    !(sign | (segment as u8) << 4 | step as u8)
}

const fn samples() -> [i16; 256] {
    let mut samples = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let bits = !(byte as u8);
        let segment = (bits >> 4) & 0x07;
        let magnitude = ((((bits & 0x0f) as i16) << 3) + BIAS as i16) << segment;
        samples[byte] = if bits & 0x80 == 0 { magnitude - BIAS as i16 } else { BIAS as i16 - magnitude };
        byte += 1;
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The decision values of G.711, table 2a, in units of 14-bit samples: eight segments of sixteen intervals, of which
    /// the first of all is half as wide. Each segment's intervals are twice as wide as those of the one before.
    fn decision_values() -> Vec<i32> {
        let mut values = vec![0, 1];
        for segment in 0..8 {
            let intervals = if segment == 0 { 15 } else { 16 };
            for _ in 0..intervals {
                values.push(values[values.len() - 1] + (2 << segment));
            }
        }
        values
    }

    /// The quantised value of the nth interval: the middle of its decision values, and 0 for the first.
    fn quantised(values: &[i32], n: usize) -> i32 {
        if n == 0 { 0 } else { (values[n] + values[n + 1]) / 2 }
    }

    #[test]
    fn the_decision_values_are_the_standards() {
        let values = decision_values();
        let ends: Vec<_> = (0..8).map(|segment| values[16 * (segment + 1)]).collect();
        assert_eq!((values.len(), ends), (129, vec![31, 95, 223, 479, 991, 2_015, 4_063, 8_159]));
    }

    #[test]
    fn each_byte_is_the_standards_quantised_value() {
        let values = decision_values();
        for n in 0..128 {
            let value = 4 * quantised(&values, n);
            let positive = 0xff - n as u8;
            assert_eq!(i32::from(decode(positive)), value, "{positive:#x}");
            assert_eq!(i32::from(decode(positive & 0x7f)), -value, "{:#x}", positive & 0x7f);
        }
    }

    #[test]
    fn each_sample_falls_into_the_standards_interval() {
        let values = decision_values();
        for sample in i16::MIN..=i16::MAX {
            let magnitude = i32::from(sample).abs();
            let n = (0..128).rev().find(|n| magnitude >= 4 * values[*n]).unwrap();
            let sign = if sample < 0 { 0x7f } else { 0xff };
            assert_eq!(encode(sample), (0xff - n as u8) & sign, "{sample}");
        }
    }

    #[test]
    fn every_byte_survives_the_way_to_pcm_and_back() {
        for byte in 0..=u8::MAX {
            // There are two zeros; the positive one is sent.
            let expected = if byte == 0x7f { 0xff } else { byte };
            assert_eq!(encode(decode(byte)), expected);
        }
    }
}
