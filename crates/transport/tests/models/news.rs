//! What JavaScript is told of sessions.

use crate::ready::{self, ReadyList};
use crate::shared::{SessionEvent, Shared};
use crate::{MS, counter, model, shared, waking};
use parley_media::SpeechEvent;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

#[test]
fn wake_ups_merge_until_somebody_looks() {
    model(|| {
        let woken = counter();
        let list = waking(&woken);
        for key in [1, 2] {
            list.add(key);
            list.signal();
        }
        assert_eq!((woken.load(SeqCst), list.take()), (1, vec![1, 2]));
        assert!(list.take().is_empty());
        list.add(3);
        list.signal();
        assert_eq!(woken.load(SeqCst), 2);
    });
}

#[test]
fn nobody_is_woken_for_an_empty_list() {
    model(|| {
        let list = ReadyList::new(|| panic!("woken for nothing"));
        list.signal();
        assert!(list.take().is_empty());
    });
}

#[test]
fn a_session_is_in_the_list_once_for_all_its_reasons() {
    model(|| {
        let list = Arc::new(ReadyList::new(|| ()));
        let place = ready::Place::new(7, list.clone());
        place.mark(ready::AUDIO);
        place.mark(ready::ROOM);
        assert_eq!((list.take(), place.take(), place.take()), (vec![7], ready::AUDIO | ready::ROOM, 0));
        place.mark(ready::AUDIO);
        assert_eq!(list.take(), [7]);
    });
}

/// A media thread pushes two things, and JavaScript, whenever it is woken, takes the keys, the reasons and all that is there.
fn all_are_told_of<T>(
    push: impl Fn(&Shared, u32) + Send + 'static,
    mut pop_all: impl FnMut(&Shared, &mut Vec<T>),
) -> Vec<T> {
    let woken = counter();
    let list = waking(&woken);
    let session = shared(&list);
    let media = {
        let (list, session) = (list.clone(), session.clone());
        loom::thread::spawn(move || {
            for n in 1..=2 {
                push(&session, n);
                list.signal();
            }
        })
    };
    let mut popped = Vec::new();
    let mut look = || {
        for _ in list.take() {
            if session.accepted.take() & ready::AUDIO != 0 {
                pop_all(&session, &mut popped);
            }
        }
    };
    if woken.swap(0, SeqCst) > 0 {
        look();
    }
    media.join().expect("no panic");
    while woken.swap(0, SeqCst) > 0 {
        look();
    }
    popped
}

#[test]
fn frames_are_told_of_and_come_in_order_and_once() {
    model(|| {
        let push = |session: &Shared, n: u32| {
            session.push_frame(&[n as i16]);
            session.mark(ready::AUDIO);
        };
        let frames = all_are_told_of(push, |session, frames| {
            let mut frame = [0];
            while session.pop_frame(&mut frame) == Ok(1) {
                frames.push(frame[0]);
            }
        });
        assert_eq!(frames, [1, 2]);
    });
}

#[test]
fn what_was_found_about_speech_is_told_of_and_comes_in_order_and_once() {
    model(|| {
        let push = |session: &Shared, n: u32| {
            session.push_speech(SpeechEvent::Probability { at: n * MS, probability: 0.5 });
        };
        let times = all_are_told_of(push, |session, times| {
            times.extend(std::iter::from_fn(|| session.pop_speech()).map(time_of));
        });
        assert_eq!(times, [MS, 2 * MS]);
    });
}

fn time_of(event: SpeechEvent) -> Duration {
    match event {
        SpeechEvent::Probability { at, .. } => at,
        _ => unreachable!("the model pushes nothing else"),
    }
}

#[test]
fn the_last_event_is_told_of_whoever_looks_meanwhile() {
    model(|| {
        let woken = counter();
        let list = waking(&woken);
        let session = shared(&list);
        let media = {
            let (list, session) = (list.clone(), session.clone());
            loom::thread::spawn(move || {
                session.push_event(SessionEvent::new("connected"));
                session.close("peer");
                list.signal();
            })
        };
        let mut kinds = Vec::new();
        let mut look = || {
            for _ in list.take() {
                session.accepted.take();
                kinds.extend(session.take_events().into_iter().map(|event| event.kind));
            }
        };
        look();
        media.join().expect("no panic");
        while woken.swap(0, SeqCst) > 0 {
            look();
        }
        assert_eq!(kinds, ["connected", "closed"]);
    });
}
