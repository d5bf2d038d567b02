//! The N-API boundary: what crosses, error codes, wake-ups. No logic.
//!
//! Across go numbers, strings, typed arrays that JavaScript made, plain objects, handles, and errors with a code.

// The registration code that `#[napi]` writes.
#![allow(missing_docs, unreachable_pub, reason = "napi-derive's generated items carry no comments")]
#![cfg_attr(
    test,
    allow(dead_code, reason = "the registration that uses the functions is not made for tests")
)]

mod encode;
mod errors;
mod find_speech;
mod host;
mod options;
mod session;
mod socket;
mod speech;
mod stats;
mod testing;
mod video;
mod video_settings;
