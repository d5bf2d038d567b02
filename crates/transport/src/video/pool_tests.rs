use crate::video::pool::{NICE, Pool, Work};
use std::sync::Arc;
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
