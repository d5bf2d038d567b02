//! Pictures between media threads, JavaScript and the threads that decode and encode.

use crate::sync::{Condvar, Mutex};
use crate::video::decoding::Decoding;
use crate::video::encoding::{EmittedPicture, Encoding, Given};
use crate::video::pool::{Pool, Work};
use crate::{MS, model};
use parley_session::VideoOptions;
use parley_video::{Codec, EncodedFrame, PixelFormat, Pixels, Rotation};
use std::sync::Arc;
use std::time::Duration;

/// What a queue of video had put before the threads, and how many of them were at it at once.
#[derive(Default)]
struct Schedule {
    waiting: Mutex<usize>,
    changed: Condvar,
}

impl Schedule {
    fn add(&self) {
        *self.waiting.lock().expect("no panic") += 1;
        self.changed.notify_one();
    }

    /// Waits for the next turn. The queue puts itself before the threads once, or another could overtake it.
    fn next(&self) {
        let mut waiting = self.waiting.lock().expect("no panic");
        while *waiting == 0 {
            waiting = self.changed.wait(waiting).expect("no panic");
        }
        assert_eq!(*waiting, 1, "scheduled twice");
        *waiting = 0;
    }
}

fn encoded(at: Duration) -> EncodedFrame {
    let data = bytes::Bytes::new();
    EncodedFrame { codec: Codec::Vp8, data, is_key: true, timestamp: at, rotation: Rotation::None }
}

#[test]
fn frames_come_to_the_decoder_in_order_and_once_whenever_it_is_done_with_those_before() {
    model(|| {
        let (decoding, schedule) = (Arc::new(Decoding::new(3, false)), Arc::new(Schedule::default()));
        let media = {
            let (decoding, schedule) = (decoding.clone(), schedule.clone());
            loom::thread::spawn(move || {
                for n in 1..=2 {
                    if decoding.take(encoded(n * MS)).schedule {
                        schedule.add();
                    }
                }
            })
        };
        let mut times = Vec::new();
        while times.len() < 2 {
            // A frame that nobody schedules leaves this waiting for ever, which loom tells.
            schedule.next();
            while let Some((frame, _)) = decoding.next() {
                times.push(frame.timestamp);
                if !decoding.end_turn() {
                    break;
                }
            }
        }
        media.join().expect("no panic");
        assert_eq!(times, [MS, 2 * MS]);
        assert_eq!(*schedule.waiting.lock().expect("no panic"), 0);
    });
}

#[test]
fn a_session_that_ends_while_it_decodes_keeps_no_frame() {
    model(|| {
        let decoding = Arc::new(Decoding::new(3, false));
        assert!(decoding.take(encoded(MS)).schedule);
        let decoder = {
            let decoding = decoding.clone();
            loom::thread::spawn(move || {
                if decoding.next().is_some() {
                    decoding.end_turn();
                }
            })
        };
        decoding.take(encoded(2 * MS));
        decoding.close();
        decoder.join().expect("no panic");
        assert!(decoding.next().is_none() && !decoding.take(encoded(3 * MS)).schedule);
    });
}

/// Emits a picture at that moment, until it is taken: whoever was refused waits to be told of room.
fn emit(encoding: &Encoding, at: Duration, room: &Schedule) -> Given {
    let pixels = Pixels::U8(&[120; 12]);
    let picture = EmittedPicture { format: PixelFormat::Rgb24, width: 2, height: 2, pixels, timestamp: None };
    loop {
        match encoding.give(at, &picture).expect("a picture") {
            Given::Refused => room.next(),
            given => return given,
        }
    }
}

#[test]
fn pictures_come_to_the_encoder_in_order_and_once_and_whoever_was_refused_hears_of_room() {
    model(|| {
        let encoding = Arc::new(Encoding::new(VideoOptions::default()));
        let (schedule, room) = (Arc::new(Schedule::default()), Arc::new(Schedule::default()));
        let handler = {
            let (encoding, schedule, room) = (encoding.clone(), schedule.clone(), room.clone());
            loom::thread::spawn(move || {
                for n in 1..=3 {
                    if emit(&encoding, n * MS, &room) == Given::Schedule {
                        schedule.add();
                    }
                }
            })
        };
        let mut times = Vec::new();
        while times.len() < 3 {
            schedule.next();
            loop {
                let (is_room, picture) = encoding.begin_turn();
                if is_room {
                    room.add();
                }
                times.extend(picture.map(|(_, at)| at));
                if !encoding.end_turn().more {
                    break;
                }
            }
        }
        handler.join().expect("no panic");
        assert_eq!(times, [MS, 2 * MS, 3 * MS]);
    });
}

#[test]
fn a_session_is_drained_once_however_its_last_picture_meets_the_wish() {
    model(|| {
        let encoding = Arc::new(Encoding::new(VideoOptions::default()));
        emit(&encoding, MS, &Schedule::default());
        let encoder = {
            let encoding = encoding.clone();
            loom::thread::spawn(move || {
                encoding.begin_turn();
                encoding.end_turn().drain
            })
        };
        let is_drained = encoding.drain(true);
        let told = encoder.join().expect("no panic");
        assert_eq!(told, (!is_drained).then_some(true));
    });
}

/// Work of so many turns.
struct Turns(usize, Arc<Schedule>);

impl Work for Turns {
    fn run(&mut self) -> bool {
        *self.1.waiting.lock().expect("no panic") += 1;
        self.1.changed.notify_one();
        self.0 -= 1;
        self.0 > 0
    }

    fn failed(&mut self, panic: &str) {
        unreachable!("{panic}");
    }
}

#[test]
fn no_work_is_left_while_a_thread_waits_and_no_thread_outlives_the_pool() {
    model(|| {
        let pool = Pool::of(2);
        let threads: Vec<_> = (0..2).map(|index| loom::thread::spawn(pool.server(index))).collect();
        let done = Arc::new(Schedule::default());
        pool.schedule(Box::new(Turns(2, done.clone())));
        pool.schedule(Box::new(Turns(1, done.clone())));
        let mut turns = done.waiting.lock().expect("no panic");
        while *turns < 3 {
            turns = done.changed.wait(turns).expect("no panic");
        }
        drop(turns);
        drop(pool);
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    });
}
