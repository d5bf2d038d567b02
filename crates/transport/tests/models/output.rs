//! How much emitted audio waits, and whether there is room.

use crate::room::OutputDepth;
use crate::sync::{AtomicBool, AtomicUsize};
use crate::{MS, counter, model};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

/// A round of the media thread: takes what was handed over, sends all of it, and tells of room.
fn round(depth: &OutputDepth, handed_over: &AtomicUsize, told: &AtomicBool) {
    for _ in 0..handed_over.swap(0, SeqCst) {
        depth.take(20 * MS, 20 * MS);
    }
    if depth.publish(Duration::ZERO) {
        // Not a plain store: loom may order those against a swap as it likes.
        told.swap(true, SeqCst);
    }
}

#[test]
fn whoever_waits_for_room_is_told_of_it() {
    model(|| {
        let depth = Arc::new(OutputDepth::new(Duration::ZERO));
        let (handed_over, told) = (counter(), Arc::new(AtomicBool::new(false)));
        let media = {
            let (depth, handed_over, told) = (depth.clone(), handed_over.clone(), told.clone());
            loom::thread::spawn(move || round(&depth, &handed_over, &told))
        };
        for _ in 0..2 {
            depth.hand_over(20 * MS);
            handed_over.fetch_add(1, SeqCst);
        }
        // Told of room, the driver looks whether there is any, and waits to be told again if not.
        let waits = !told.swap(false, SeqCst) || depth.get() > Duration::ZERO;
        media.join().expect("no panic");
        round(&depth, &handed_over, &told);
        assert!(!waits || told.swap(false, SeqCst), "the queue is empty, and nobody says so");
        assert_eq!(depth.get(), Duration::ZERO);
    });
}

#[test]
fn room_is_told_once_and_only_to_whoever_wished_for_it() {
    model(|| {
        let depth = OutputDepth::new(40 * MS);
        assert_eq!(depth.hand_over(20 * MS), 20 * MS);
        assert_eq!(depth.hand_over(40 * MS), 60 * MS, "above the target");
        depth.take(20 * MS, 20 * MS);
        assert_eq!(depth.get(), 60 * MS);
        assert!(!depth.publish(20 * MS), "60 ms wait still");
        depth.take(40 * MS, 45 * MS);
        assert!(!depth.publish(45 * MS));
        assert!(depth.publish(40 * MS));
        assert!(!depth.publish(20 * MS), "told already");
    });
}
