//! The orders in which two threads can meet in what they share, with up to three switches where neither has to wait, tried by
//! loom on the real types: these files are compiled here once more, with loom's locks and atomics, which is why their tests are
//! here too.
#![allow(dead_code, unreachable_pub, reason = "the files hold more than the models use")]

#[path = "../../src/inbox.rs"]
mod inbox;
#[path = "../../src/line/mod.rs"]
mod line;
#[path = "../../src/panic.rs"]
mod panic;
#[path = "../../src/queue.rs"]
mod queue;
#[path = "../../src/ready.rs"]
mod ready;
#[path = "../../src/requests.rs"]
mod requests;
#[path = "../../src/room.rs"]
mod room;
#[path = "../../src/session.rs"]
mod session;
#[path = "../../src/shared.rs"]
mod shared;
#[path = "../../src/speech_queue.rs"]
mod speech_queue;
#[path = "../../src/video/mod.rs"]
mod video;

/// What `src/sync.rs` is elsewhere.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize};
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    /// Counts what mio's would wake.
    #[derive(Clone)]
    pub(crate) struct Waker(pub(crate) Arc<AtomicUsize>);

    impl Waker {
        pub(crate) fn wake(&self) -> std::io::Result<()> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    }
}

mod commands;
mod news;
mod output;
mod pictures;
mod sockets;

use parley_media::{Layout, SampleRate};
use parley_session::{AudioFormat, SessionOptions};
use ready::ReadyList;
use shared::{QueueLimits, Shared};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use sync::AtomicUsize;

const MS: Duration = Duration::from_millis(1);

fn counter() -> Arc<AtomicUsize> {
    Arc::new(AtomicUsize::new(0))
}

fn shared(list: &Arc<ReadyList>) -> Arc<Shared> {
    let format = AudioFormat { rate: SampleRate::HZ_8000, layout: Layout::Mono };
    let output_target = Duration::ZERO;
    let options =
        SessionOptions { input: format, output: format, output_target, ..SessionOptions::default() };
    let limits = QueueLimits { input: 40 * MS, video: video::VideoQueue::default() };
    Arc::new(Shared::new(7, options, limits, list.clone()))
}

/// Tries all orders with up to three switches where no thread has to wait, which is where such faults are found.
fn model(f: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(f);
}

fn waking(woken: &Arc<AtomicUsize>) -> Arc<ReadyList> {
    let woken = woken.clone();
    Arc::new(ReadyList::new(move || {
        woken.fetch_add(1, SeqCst);
    }))
}
