//! Build script of `crates/addon`.

fn main() {
    napi_build::setup();
}
