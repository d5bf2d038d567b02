//! The memory of pictures.

use std::alloc::{Layout, handle_alloc_error};
use std::ffi::c_void;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

// SAFETY: these are libvpx's functions, or on Linux those of `memory.h`, with their arguments and results.
unsafe extern "C" {
    fn vpx_calloc(number: usize, size: usize) -> *mut c_void;
    fn vpx_free(memory: *mut c_void);
}

/// Samples of a picture. The pages of many go back to the system with them, rather than to the allocator, as a codec's do.
pub(crate) struct Samples {
    /// None before there are any.
    start: Option<NonNull<u8>>,
    length: usize,
    /// There is room for so many.
    capacity: usize,
}

// SAFETY: they are bytes that nobody else points to, in memory that any thread may give back.
unsafe impl Send for Samples {}
// SAFETY: without `&mut` they are only read.
unsafe impl Sync for Samples {}

impl Samples {
    pub(crate) fn new() -> Self {
        Self { start: None, length: 0, capacity: 0 }
    }

    /// Makes them so many, within their memory if it has the room. What they are then is undefined.
    pub(crate) fn resize(&mut self, length: usize) {
        if length > self.capacity {
            // Its memory goes first.
            *self = Self::new();
            *self = Self::zeroed(length);
        }
        self.length = length;
    }

    fn zeroed(length: usize) -> Self {
        // SAFETY: it takes any numbers.
        let start = NonNull::new(unsafe { vpx_calloc(length, 1) }.cast());
        if start.is_none() {
            handle_alloc_error(Layout::array::<u8>(length).unwrap_or(Layout::new::<u8>()));
        }
        Self { start, length, capacity: length }
    }
}

impl Drop for Samples {
    fn drop(&mut self) {
        if let Some(start) = self.start {
            // SAFETY: `vpx_calloc` gave it, and nobody can use it afterwards.
            unsafe { vpx_free(start.as_ptr().cast()) }
        }
    }
}

impl Deref for Samples {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: there is room for `capacity` bytes, no less than `length`, all of them initialised, and `&self` keeps them
        // from being changed.
        self.start.map_or(&[], |start| unsafe { std::slice::from_raw_parts(start.as_ptr(), self.length) })
    }
}

impl DerefMut for Samples {
    fn deref_mut(&mut self) -> &mut [u8] {
        let length = self.length;
        // SAFETY: as above, and `&mut self` keeps everybody else away.
        self.start.map_or(&mut [], |start| unsafe { std::slice::from_raw_parts_mut(start.as_ptr(), length) })
    }
}

impl From<&[u8]> for Samples {
    fn from(samples: &[u8]) -> Self {
        let mut copy = Self::new();
        copy.resize(samples.len());
        copy.copy_from_slice(samples);
        copy
    }
}

impl Clone for Samples {
    fn clone(&self) -> Self {
        Self::from(&**self)
    }
}

impl PartialEq for Samples {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Samples {}

impl std::fmt::Debug for Samples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} samples", self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_grow_and_shrink_within_their_memory() {
        let mut samples = Samples::new();
        assert!(samples.is_empty());
        samples.resize(100_000);
        samples.fill(7);
        let begin = samples.as_ptr();
        samples.resize(10);
        assert_eq!((&*samples, samples.as_ptr()), (&[7; 10][..], begin));
        samples.resize(100_000);
        assert_eq!((samples[99_999], samples.as_ptr()), (7, begin));
        samples.resize(100_001);
        assert_eq!(*samples, [0; 100_001]);
    }

    #[test]
    fn a_copy_has_memory_of_its_own() {
        for length in [0, 1, 1 << 20] {
            let samples = Samples::from(&vec![3; length][..]);
            let mut copy = samples.clone();
            assert_eq!(copy, samples);
            copy.fill(4);
            assert!(samples.iter().all(|sample| *sample == 3), "{length}");
        }
    }
}
