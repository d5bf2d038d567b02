//! The threads that decode and encode.

use crate::panic::{contain, quieten_this_thread};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

/// As many threads as there are cores, up to this.
const MAX_THREADS: usize = 4;
/// How much the threads leave to others where there are too few cores: a picture may be late, audio may not.
#[cfg(target_os = "linux")]
const NICE: libc::c_int = 5;

/// Pieces of work that are done in their order, one at a time: one direction of a session's video.
pub(crate) trait Work: Send {
    /// Does one piece. True when another waits: its turn comes after that of other work.
    fn run(&mut self) -> bool;
    /// It panicked with that line, and runs no more.
    fn failed(&mut self, panic: &str);
}

/// The process's video threads. They start with the first pool that is asked for, and end when nobody holds it.
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
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

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while it was held ended that session; the value itself is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many threads the pool has.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS)
}

impl Pool {
    /// The pool that there is, or a new one.
    pub(crate) fn get() -> io::Result<Arc<Self>> {
        static POOL: Mutex<Weak<Pool>> = Mutex::new(Weak::new());
        let mut known = lock(&POOL);
        if let Some(pool) = known.upgrade() {
            return Ok(pool);
        }
        let pool = Arc::new(Self::start(threads())?);
        *known = Arc::downgrade(&pool);
        Ok(pool)
    }

    fn start(threads: usize) -> io::Result<Self> {
        // When a thread can't be started, those before it end with the pool.
        let changed = std::iter::repeat_with(Condvar::new).take(threads).collect();
        let pool = Self(Arc::new(Inner { queue: Mutex::default(), changed }));
        for index in 0..threads {
            let inner = pool.0.clone();
            std::thread::Builder::new().name(format!("parley-video-{index}")).spawn(move || {
                quieten_this_thread();
                yield_to_others();
                inner.serve(index);
            })?;
        }
        Ok(pool)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// Says its name so many times.
    struct Says(&'static str, usize, Sender<String>);

    impl Work for Says {
        fn run(&mut self) -> bool {
            assert_ne!(self.0, "panics");
            self.2.send(self.0.to_owned()).expect("somebody listens");
            self.1 -= 1;
            self.1 > 0
        }

        fn failed(&mut self, panic: &str) {
            self.2.send(format!("failed: {}", panic.contains("panics"))).expect("somebody listens");
        }
    }

    /// Keeps a thread until it hears something.
    struct Waits(Receiver<()>);

    impl Work for Waits {
        fn run(&mut self) -> bool {
            self.0.recv().expect("told to go on");
            false
        }

        fn failed(&mut self, _: &str) {}
    }

    #[test]
    fn work_takes_turns_and_a_panic_ends_only_its_own() {
        let pool = Pool::start(1).expect("a thread");
        let ((go, wait), (say, said)) = (channel(), channel());
        pool.schedule(Box::new(Waits(wait)));
        for (name, times) in [("a", 3), ("panics", 1), ("b", 2)] {
            pool.schedule(Box::new(Says(name, times, say.clone())));
        }
        go.send(()).expect("it waits");
        drop(say);
        assert_eq!(said.iter().collect::<Vec<_>>(), ["a", "failed: true", "b", "a", "b", "a"]);
    }

    #[test]
    fn the_threads_end_when_nobody_holds_the_pool() {
        let pool = Pool::start(3).expect("threads");
        let inner = Arc::downgrade(&pool.0);
        let (say, said) = channel();
        pool.schedule(Box::new(Says("a", 1, say)));
        assert_eq!(said.recv().as_deref(), Ok("a"));
        drop(pool);
        // The last thread lets go of what they share.
        while inner.strong_count() > 0 {
            std::thread::yield_now();
        }
    }

    /// Tells the priority of the thread that runs it.
    #[cfg(target_os = "linux")]
    struct Tells(Sender<i32>);

    #[cfg(target_os = "linux")]
    fn niceness() -> i32 {
        // SAFETY: takes numbers, and reads one of the calling thread.
        unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
    }

    #[cfg(target_os = "linux")]
    impl Work for Tells {
        fn run(&mut self) -> bool {
            self.0.send(niceness()).expect("somebody listens");
            false
        }

        fn failed(&mut self, _: &str) {}
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn its_threads_let_others_go_before_them_and_nobody_else_does() {
        let before = niceness();
        let pool = Pool::start(1).expect("a thread");
        let (tell, told) = channel();
        pool.schedule(Box::new(Tells(tell)));
        assert_eq!(told.recv(), Ok((before + NICE).min(19)));
        assert_eq!(niceness(), before);
    }
}
