//! How a connection is kept, bounded and ended.

mod common;

use common::{BINARY, CLOSE, MS, PING, PONG, Rig, SECOND, TEXT, Told, frame, goodbye, page};
use parley_socket::{MAX_AUDIO_BACKLOG, Message};

fn closed(code: u16, reason: &str) -> Told {
    Told::Closed(code, reason.to_owned())
}

#[test]
fn messages_go_both_ways_in_order() {
    let mut rig = Rig::new();
    rig.take(&[frame(TEXT, "a ä".as_bytes()), frame(BINARY, &[1, 2, 3]), frame(PING, b"?")].concat());
    assert_eq!(rig.told(), [Told::Text("a ä".into()), Told::Binary(vec![1, 2, 3])]);
    assert!(rig.socket.send(Message::Text("b")));
    assert!(rig.socket.send(Message::Binary(&[4])));
    rig.flush();
    assert_eq!(rig.frames(), [(PONG, b"?".to_vec()), (TEXT, b"b".to_vec()), (BINARY, vec![4])]);
}

#[test]
fn a_goodbye_of_ours_leaves_behind_what_was_sent_and_waits_for_theirs() {
    let mut rig = Rig::new();
    rig.reads = false;
    rig.socket.send(Message::Text("last"));
    rig.close(1000, "done");
    rig.close(1011, "again");
    assert_eq!(rig.told(), [closed(1000, "done")]);
    assert!(!rig.socket.send(Message::Text("late")));
    rig.take(&[frame(TEXT, b"late"), frame(PING, b"")].concat());
    assert!(!rig.socket.has_finished());
    rig.take(&frame(CLOSE, &goodbye(1000, "")));
    assert!(!rig.socket.has_finished(), "it has yet to leave");
    rig.reads = true;
    rig.flush();
    assert_eq!(rig.frames(), [(TEXT, b"last".to_vec()), (CLOSE, goodbye(1000, "done"))]);
    assert!(rig.socket.has_finished() && !rig.socket.is_gone());
    rig.socket.lose(&mut rig.log);
    assert!(rig.socket.is_gone());
    assert_eq!((rig.told(), rig.socket.wake_at()), (vec![], None));
}

#[test]
fn a_far_end_that_never_agrees_is_let_go_of_after_two_seconds() {
    for answers in [false, true] {
        let mut rig = Rig::new();
        rig.close(1000, "");
        if answers {
            rig.take(&frame(CLOSE, &[]));
        }
        rig.pass(1_999 * MS);
        assert!(!rig.socket.is_gone());
        rig.pass(MS);
        assert!(rig.socket.is_gone());
        assert_eq!(rig.told(), [closed(1000, "")]);
    }
}

#[test]
fn a_goodbye_of_theirs_is_told_and_answered() {
    for (payload, told, answer) in [
        (goodbye(1000, "bye"), closed(1000, "bye"), goodbye(1000, "")),
        (goodbye(4999, ""), closed(4999, ""), goodbye(4999, "")),
        (vec![], closed(1005, ""), vec![]),
    ] {
        let mut rig = Rig::new();
        rig.take(&[frame(CLOSE, &payload), frame(TEXT, b"late"), vec![0xff; 9]].concat());
        assert_eq!(rig.told(), [told]);
        assert_eq!(rig.frames(), [(CLOSE, answer)]);
        assert!(rig.socket.has_finished());
    }
}

#[test]
fn what_nobody_may_send_is_answered_with_its_code() {
    for (bytes, code) in [
        (vec![0xf1, 0x80, 0, 0, 0, 0], 1002),
        (frame(CLOSE, &[3]), 1002),
        (frame(CLOSE, &goodbye(999, "")), 1002),
        (frame(CLOSE, &goodbye(1005, "")), 1002),
        (frame(CLOSE, &goodbye(1006, "")), 1002),
        (frame(CLOSE, &goodbye(2999, "")), 1002),
        (frame(CLOSE, &[3, 232, 0xff]), 1007),
        (frame(TEXT, &[0xff]), 1007),
        (frame(TEXT, &[b'a'; 65_537]), 1009),
    ] {
        let mut rig = Rig::new();
        rig.take(&frame(TEXT, b"before"));
        rig.take(&bytes);
        assert_eq!(rig.told(), [Told::Text("before".into()), closed(code, "")]);
        assert_eq!(rig.frames(), [(CLOSE, goodbye(code, ""))]);
        rig.take(&frame(TEXT, b"late"));
        assert!(rig.told().is_empty() && rig.socket.has_finished());
        rig.pass(2 * SECOND);
        assert!(rig.socket.is_gone());
    }
}

#[test]
fn a_reason_that_is_too_long_is_cut_between_characters() {
    let mut rig = Rig::new();
    rig.close(1008, &"ä".repeat(100));
    assert_eq!(rig.frames(), [(CLOSE, goodbye(1008, &"ä".repeat(61)))]);
}

