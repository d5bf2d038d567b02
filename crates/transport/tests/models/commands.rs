//! What is asked of a worker.

use crate::inbox::{Command, Inbox, Look};
use crate::line::LineRequest;
use crate::ready::ReadyList;
use crate::sync::Waker;
use crate::{counter, model, shared};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

fn key(command: &Command) -> u32 {
    match command {
        Command::Close(key) => *key,
        _ => unreachable!("the models ask for nothing else"),
    }
}

/// Two threads ask something of a worker that is about to look, and then sleeps until it is woken.
fn asks_of_two_threads(announced: Look) {
    model(move || {
        let woken = counter();
        let inbox = Arc::new(Inbox::new(Waker(woken.clone())));
        inbox.announce(announced);
        let askers = [vec![1, 11], vec![2]].map(|keys| {
            let inbox = inbox.clone();
            loom::thread::spawn(move || keys.into_iter().for_each(|key| inbox.push(Command::Close(key))))
        });
        let mut taken = Vec::new();
        let mut look = || {
            let mut commands = Vec::new();
            inbox.take(&mut commands);
            taken.extend(commands.iter().map(key));
        };
        look();
        inbox.announce(Look::Sometime);
        askers.into_iter().for_each(|asker| asker.join().expect("no panic"));
        while woken.swap(0, SeqCst) > 0 {
            look();
        }
        assert_eq!(taken.len(), 3, "a command for which nobody wakes the worker");
        let place = |wanted| taken.iter().position(|key| *key == wanted).expect("it was asked");
        assert!(place(1) < place(11) && taken.contains(&2), "each thread's commands come in order");
    });
}

#[test]
fn no_command_is_left_without_a_wake_up() {
    asks_of_two_threads(Look::Sometime);
}

#[test]
fn no_command_is_left_with_a_worker_that_was_not_woken_because_it_would_look_soon() {
    asks_of_two_threads(Look::Soon);
}

#[test]
fn audio_that_can_wait_wakes_nobody_and_holds_nothing_up_that_can_not() {
    model(|| {
        let woken = counter();
        let inbox = Arc::new(Inbox::new(Waker(woken.clone())));
        inbox.announce(Look::Later);
        let socket = {
            let inbox = inbox.clone();
            loom::thread::spawn(move || inbox.push(Command::Line(1, LineRequest::Bytes(Vec::new()))))
        };
        socket.join().expect("no panic");
        assert_eq!(woken.load(SeqCst), 0);
        let asker = {
            let inbox = inbox.clone();
            loom::thread::spawn(move || inbox.push(Command::Close(2)))
        };
        let mut taken = Vec::new();
        inbox.take(&mut taken);
        asker.join().expect("no panic");
        assert!(taken.len() == 2 || woken.load(SeqCst) == 1, "what is asked waits for audio");
    });
}

#[test]
fn what_is_asked_while_a_worker_takes_a_session_over_comes_in_order() {
    model(|| {
        let inbox = Arc::new(Inbox::new(Waker(counter())));
        let session = shared(&Arc::new(ReadyList::new(|| {})));
        let asker = {
            let session = session.clone();
            loom::thread::spawn(move || (1..=3).for_each(|key| session.ask(Command::Close(key))))
        };
        session.adopt(&inbox, Command::Close(0));
        asker.join().expect("no panic");
        let mut commands = Vec::new();
        inbox.take(&mut commands);
        let adopted = commands.iter().position(|command| key(command) == 0);
        assert_eq!(adopted, Some(0), "nothing reaches the worker before the session");
        assert_eq!(commands.iter().map(key).collect::<Vec<_>>(), [0, 1, 2, 3]);
    });
}
