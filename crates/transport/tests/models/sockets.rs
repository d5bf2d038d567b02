//! What JavaScript is told of sockets.

use crate::line::{LineShared, SocketEvent};
use crate::ready::ReadyList;
use crate::{counter, model, waking};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

/// What JavaScript does when it is woken for a socket that it carries: takes the messages, and writes the bytes.
fn take_all(list: &ReadyList, line: &LineShared, messages: &mut Vec<SocketEvent>, bytes: &mut Vec<u8>) {
    for _ in list.take() {
        line.place.take();
        messages.extend(std::iter::from_fn(|| line.next_event()));
        bytes.extend(std::iter::from_fn(|| line.take_bytes()).flatten());
    }
}

#[test]
fn messages_and_bytes_of_a_socket_are_told_of_and_come_in_order_and_once() {
    model(|| {
        let woken = counter();
        let list = waking(&woken);
        let line = Arc::new(LineShared::new(1, list.clone()));
        let media = {
            let (list, line) = (list.clone(), line.clone());
            loom::thread::spawn(move || {
                for n in 1..=2 {
                    line.push(SocketEvent::Binary(vec![n]));
                    line.carry(&[n]);
                    list.signal();
                }
            })
        };
        let (mut messages, mut bytes) = (Vec::new(), Vec::new());
        if woken.swap(0, SeqCst) > 0 {
            take_all(&list, &line, &mut messages, &mut bytes);
        }
        media.join().expect("no panic");
        while woken.swap(0, SeqCst) > 0 {
            take_all(&list, &line, &mut messages, &mut bytes);
        }
        assert_eq!(messages, [1, 2].map(|n| SocketEvent::Binary(vec![n])));
        assert_eq!((bytes, line.carried()), (vec![1, 2], 0));
    });
}

#[test]
fn a_socket_that_ends_while_its_messages_are_held_tells_that_and_no_more() {
    model(|| {
        let line = Arc::new(LineShared::new(1, Arc::new(ReadyList::new(|| {}))));
        line.push(SocketEvent::Binary(vec![1]));
        let holder = {
            let line = line.clone();
            loom::thread::spawn(move || line.hold())
        };
        line.close(1006, "");
        line.end();
        holder.join().expect("no panic");
        let events: Vec<_> = std::iter::from_fn(|| line.next_event()).collect();
        assert_eq!(events.last(), Some(&SocketEvent::Gone));
        assert!(events.len() >= 2, "{events:?}");
    });
}