#[test]
fn a_connection_that_is_lost_is_told_once() {
    let mut rig = Rig::new();
    rig.take(&frame(TEXT, b"abc")[..5]);
    rig.socket.lose(&mut rig.log);
    rig.socket.lose(&mut rig.log);
    rig.take(&frame(TEXT, b"late"));
    assert_eq!(rig.told(), [closed(1006, "")]);
    assert!(rig.socket.is_gone() && rig.socket.outgoing().is_empty());
}

#[test]
fn a_thousand_messages_a_second_are_taken_for_long_after_five_seconds_at_once() {
    let mut rig = Rig::new();
    rig.take(&frame(TEXT, b"x").repeat(5_000));
    for _ in 0..60 {
        rig.pass(SECOND);
        rig.take(&frame(TEXT, b"x").repeat(1_000));
    }
    assert_eq!(rig.told().len(), 65_000);
    rig.take(&frame(TEXT, b"x").repeat(10_000));
    assert_eq!(rig.told().last(), Some(&closed(1008, "too_many_messages")));
}

#[test]
fn a_mebibyte_a_second_is_taken_for_long_and_pings_and_pongs_count_too() {
    let mut rig = Rig::new();
    let message = frame(BINARY, &[0; 65_536]);
    for _ in 0..60 {
        rig.pass(SECOND);
        rig.take(&message.repeat(16));
    }
    assert_eq!(rig.told().len(), 960);
    rig.take(&message.repeat(81));
    assert_eq!(rig.told().last(), Some(&closed(1008, "too_many_messages")));
    for first in [PING, PONG] {
        let mut rig = Rig::new();
        rig.take(&frame(first, b"").repeat(5_000));
        assert!(rig.told().is_empty());
        rig.take(&frame(first, b""));
        assert_eq!(rig.told(), [closed(1008, "too_many_messages")]);
    }
}

#[test]
fn a_far_end_that_has_caught_up_was_not_slow_all_the_time_since() {
    let mut rig = Rig::attached(page());
    rig.reads = false;
    let payload = vec![0; MAX_AUDIO_BACKLOG];
    rig.send(&payload, SECOND);
    rig.send(&[1], SECOND);
    assert_eq!(rig.socket.dropped(), 1);
    rig.socket.wrote(rig.socket.buffered());
    rig.pass(11 * SECOND);
    rig.socket.send(Message::Binary(&payload));
    rig.send(&[2], SECOND);
    assert_eq!((rig.socket.dropped(), rig.told()), (2, vec![]), "it has ten seconds again");
}

#[test]
fn audio_for_a_far_end_that_reads_slowly_is_dropped_and_after_ten_seconds_it_is_given_up() {
    let mut rig = Rig::attached(page());
    rig.reads = false;
    let payload = vec![0; MAX_AUDIO_BACKLOG - 10];
    rig.send(&payload, SECOND);
    assert_eq!(rig.socket.buffered(), MAX_AUDIO_BACKLOG);
    rig.send(&[1], SECOND);
    assert_eq!(
        (rig.socket.buffered(), rig.socket.dropped()),
        (MAX_AUDIO_BACKLOG + 3, 0),
        "the last that fits"
    );
    rig.send(&[2], SECOND);
    rig.pass(10 * SECOND);
    rig.send(&[3], SECOND);
    assert_eq!((rig.socket.buffered(), rig.socket.dropped()), (MAX_AUDIO_BACKLOG + 3, 2));
    rig.socket.wrote(3);
    rig.send(&[4], SECOND);
    assert_eq!(rig.socket.dropped(), 2, "it has read some");
    rig.send(&[5], SECOND);
    rig.pass(10 * SECOND);
    rig.send(&[6], SECOND);
    assert!(rig.told().is_empty());
    rig.pass(MS);
    rig.send(&[7], SECOND);
    assert_eq!(rig.told(), [closed(1008, "too_slow")]);
}

#[test]
fn a_far_end_that_is_quiet_is_asked_whether_it_lives_and_given_up_when_it_does_not_answer() {
    let mut rig = Rig::new();
    rig.pass(7_999 * MS);
    assert!(rig.frames().is_empty());
    rig.pass(MS);
    assert_eq!(rig.frames(), [(PING, vec![])]);
    rig.take(&frame(PONG, b""));
    rig.pass(7_999 * MS);
    rig.text("x");
    rig.pass(7_999 * MS);
    assert!(rig.frames().is_empty(), "it has answered");
    rig.pass(17_000 * MS);
    assert_eq!(rig.frames().len(), 4, "every five seconds");
    assert_eq!(rig.told(), [Told::Text("x".into())]);
    rig.pass(MS);
    assert_eq!(rig.told(), [closed(1006, "")]);
    assert!(rig.socket.is_gone());
}

#[test]
fn a_far_end_that_speaks_costs_a_look_in_eight_seconds() {
    let mut rig = Rig::new();
    let mut looks = 0;
    for _ in 0..50 * 80 {
        rig.text("x");
        let before = rig.socket.wake_at();
        rig.pass(20 * MS);
        looks += u32::from(rig.socket.wake_at() != before);
    }
    assert!(looks <= 11, "{looks}");
    assert!(rig.frames().is_empty());
}
