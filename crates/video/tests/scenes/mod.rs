//! Pictures that move, made from a number, and how alike two pictures are.

#![allow(dead_code, reason = "each test uses a part of it")]

use parley_video::I420;

/// Small whole numbers that look random; the same for the same seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }

    pub(crate) fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A slope of grey with a bright square that wanders over it, and a little noise.
pub(crate) fn scene(width: u32, height: u32, index: u32) -> I420 {
    let mut picture = I420::blank(width, height);
    let mut random = Random::new(u64::from(index) + 1);
    let side = (width.min(height) / 4).max(1);
    let (left, top) = ((index * 3) % (width - side + 1), (index * 2) % (height - side + 1));
    for y in 0..height {
        for x in 0..width {
            let is_inside = (left..left + side).contains(&x) && (top..top + side).contains(&y);
            let base = if is_inside { 200 } else { 60 + (x + y) * 80 / (width + height) };
            picture.data_mut()[(y * width + x) as usize] = base as u8 + random.below(4) as u8;
        }
    }
    picture
}

/// Peak signal to noise ratio of the luma, in dB.
pub(crate) fn psnr(a: &I420, b: &I420) -> f64 {
    assert_eq!((a.width(), a.height()), (b.width(), b.height()));
    let luma = (a.width() * a.height()) as usize;
    let errors = a.data()[..luma].iter().zip(&b.data()[..luma]);
    let sum: f64 = errors.map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
    10.0 * (255.0_f64.powi(2) / (sum / luma as f64 + 1e-9)).log10()
}
