//! Matrix times vector, for a few vectors at once: each weight is read once for all of them.

/// Outputs whose sums stay in registers while the inputs pass by: 4 registers of AVX2, or 8 of NEON, for each vector.
pub(crate) const TILE: usize = 32;

/// Adds the product of `weights` and each of `inputs` to `sums`.
///
/// `weights` holds `OUT / TILE` tiles, one after the other: for each input the weights of the tile's outputs, side by
/// side. `FMA`: multiply and add in one instruction, where the caller knows that the machine has it.
#[inline(always)]
pub(crate) fn accumulate<const OUT: usize, const VECTORS: usize, const FMA: bool>(
    sums: &mut [[f32; OUT]; VECTORS],
    weights: &[f32],
    inputs: [&[f32]; VECTORS],
) {
    let tile_length = inputs[0].len() * TILE;
    for (tile, weights) in weights.chunks_exact(tile_length).enumerate() {
        let outputs = tile * TILE..(tile + 1) * TILE;
        let mut partial = [[0.0; TILE]; VECTORS];
        for (partial, sums) in partial.iter_mut().zip(sums.iter()) {
            partial.copy_from_slice(&sums[outputs.clone()]);
        }
        accumulate_tile::<VECTORS, FMA>(&mut partial, weights, inputs);
        for (partial, sums) in partial.iter().zip(sums.iter_mut()) {
            sums[outputs.clone()].copy_from_slice(partial);
        }
    }
}

#[inline(always)]
fn accumulate_tile<const VECTORS: usize, const FMA: bool>(
    partial: &mut [[f32; TILE]; VECTORS],
    weights: &[f32],
    inputs: [&[f32]; VECTORS],
) {
    let (weights, _) = weights.as_chunks::<TILE>();
    let inputs = inputs.map(|input| &input[..weights.len()]);
    if VECTORS == 1 {
        return accumulate_halves::<VECTORS, FMA>(partial, weights, inputs);
    }
    // A copy of the caller's array: through the reference, the sums would go to memory at each step.
    let mut sums = *partial;
    for (step, weights) in weights.iter().enumerate() {
        for vector in 0..VECTORS {
            add::<FMA>(&mut sums[vector], weights, inputs[vector][step]);
        }
    }
    *partial = sums;
}

/// The same with two sums for each output, for the even inputs and the odd ones: each sum waits for its last addition, so
/// few of them would leave the multipliers idle.
#[inline(always)]
fn accumulate_halves<const VECTORS: usize, const FMA: bool>(
    partial: &mut [[f32; TILE]; VECTORS],
    weights: &[[f32; TILE]],
    inputs: [&[f32]; VECTORS],
) {
    let (weights, rest) = weights.as_chunks::<2>();
    debug_assert!(rest.is_empty(), "an even number of inputs");
    for vector in 0..VECTORS {
        let (mut even, mut odd) = (partial[vector], [0.0; TILE]);
        for (weights, inputs) in weights.iter().zip(inputs[vector].as_chunks::<2>().0) {
            add::<FMA>(&mut even, &weights[0], inputs[0]);
            add::<FMA>(&mut odd, &weights[1], inputs[1]);
        }
        for (sum, (even, odd)) in partial[vector].iter_mut().zip(even.iter().zip(odd)) {
            *sum = even + odd;
        }
    }
}

#[inline(always)]
fn add<const FMA: bool>(sums: &mut [f32; TILE], weights: &[f32; TILE], input: f32) {
    for (sum, weight) in sums.iter_mut().zip(weights) {
        *sum = multiply_add::<FMA>(*weight, input, *sum);
    }
}

#[inline(always)]
fn multiply_add<const FMA: bool>(a: f32, b: f32, sum: f32) -> f32 {
    if FMA { a.mul_add(b, sum) } else { a * b + sum }
}

#[cfg(test)]
mod tests {
    use super::{TILE, accumulate};

    #[test]
    fn the_product_is_added_to_the_sums_of_each_vector() {
        // 64 outputs of 2 inputs: weight = output for the first input, 1 for the second.
        let weights: Vec<f32> = (0..2)
            .flat_map(|tile| {
                let first = (0..TILE).map(move |o| (tile * TILE + o) as f32);
                first.chain([1.0; TILE])
            })
            .collect();
        let mut sums = [[10.0; 64], [0.0; 64]];
        accumulate::<64, 2, false>(&mut sums, &weights, [&[2.0, 3.0], &[0.0, -1.0]]);
        let expected: Vec<f32> = (0..64).map(|output| 10.0 + 2.0 * output as f32 + 3.0).collect();
        assert_eq!(sums[0], expected[..]);
        assert_eq!(sums[1], [-1.0; 64]);
        let mut alone = [[10.0; 64]];
        accumulate::<64, 1, false>(&mut alone, &weights, [&[2.0, 3.0]]);
        assert_eq!(alone[0], expected[..]);
    }
}
