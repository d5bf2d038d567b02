//! The forward pass, layer by layer, as the original's graph has it.

use crate::FRAME_SAMPLES;
use crate::matvec::accumulate;
use crate::sigmoid::{sigmoid, tanh};
use crate::state::{CONTEXT, HIDDEN, State};
use crate::table::{BINS, FOLDED, GATES, MAGNITUDES, NARROW, Table, WIDE};

/// Samples that a transform covers.
const WINDOW: usize = 256;
/// Samples between the starts of two transforms.
const HOP: usize = 128;
/// Transforms in a frame.
const TRANSFORMS: usize = 4;
/// Samples that the end is mirrored by, so that the last transform is whole.
const MIRRORED: usize = 64;
const PADDED: usize = CONTEXT + FRAME_SAMPLES + MIRRORED;

/// The probability of speech in `samples`, after all that `state` has seen. See `matvec` for `FMA`.
#[inline(always)]
pub(crate) fn forward<const FMA: bool>(
    table: &Table,
    state: &mut State,
    samples: &[f32; FRAME_SAMPLES],
) -> f32 {
    let spectrum = spectrum::<FMA>(table, &mirror(&state.follow(samples)));
    let features = encode::<FMA>(table, &spectrum);
    remember::<FMA>(table, state, &features);
    let terms = state.hidden.iter().zip(table.output).map(|(hidden, weight)| hidden.max(0.0) * weight);
    sigmoid(table.output_bias + terms.sum::<f32>())
}

/// Pads the end by its mirror image: the last sample isn't repeated.
#[inline(always)]
fn mirror(samples: &[f32; CONTEXT + FRAME_SAMPLES]) -> [f32; PADDED] {
    let mut padded = [0.0; PADDED];
    let (whole, image) = padded.split_at_mut(samples.len());
    whole.copy_from_slice(samples);
    for (image, sample) in image.iter_mut().zip(samples.iter().rev().skip(1)) {
        *image = *sample;
    }
    padded
}

/// The magnitudes of each transform, with a frame of zeros before and after as the first convolution wants them.
#[inline(always)]
fn spectrum<const FMA: bool>(table: &Table, samples: &[f32; PADDED]) -> [[f32; MAGNITUDES]; TRANSFORMS + 2] {
    let mut magnitudes = [[0.0; MAGNITUDES]; TRANSFORMS + 2];
    for pair in [0, 2] {
        let (sums, differences) = fold_pair(samples, pair * HOP);
        let mut real = [[0.0; BINS]; 2];
        let mut imaginary = [[0.0; BINS]; 2];
        accumulate::<BINS, 2, FMA>(&mut real, table.cosine, [&sums[0], &sums[1]]);
        accumulate::<BINS, 2, FMA>(&mut imaginary, table.sine, [&differences[0], &differences[1]]);
        for frame in 0..2 {
            let magnitudes = &mut magnitudes[1 + pair + frame];
            for ((magnitude, re), im) in magnitudes.iter_mut().zip(&real[frame]).zip(&imaginary[frame]) {
                *magnitude = (re * re + im * im).sqrt();
            }
            let last: f32 = sums[frame].iter().zip(table.nyquist).map(|(sum, weight)| sum * weight).sum();
            magnitudes[BINS] = last.abs();
        }
    }
    magnitudes
}

/// Two transforms' samples folded, the first of them from `start`.
#[inline(always)]
fn fold_pair(samples: &[f32; PADDED], start: usize) -> ([[f32; FOLDED]; 2], [[f32; FOLDED]; 2]) {
    let (sums, differences) = fold(&samples[start..start + WINDOW]);
    let (next_sums, next_differences) = fold(&samples[start + HOP..start + HOP + WINDOW]);
    ([sums, next_sums], [differences, next_differences])
}

/// Sums and differences of the samples `t` and `256 - t`, for `t` from 1 to 128: cosines weigh both alike and sines
/// weigh them with opposite signs, so half the products do. The window is 0 at `t = 0`.
#[inline(always)]
fn fold(window: &[f32]) -> ([f32; FOLDED], [f32; FOLDED]) {
    let (mut sums, mut differences) = ([0.0; FOLDED], [0.0; FOLDED]);
    let middle = WINDOW / 2;
    let pairs = window[1..middle].iter().zip(window[middle + 1..].iter().rev());
    for (((early, late), sum), difference) in pairs.zip(&mut sums).zip(&mut differences) {
        *sum = early + late;
        *difference = early - late;
    }
    sums[middle - 1] = window[middle];
    (sums, differences)
}

/// Four convolutions over time, each followed by ReLU: six frames of magnitudes become one of features.
#[inline(always)]
fn encode<const FMA: bool>(table: &Table, spectrum: &[[f32; MAGNITUDES]; TRANSFORMS + 2]) -> [f32; WIDE] {
    let first = encode_first::<FMA>(table, spectrum);
    // Each of its two outputs sees three frames, two apart.
    let mut second = [*table.second.bias; 2];
    for (tap, weights) in table.second.taps.iter().enumerate() {
        accumulate::<NARROW, 2, FMA>(&mut second, weights, [&first[tap], &first[tap + 2]]);
    }
    let second = second.map(rectified);
    let mut third = [*table.third.bias];
    for (input, weights) in second.iter().zip(table.third.taps) {
        accumulate::<NARROW, 1, FMA>(&mut third, weights, [input]);
    }
    let third = third.map(rectified);
    let mut fourth = [*table.fourth.bias];
    accumulate::<WIDE, 1, FMA>(&mut fourth, table.fourth.taps[0], [&third[0]]);
    rectified(fourth[0])
}

/// The first convolution: four frames, with a frame of zeros before them as the second wants them.
#[inline(always)]
fn encode_first<const FMA: bool>(
    table: &Table,
    spectrum: &[[f32; MAGNITUDES]; TRANSFORMS + 2],
) -> [[f32; WIDE]; TRANSFORMS + 1] {
    let mut padded = [[0.0; WIDE]; TRANSFORMS + 1];
    for pair in [0, 2] {
        let mut outputs = [*table.first.bias; 2];
        for (tap, weights) in table.first.taps.iter().enumerate() {
            let inputs = [&spectrum[pair + tap][..], &spectrum[pair + tap + 1][..]];
            accumulate::<WIDE, 2, FMA>(&mut outputs, weights, inputs);
        }
        padded[1 + pair..3 + pair].copy_from_slice(&outputs.map(rectified));
    }
    padded
}

/// One step of the LSTM.
#[inline(always)]
fn remember<const FMA: bool>(table: &Table, state: &mut State, features: &[f32; WIDE]) {
    let mut input = [0.0; WIDE + HIDDEN];
    input[..WIDE].copy_from_slice(features);
    input[WIDE..].copy_from_slice(&state.hidden);
    let mut gates = [*table.gate_bias];
    accumulate::<GATES, 1, FMA>(&mut gates, table.gates, [&input]);
    let [gates] = gates;
    let (input, rest) = gates.split_at(HIDDEN);
    let (forget, rest) = rest.split_at(HIDDEN);
    let (new, output) = rest.split_at(HIDDEN);
    for unit in 0..HIDDEN {
        let kept = sigmoid(forget[unit]) * state.cell[unit];
        state.cell[unit] = kept + sigmoid(input[unit]) * tanh(new[unit]);
        state.hidden[unit] = sigmoid(output[unit]) * tanh(state.cell[unit]);
    }
}

#[inline(always)]
fn rectified<const N: usize>(values: [f32; N]) -> [f32; N] {
    values.map(|value| value.max(0.0))
}
