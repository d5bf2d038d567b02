use std::sync::LazyLock;

use crate::FRAME_SAMPLES;
use crate::network::forward;
use crate::state::State;
use crate::table::Table;

/// The model: 16 kHz mono in frames of 32 ms → the probability that each holds speech.
///
/// It has no state of its own, so one serves all streams ([`Silero::shared`]); a stream's is its [`State`].
pub struct Silero {
    table: Table,
    fused: bool,
}

impl Silero {
    /// The one model of this process.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Silero> =
            LazyLock::new(|| Silero { table: Table::new(), fused: fused_multiply_add() });
        &SHARED
    }

    /// The model with none of the instructions that only some processors have: 2.5 times slower, and the same to
    /// within 1e-4. [`Silero::shared`] falls back to it by itself; this is for comparing.
    pub fn portable() -> Self {
        Self { table: Table::new(), fused: false }
    }

    /// The probability, 0 to 1, that `samples` hold speech: mono at 16 kHz, −1 to 1, following without a gap what
    /// `state` saw last. A sample out of range is clipped; one that isn't a number counts as silence.
    pub fn probability(&self, state: &mut State, samples: &[f32; FRAME_SAMPLES]) -> f32 {
        if self.fused {
            return forward_fused(&self.table, state, samples);
        }
        forward::<false>(&self.table, state, samples)
    }
}

/// Whether this processor multiplies and adds in one instruction, eight numbers at a time.
#[cfg(target_arch = "x86_64")]
fn fused_multiply_add() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

/// NEON, which every 64-bit ARM has, multiplies and adds in one instruction.
#[cfg(not(target_arch = "x86_64"))]
fn fused_multiply_add() -> bool {
    cfg!(target_arch = "aarch64")
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "the only way to call code compiled for instructions found at run time")]
fn forward_fused(table: &Table, state: &mut State, samples: &[f32; FRAME_SAMPLES]) -> f32 {
    #[target_feature(enable = "avx2,fma")]
    fn avx2(table: &Table, state: &mut State, samples: &[f32; FRAME_SAMPLES]) -> f32 {
        forward::<true>(table, state, samples)
    }
    // SAFETY: `fused` is true only where `fused_multiply_add` found AVX2 and FMA on this processor.
    unsafe { avx2(table, state, samples) }
}

#[cfg(not(target_arch = "x86_64"))]
fn forward_fused(table: &Table, state: &mut State, samples: &[f32; FRAME_SAMPLES]) -> f32 {
    forward::<true>(table, state, samples)
}
