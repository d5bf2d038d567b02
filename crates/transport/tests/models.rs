//! The orders in which two threads can meet in what they share, with up to three switches where neither has to wait, tried by
//! loom on the real types: these files are compiled here once more, with loom's locks and atomics, which is why their tests are
//! here too.
#![allow(dead_code, unreachable_pub, reason = "the files hold more than the models use")]

#[path = "../src/inbox.rs"]
mod inbox;
#[path = "../src/line/mod.rs"]
mod line;
#[path = "../src/panic.rs"]
mod panic;
#[path = "../src/queue.rs"]
mod queue;
#[path = "../src/ready.rs"]
mod ready;
#[path = "../src/requests.rs"]
mod requests;
#[path = "../src/room.rs"]
mod room;
#[path = "../src/session.rs"]
mod session;
#[path = "../src/shared.rs"]
mod shared;
#[path = "../src/speech_queue.rs"]
mod speech_queue;
#[path = "../src/video/mod.rs"]
mod video;

/// What `src/sync.rs` is elsewhere.
mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize};
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    /// Counts what mio's would wake.
    #[derive(Clone)]
    pub(crate) struct Waker(pub(crate) Arc<AtomicUsize>);

    impl Waker {
        pub(crate) fn wake(&self) -> std::io::Result<()> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    }
}

use inbox::{Command, Inbox, Look};
use line::{LineRequest, LineShared, SocketEvent};
use parley_media::{Layout, SampleRate, SpeechEvent};
use parley_session::{AudioFormat, SessionOptions, VideoOptions};
use parley_video::{Codec, EncodedFrame, PixelFormat, Pixels, Rotation};
use ready::ReadyList;
use room::OutputDepth;
use shared::{QueueLimits, SessionEvent, Shared};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use sync::{AtomicBool, AtomicUsize, Condvar, Mutex, Waker};
use video::decoding::Decoding;
use video::encoding::{EmittedPicture, Encoding, Given};
use video::pool::{Pool, Work};

const MS: Duration = Duration::from_millis(1);

fn counter() -> Arc<AtomicUsize> {
    Arc::new(AtomicUsize::new(0))
}

fn shared(list: &Arc<ReadyList>) -> Arc<Shared> {
    let format = AudioFormat { rate: SampleRate::HZ_8000, layout: Layout::Mono };
    let output_target = Duration::ZERO;
    let options =
        SessionOptions { input: format, output: format, output_target, ..SessionOptions::default() };
    let limits = QueueLimits { input: 40 * MS, video: video::VideoQueue::default() };
    Arc::new(Shared::new(7, options, limits, list.clone()))
}

fn key(command: &Command) -> u32 {
    match command {
        Command::Close(key) => *key,
        _ => unreachable!("the models ask for nothing else"),
    }
}

/// Tries all orders with up to three switches where no thread has to wait, which is where such faults are found.
fn model(f: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(f);
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

fn waking(woken: &Arc<AtomicUsize>) -> Arc<ReadyList> {
    let woken = woken.clone();
    Arc::new(ReadyList::new(move || {
        woken.fetch_add(1, SeqCst);
    }))
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
