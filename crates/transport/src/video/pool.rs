//! The threads that decode and encode.

use crate::panic::{contain, quieten_this_thread};
use crate::sync::{Condvar, Mutex, MutexGuard};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, PoisonError, Weak};

/// As many threads as there are cores, up to this.
const MAX_THREADS: usize = 4;
/// How much the threads leave to others where there are too few cores: a picture may be late, audio may not.
#[cfg(target_os = "linux")]
pub(crate) const NICE: libc::c_int = 5;

/// Pieces of work that are done in their order, one at a time: one direction of a session's video.
pub(crate) trait Work: Send {
    /// Does one piece. True when another waits: its turn comes after that of other work.
    fn run(&mut self) -> bool;
    /// It panicked with that line, and runs no more.
    fn failed(&mut self, panic: &str);
}

/// The process's video threads. They start with the first pool that is asked for, and end when nobody holds it.
pub(crate) struct Pool(pub(crate) Arc<Inner>);

/// What they share.
pub(crate) struct Inner {
    queue: Mutex<Queue>,
    /// For each thread: it should look at the queue.
    changed: Vec<Condvar>,
}

#[derive(Default)]
struct Queue {
    work: VecDeque<Box<dyn Work>>,
    /// Threads that wait. The one that came last goes first: what codecs work on is in its core's cache, as far as anything is.
    idle: Vec<usize>,
    is_stopped: bool,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while it was held ended that session; the value itself is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many threads the pool has.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS)
}

impl Pool {
    /// The pool that there is, or a new one.
    pub(crate) fn get() -> io::Result<Arc<Self>> {
        static POOL: std::sync::Mutex<Weak<Pool>> = std::sync::Mutex::new(Weak::new());
        let mut known = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = known.upgrade() {
            return Ok(pool);
        }
        let pool = Arc::new(Self::start(threads())?);
        *known = Arc::downgrade(&pool);
        Ok(pool)
    }

    /// One of so many threads.
    pub(crate) fn start(threads: usize) -> io::Result<Self> {
        // When a thread can't be started, those before it end with the pool.
        let pool = Self::of(threads);
        for index in 0..threads {
            let serve = pool.server(index);
            std::thread::Builder::new().name(format!("parley-video-{index}")).spawn(move || {
                quieten_this_thread();
                yield_to_others();
                serve();
            })?;
        }
        Ok(pool)
    }

    /// One whose threads are yet to be started.
    pub(crate) fn of(threads: usize) -> Self {
        let changed = std::iter::repeat_with(Condvar::new).take(threads).collect();
        Self(Arc::new(Inner { queue: Mutex::default(), changed }))
    }

    /// What its `index`th thread does.
    pub(crate) fn server(&self, index: usize) -> impl FnOnce() + Send + 'static {
        let inner = self.0.clone();
        move || inner.serve(index)
    }

    /// Has the work done, after what waits already.
    pub(crate) fn schedule(&self, work: Box<dyn Work>) {
        let idle = self.0.push(work).idle.pop();
        if let Some(thread) = idle {
            self.0.changed[thread].notify_one();
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        lock(&self.0.queue).is_stopped = true;
        self.0.changed.iter().for_each(Condvar::notify_one);
    }
}

/// Has the other threads of the process go before this one. Only Linux has a priority for each thread that anybody may lower.
fn yield_to_others() {
    #[cfg(target_os = "linux")]
    // SAFETY: takes a number, and concerns the calling thread alone. Lowering is always allowed.
    unsafe {
        libc::nice(NICE);
    }
}

impl Inner {
    fn push(&self, work: Box<dyn Work>) -> MutexGuard<'_, Queue> {
        let mut queue = lock(&self.queue);
        queue.work.push_back(work);
        queue
    }

    fn serve(&self, thread: usize) {
        while let Some(mut work) = self.next(thread) {
            match contain(|| work.run()) {
                // This thread looks again by itself.
                Ok(true) => drop(self.push(work)),
                Ok(false) => {}
                Err(panic) => {
                    if let Err(panic) = contain(|| work.failed(&panic)) {
                        log::error!("a session's video could not be ended cleanly: {panic}");
                    }
                }
            }
        }
    }

    /// Waits for work; `None` when there will be no more.
    fn next(&self, thread: usize) -> Option<Box<dyn Work>> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.is_stopped {
                return None;
            }
            if let Some(work) = queue.work.pop_front() {
                return Some(work);
            }
            queue.idle.push(thread);
            queue = self.changed[thread].wait(queue).unwrap_or_else(PoisonError::into_inner);
            // It is there still when nobody asked for the thread.
            queue.idle.retain(|idle| *idle != thread);
        }
    }
}
