//! What threads share things by. `tests/models` puts loom's types in the place of these.

pub(crate) use mio::Waker;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize};
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
