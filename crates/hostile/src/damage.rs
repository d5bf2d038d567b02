//! Damages bytes as a fuzzer does, the same way for the same seed.

use parley_netsim::Random;

/// Numbers at the edges of their types.
const EDGES: [u8; 8] = [0, 1, 4, 63, 64, 127, 128, 255];

/// Changes the bytes in one to eight places: flips, edges, pieces cut out, repeated and invented.
pub fn damage(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(8) {
        if bytes.is_empty() {
            let length = 1 + random.below(64);
            *bytes = random.bytes(length);
        }
        let at = random.below(bytes.len());
        let length = 1 + random.below(bytes.len() - at).min(63);
        match random.below(7) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = *random.pick(&EDGES),
            2 => bytes[at] = random.bits() as u8,
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..at + length)),
            5 => {
                let copy = bytes[at..at + length].to_vec();
                bytes.splice(at..at, copy);
            }
            _ => {
                let invented = random.bytes(length);
                bytes.splice(at..at, invented);
            }
        }
    }
}
