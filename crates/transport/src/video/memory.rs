//! Keeps the memory of pictures in the process.

use std::sync::Once;

/// The largest block whose end glibc learns from, less its own few bytes.
const BLOCK: usize = (32 << 20) - (64 << 10);

/// Makes the allocator keep memory of the size of pictures for the next ones. JavaScript makes a fresh array for each, so its
/// collector frees thirty of them at once: glibc would give their pages back to the system, and get zeroed ones a moment
/// later, which costs twice what converting the pixels does, in every thread.
pub(super) fn keep_pictures() {
    static ONCE: Once = Once::new();
    // The end of a large block is what glibc draws its conclusions from: blocks up to that size come from the heap, whose free
    // end is kept up to twice that size. Limits that were set by hand stay as they are (mallopt(3), M_MMAP_THRESHOLD), and
    // other allocators don't mind. No page of the block is ever touched.
    ONCE.call_once(|| drop(std::hint::black_box(Vec::<u8>::with_capacity(BLOCK))));
}
