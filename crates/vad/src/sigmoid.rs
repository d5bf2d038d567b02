//! The LSTM's curves. The standard library's are exact and one number at a time, which would take a fifth of a frame;
//! these are sums and products that the compiler does for eight numbers at once, and the same on every machine.

/// 1 / (1 + e⁻ˣ), to 2e-7.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The hyperbolic tangent, to 4e-7: its error is absolute, so it is worth nothing as a ratio near 0.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    2.0 * sigmoid(2.0 * x) - 1.0
}

/// eˣ to 2e-7 of itself, for x clipped to where it is a normal number.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// Added to a small number it leaves the nearest integer in the lowest bits of the sum: 1.5 · 2²³.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts, the first short enough for its products with small integers to be exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let x = x.clamp(-87.0, 87.0);
    // eˣ = 2ⁿ · eʳ, with r within half of ln 2.
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * LN_2[0] - n * LN_2[1];
    // Taylor's series to r⁷: what follows is below 2^-29.
    let series = [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let power = series.iter().fold(1.0 / 5040.0, |sum, term| sum * r + term);
    // The exponent lies above 23 bits of fraction.
    f32::from_bits(power.to_bits().wrapping_add(shifted.to_bits() << 23))
}

#[cfg(test)]
mod tests {
    use super::{exp, sigmoid, tanh};

    /// Numbers from -100 to 100, close together near 0, and those at the edges.
    fn numbers() -> impl Iterator<Item = f32> {
        let edges = [0.0, -0.0, f32::MIN_POSITIVE, 1e-30, f32::MAX, f32::MIN];
        (-100_000..=100_000).map(|n| (n as f32 / 1e5).powi(3) * 100.0).chain(edges)
    }

    #[test]
    fn powers_of_e_are_right_to_a_few_bits() {
        for x in numbers().filter(|x| x.abs() <= 87.0) {
            let expected = f64::from(x).exp();
            let apart = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(apart < 2e-7, "e to the {x}: {apart:e} off");
        }
    }

    #[test]
    fn curves_are_right_to_a_few_bits_and_stay_within_their_bounds() {
        for x in numbers() {
            let (s, t) = (sigmoid(x), tanh(x));
            assert!((f64::from(s) - 1.0 / (1.0 + (-f64::from(x)).exp())).abs() < 2e-7, "sigmoid of {x}: {s}");
            assert!((f64::from(t) - f64::from(x).tanh()).abs() < 4e-7, "tanh of {x}: {t}");
            assert!((0.0..=1.0).contains(&s) && (-1.0..=1.0).contains(&t), "{x}");
        }
    }
}
