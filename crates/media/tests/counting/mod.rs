//! The system's allocator, counting what each thread asks for.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of this")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

struct Counting;

/// Of all threads.
static TOTAL: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<i64> = const { Cell::new(0) };
}

/// Counts bytes asked for and bytes given back.
fn note(asked: usize, given: usize) {
    let _ = BYTES.try_with(|bytes| bytes.set(bytes.get() + asked as i64 - given as i64));
}

fn count() {
    TOTAL.fetch_add(1, Ordering::Relaxed);
    // While a thread ends its counter is gone; nobody reads it any more.
    let _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1));
}

// SAFETY: every call goes to the system's allocator with its arguments unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        note(layout.size(), 0);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(0, layout.size());
        // SAFETY: the pointer came from `System`, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        note(size, layout.size());
        // SAFETY: the pointer came from `System`, with this layout.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often the action asks for memory, on this thread.
pub fn allocations_of(action: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    action();
    ALLOCATIONS.get() - before
}

/// How often all other threads ask for memory during the action.
pub fn allocations_elsewhere(action: impl FnOnce()) -> u64 {
    let before = TOTAL.load(Ordering::Relaxed);
    let here = allocations_of(action);
    TOTAL.load(Ordering::Relaxed) - before - here
}

/// How many more bytes this thread has after the action than before.
pub fn bytes_kept_by(action: impl FnOnce()) -> i64 {
    let before = BYTES.get();
    action();
    BYTES.get() - before
}
