//! When which session wants to be woken.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Instant;

/// One deadline for each session; setting a new one replaces the old.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u32)>>,
    due: HashMap<u32, Instant>,
}

impl Timers {
    pub(crate) fn set(&mut self, key: u32, at: Option<Instant>) {
        match at {
            Some(at) if self.due.get(&key) == Some(&at) => {}
            Some(at) => {
                self.due.insert(key, at);
                self.heap.push(Reverse((at, key)));
            }
            None => {
                self.due.remove(&key);
            }
        }
    }

    /// The earliest deadline.
    pub(crate) fn next(&mut self) -> Option<Instant> {
        while let Some(Reverse((at, key))) = self.heap.peek() {
            if self.due.get(key) == Some(at) {
                return Some(*at);
            }
            self.heap.pop();
        }
        None
    }

    /// Takes a session whose deadline has come.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<u32> {
        if self.next()? > now {
            return None;
        }
        let Reverse((_, key)) = self.heap.pop()?;
        self.due.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn deadlines_expire_in_order_and_once() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut timers = Timers::default();
        timers.set(1, Some(at(30)));
        timers.set(2, Some(at(10)));
        timers.set(3, Some(at(20)));
        timers.set(3, Some(at(5)));
        timers.set(2, None);
        assert_eq!(timers.next(), Some(at(5)));
        assert_eq!(timers.expire(at(4)), None);
        assert_eq!(timers.expire(at(30)), Some(3));
        assert_eq!(timers.expire(at(30)), Some(1));
        assert_eq!(timers.expire(at(99)), None, "a replaced or removed deadline never fires");
    }
}
