//! A session whose offer one environment accepted and whose audio another one reads.

mod common;

use common::{OFFER, Observed, loopback, session_options};
use parley_transport::{AUDIO, AttachError, ROOM, ReadyList, attach};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Another environment, and how often it was woken.
fn environment() -> (Arc<ReadyList>, Arc<AtomicUsize>) {
    let woken = Arc::new(AtomicUsize::new(0));
    let counter = woken.clone();
    let wake = move || {
        counter.fetch_add(1, Ordering::SeqCst);
    };
    (Arc::new(ReadyList::new(wake)), woken)
}

#[test]
fn who_attaches_is_woken_at_once_for_audio_and_room_and_never_for_events() {
    let session = Observed::accept(&loopback(), session_options(), OFFER);
    session.answer();
    let (list, woken) = environment();
    let key = session.session.key();
    let attached = attach(key, list.clone()).expect("attached");
    assert!(attached.is_attached() && !session.session.is_attached());
    assert_eq!(
        (woken.load(Ordering::SeqCst), list.take(), attached.take_ready()),
        (1, vec![key], AUDIO | ROOM)
    );
    assert_eq!(session.close(), "local");
    assert!(attached.take_events().is_empty());
    assert_eq!((woken.load(Ordering::SeqCst), list.take()), (1, vec![]));
}

#[test]
fn a_session_is_attached_once_until_it_is_let_go() {
    let session = Observed::accept(&loopback(), session_options(), OFFER);
    let key = session.session.key();
    let first = attach(key, environment().0).expect("attached");
    assert_eq!(attach(key, environment().0).err(), Some(AttachError::Taken));
    first.detach();
    let second = attach(key, environment().0).expect("attached");
    first.detach();
    assert_eq!(attach(key, environment().0).err(), Some(AttachError::Taken), "only its own place is let go");
    second.detach();
}

#[test]
fn what_has_ended_or_never_was_is_unknown() {
    let session = Observed::accept(&loopback(), session_options(), OFFER);
    session.answer();
    assert_eq!(session.close(), "local");
    let key = session.session.key();
    assert_eq!(attach(key, environment().0).err(), Some(AttachError::Unknown));
    drop(session);
    assert_eq!(attach(key, environment().0).err(), Some(AttachError::Unknown));
    assert_eq!(attach(u32::MAX, environment().0).err(), Some(AttachError::Unknown));
}
