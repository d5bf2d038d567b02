//! What is asked of a worker, perhaps before one was chosen.

use crate::inbox::{Command, Inbox};
use crate::sync::Mutex;
use std::sync::{Arc, OnceLock, PoisonError};

/// The way to the worker that has a session or a socket.
#[derive(Default)]
pub(crate) struct Requests {
    /// The worker's inbox, once a worker was chosen.
    inbox: OnceLock<Arc<Inbox>>,
    /// What was asked for before.
    early: Mutex<Vec<Command>>,
}

impl Requests {
    /// Asks the worker, or keeps the request until there is one.
    pub(crate) fn ask(&self, command: Command) {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        match self.inbox.get() {
            Some(inbox) => {
                drop(early);
                inbox.push(command);
            }
            None => early.push(command),
        }
    }

    /// Hands `adopt` to a worker, then all that was asked for before.
    pub(crate) fn adopt(&self, inbox: &Arc<Inbox>, adopt: Command) {
        inbox.push(adopt);
        self.adopt_here(inbox);
    }

    /// Sends what was asked for before, and what will be, to whoever runs it already.
    pub(crate) fn adopt_here(&self, inbox: &Arc<Inbox>) {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        for command in early.drain(..) {
            inbox.push(command);
        }
        // Under the lock, so that no later request overtakes the early ones.
        self.inbox.get_or_init(|| inbox.clone());
    }

    /// The worker's inbox, once a worker was chosen.
    pub(crate) fn inbox(&self) -> Option<&Arc<Inbox>> {
        self.inbox.get()
    }
}
