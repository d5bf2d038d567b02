//! Test signals and what is left of them.

use std::f64::consts::TAU;

/// A sine of half a full scale.
pub(crate) fn sine(hz: f64, rate: u32, samples: usize) -> Vec<f32> {
    (0..samples).map(|n| (0.5 * (TAU * hz * n as f64 / f64::from(rate)).sin()) as f32).collect()
}

/// The sine of known frequency that fits a signal best.
pub(crate) struct Fit {
    pub(crate) amplitude: f64,
    /// Its power over that of everything else in the signal.
    pub(crate) snr_db: f64,
}

/// Fits a sine by least squares; the signal should be many periods long.
pub(crate) fn fit(signal: &[f32], hz: f64, rate: u32) -> Fit {
    let step = TAU * hz / f64::from(rate);
    let (mut cc, mut ss, mut cs, mut yc, mut ys) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (n, &y) in signal.iter().enumerate() {
        let (s, c) = (step * n as f64).sin_cos();
        cc += c * c;
        ss += s * s;
        cs += c * s;
        yc += c * f64::from(y);
        ys += s * f64::from(y);
    }
    let determinant = cc * ss - cs * cs;
    let (a, b) = ((yc * ss - ys * cs) / determinant, (ys * cc - yc * cs) / determinant);
    let noise: f64 = signal
        .iter()
        .enumerate()
        .map(|(n, &y)| {
            let (s, c) = (step * n as f64).sin_cos();
            (f64::from(y) - a * c - b * s).powi(2)
        })
        .sum();
    let power = (a * a + b * b) / 2.0;
    Fit { amplitude: a.hypot(b), snr_db: 10.0 * (power / (noise / signal.len() as f64 + 1e-30)).log10() }
}

/// Root mean square.
pub(crate) fn rms(signal: &[f32]) -> f64 {
    (signal.iter().map(|&y| f64::from(y).powi(2)).sum::<f64>() / signal.len() as f64).sqrt()
}
