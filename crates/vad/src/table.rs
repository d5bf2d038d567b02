//! The weights, as `weights/export.py` laid them out: ready to use, in the program's read-only pages, so that processes
//! share them and nothing is copied or built at start.

use crate::matvec::TILE;
use crate::state::HIDDEN;

#[cfg(target_endian = "big")]
compile_error!("the table of weights is little-endian");

/// Frequencies of the transform but the last, which has a row of its own.
pub(crate) const BINS: usize = 128;
/// Samples of a transform after folding (`network::fold`).
pub(crate) const FOLDED: usize = 128;
/// Magnitudes of a transform.
pub(crate) const MAGNITUDES: usize = BINS + 1;
/// Channels after the first and the fourth convolution.
pub(crate) const WIDE: usize = 128;
/// Channels after the second and the third.
pub(crate) const NARROW: usize = 64;
/// The LSTM's gates: input, forget, cell, output.
pub(crate) const GATES: usize = 4 * HIDDEN;

/// The file's length, in numbers.
const LENGTH: usize = 2 * BINS * FOLDED
    + FOLDED
    + (3 * MAGNITUDES + 1) * WIDE
    + (3 * WIDE + 1) * NARROW
    + (2 * NARROW + 1) * NARROW
    + (NARROW + 1) * WIDE
    + (WIDE + HIDDEN + 1) * GATES
    + HIDDEN
    + 1;

#[repr(C, align(64))]
struct Aligned([u8; LENGTH * size_of::<f32>()]);

static FILE: Aligned = Aligned(*include_bytes!("../weights/silero.bin"));

/// The model's weights. A matrix is in tiles, as [`crate::matvec::accumulate`] takes it.
pub(crate) struct Table {
    pub(crate) cosine: &'static [f32],
    pub(crate) sine: &'static [f32],
    /// The last frequency's cosine row.
    pub(crate) nyquist: &'static [f32; FOLDED],
    pub(crate) first: Convolution<3, WIDE>,
    pub(crate) second: Convolution<3, NARROW>,
    pub(crate) third: Convolution<2, NARROW>,
    pub(crate) fourth: Convolution<1, WIDE>,
    /// For the LSTM's input and its hidden state, one after the other.
    pub(crate) gates: &'static [f32],
    pub(crate) gate_bias: &'static [f32; GATES],
    pub(crate) output: &'static [f32; HIDDEN],
    pub(crate) output_bias: f32,
}

/// One matrix for each frame that an output sees.
pub(crate) struct Convolution<const TAPS: usize, const OUT: usize> {
    pub(crate) taps: [&'static [f32]; TAPS],
    pub(crate) bias: &'static [f32; OUT],
}

impl Table {
    pub(crate) fn new() -> Self {
        let mut rest = Rest(bytemuck::cast_slice(&FILE.0));
        Self {
            cosine: rest.matrix(BINS, FOLDED),
            sine: rest.matrix(BINS, FOLDED),
            nyquist: rest.vector(),
            first: rest.convolution(MAGNITUDES),
            second: rest.convolution(WIDE),
            third: rest.convolution(NARROW),
            fourth: rest.convolution(NARROW),
            gates: rest.matrix(GATES, WIDE + HIDDEN),
            gate_bias: rest.vector(),
            output: rest.vector(),
            output_bias: rest.vector::<1>()[0],
        }
    }
}

/// What of the file hasn't been handed out.
struct Rest(&'static [f32]);

impl Rest {
    fn matrix(&mut self, outputs: usize, inputs: usize) -> &'static [f32] {
        debug_assert_eq!(outputs % TILE, 0);
        let (matrix, rest) = self.0.split_at(outputs * inputs);
        self.0 = rest;
        matrix
    }

    fn vector<const N: usize>(&mut self) -> &'static [f32; N] {
        let (vector, rest) = self.0.split_first_chunk().expect("LENGTH is the sum of all parts");
        self.0 = rest;
        vector
    }

    fn convolution<const TAPS: usize, const OUT: usize>(&mut self, inputs: usize) -> Convolution<TAPS, OUT> {
        Convolution { taps: [(); TAPS].map(|()| self.matrix(OUT, inputs)), bias: self.vector() }
    }
}

#[cfg(test)]
mod tests {
    use super::{LENGTH, Table};

    #[test]
    fn the_table_is_the_whole_file() {
        let table = Table::new();
        let parts = [
            table.cosine.len() + table.sine.len() + table.nyquist.len(),
            table.first.taps.concat().len() + table.first.bias.len(),
            table.second.taps.concat().len() + table.second.bias.len(),
            table.third.taps.concat().len() + table.third.bias.len(),
            table.fourth.taps.concat().len() + table.fourth.bias.len(),
            table.gates.len() + table.gate_bias.len() + table.output.len() + 1,
        ];
        assert_eq!(parts.iter().sum::<usize>(), LENGTH);
    }
}
