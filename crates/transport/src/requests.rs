//! What is asked of a worker, perhaps before one was chosen.

use crate::inbox::{Command, Inbox};
use crate::sync::{Mutex, MutexGuard};
use std::sync::{Arc, PoisonError};

/// The way to the worker that has a session or a socket.
#[derive(Default)]
pub(crate) struct Requests(Mutex<Way>);

#[derive(Default)]
struct Way {
    /// The worker's inbox, once a worker was chosen.
    inbox: Option<Arc<Inbox>>,
    /// What was asked for before.
    early: Vec<Command>,
    /// Nobody does anything any more.
    is_over: bool,
}

impl Requests {
    /// Asks the worker, or keeps the request until there is one.
    pub(crate) fn ask(&self, command: Command) {
        let mut way = self.lock();
        match &way.inbox {
            Some(inbox) => {
                let inbox = inbox.clone();
                drop(way);
                inbox.push(command);
            }
            None if way.is_over => {}
            None => way.early.push(command),
        }
    }

    /// Hands `adopt` to a worker, then all that was asked for before.
    pub(crate) fn adopt(&self, inbox: &Arc<Inbox>, adopt: Command) {
        inbox.push(adopt);
        self.adopt_here(inbox);
    }

    /// Sends what was asked for before, and what will be, to whoever runs it already.
    pub(crate) fn adopt_here(&self, inbox: &Arc<Inbox>) {
        let mut way = self.lock();
        for command in way.early.drain(..) {
            inbox.push(command);
        }
        // Under the lock, so that no later request overtakes the early ones.
        if !way.is_over && way.inbox.is_none() {
            way.inbox = Some(inbox.clone());
        }
    }

    /// Nothing is asked for any more: what a worker has open isn't kept open by those who once asked it.
    pub(crate) fn end(&self) {
        let over = Way { is_over: true, ..Way::default() };
        let way = std::mem::replace(&mut *self.lock(), over);
        // What waits for a worker tells of its end, which must find the lock free.
        drop(way);
    }

    /// The worker's inbox, once a worker was chosen.
    pub(crate) fn inbox(&self) -> Option<Arc<Inbox>> {
        self.lock().inbox.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Way> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
