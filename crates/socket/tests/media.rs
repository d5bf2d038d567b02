//! Audio among messages.

mod common;

use common::{BINARY, MS, Rig, SECOND, TEXT, Told, frame, old_page, page, telephone};
use parley_socket::{Message, Protocol};

/// What a phone provider sends.
fn media(chunk: u32, payload: &str) -> String {
    format!(
        r#"{{"event":"media","streamSid":"MZ1","media":{{"track":"inbound","chunk":"{chunk}","payload":"{payload}"}}}}"#
    )
}

fn audio(payload: &[u8]) -> Told {
    Told::Audio(payload.to_vec())
}

#[test]
fn audio_goes_to_the_session_in_its_order_and_all_else_to_the_program() {
    let mut rig = Rig::attached(telephone());
    let other = r#"{"event":"dtmf","streamSid":"MZ1","dtmf":{"digit":"5"}}"#;
    let strange = media(9, "AAAA").replace("MZ1", "MZ2");
    let broken = media(9, "no base64");
    for text in [&media(1, "AQ=="), other, &media(3, "Aw"), &media(2, "Ag=="), &strange, &broken, "x"] {
        rig.text(text);
    }
    rig.text(&media(4, "BA==").replace("inbound", "outbound"));
    rig.take(&frame(BINARY, &[7]));
    let text = |text: &str| Told::Text(text.to_owned());
    assert_eq!(
        rig.told(),
        [
            audio(&[1]),
            text(other),
            audio(&[2]),
            audio(&[3]),
            text(&strange),
            text(&broken),
            text("x"),
            Told::Binary(vec![7])
        ]
    );
}

#[test]
fn what_came_before_it_was_attached_is_sorted_then() {
    let mut rig = Rig::new();
    let early = media(1, "AQ==");
    rig.text(&early);
    assert_eq!(rig.told(), [Told::Text(early.clone())]);
    rig.socket.attach(telephone());
    for message in [Message::Text(&early), Message::Text("stop"), Message::Binary(&[1])] {
        rig.socket.sort(message, &mut rig.log);
    }
    assert_eq!(rig.told(), [audio(&[1]), Told::Text("stop".into()), Told::Binary(vec![1])]);
}

#[test]
fn without_names_every_text_is_the_programs_which_hands_over_the_audio() {
    let mut rig = Rig::attached(Protocol { reads: None, ..telephone() });
    rig.text(&media(1, "AQ=="));
    assert!(matches!(rig.told()[..], [Told::Text(_)]));
    for (chunk, payload) in [(Some(1), [1]), (Some(3), [3]), (Some(2), [2]), (None, [9])] {
        rig.socket.take_audio(chunk, &payload, &mut rig.log);
    }
    for _ in 0..10 {
        rig.send(&[0x80; 160], SECOND);
    }
    for name in ["own10", "own11", "p10", "its"] {
        rig.socket.take_mark(name, &mut rig.log);
    }
    let told = [audio(&[1]), audio(&[2]), audio(&[3]), audio(&[9]), Told::Played(10)];
    assert_eq!(rig.told(), told);
}

#[test]
fn a_call_gets_its_audio_and_marks_which_tell_what_was_heard() {
    let mut rig = Rig::attached(telephone());
    for _ in 0..13 {
        rig.send(&[0x80; 3], SECOND);
        rig.pass(20 * MS);
    }
    let sent = rig.texts();
    assert_eq!(sent.len(), 14);
    assert_eq!(sent[0], r#"{"event":"media","streamSid":"MZ1","media":{"payload":"gICA"}}"#);
    assert_eq!(sent[10], r#"{"mark":"own10"}"#);
    rig.pass(249 * MS);
    assert_eq!(rig.texts(), [r#"{"mark":"own13"}"#], "250 ms after the first that had none");
    for name in ["own10", "own13", "own14"] {
        rig.text(&format!(r#"{{"event":"mark","mark":{{"name":"{name}"}}}}"#));
    }
    assert_eq!(rig.told(), [Told::Played(10), Told::Played(13)]);
    for name in ["its", "own", "p10", "10"] {
        let text = format!(r#"{{"event":"mark","mark":{{"name":"{name}"}}}}"#);
        rig.text(&text);
        assert_eq!(rig.told(), [Told::Text(text)], "a mark of somebody else's");
    }
}

#[test]
fn a_clear_leaves_at_once_behind_what_was_sent_and_marks_before_it_say_nothing() {
    let mut rig = Rig::attached(telephone());
    for _ in 0..10 {
        rig.send(&[0x80], SECOND);
    }
    rig.socket.clear();
    rig.flush();
    assert_eq!(rig.texts().last().map(String::as_str), Some(r#"{"event":"clear"}"#));
    rig.text(r#"{"event":"mark","mark":{"name":"own10"}}"#);
    assert!(rig.told().is_empty());
}

#[test]
fn a_phone_that_was_held_up_is_not_late_for_the_rest_of_the_call() {
    let mut rig = Rig::attached(telephone());
    for _ in 0..60 {
        rig.send(&[0x80; 160], SECOND);
    }
    let voice = rig.texts().len();
    for _ in 0..100 {
        rig.send(&[0xff; 160], SECOND);
        rig.pass(20 * MS);
    }
    let sent = rig.texts().iter().filter(|text| text.contains("media")).count();
    assert_eq!(voice, 66, "no voice is left out, and six marks");
    // 1200 ms wait at first, and at most 200 in the end: 50 of 100 quiet payloads make up for 1000 ms.
    assert_eq!(sent, 50);
}

#[test]
fn an_old_page_gets_three_payloads_in_a_message_while_more_wait_and_no_clear() {
    let mut rig = Rig::attached(old_page());
    for _ in 0..4 {
        rig.send(&[0x80], 40 * MS);
    }
    let base64 = |text: &String| text.split('"').nth(13).map(str::to_owned);
    assert_eq!(rig.texts().iter().map(base64).collect::<Vec<_>>(), [Some("gICA".to_owned())]);
    rig.send(&[0x81], 39 * MS);
    assert_eq!(rig.texts().iter().map(base64).collect::<Vec<_>>(), [Some("gIE=".to_owned())]);
    rig.send(&[0x80], SECOND);
    rig.socket.clear();
    rig.send(&[0x82], MS);
    assert_eq!(rig.texts().iter().map(base64).collect::<Vec<_>>(), [Some("gg==".to_owned())]);
}

#[test]
fn a_page_that_agreed_gets_binary_messages_and_says_what_it_has_played() {
    let mut rig = Rig::attached(page());
    rig.send(&[1, 2], SECOND);
    rig.send(&[3], SECOND);
    rig.take(&frame(BINARY, &[4, 5]));
    rig.text(r#"{"event":"media","media":{"payload":"Bgc="}}"#);
    rig.text(r#"{"event":"played","payloads":2}"#);
    rig.text(r#"{"event":"played","payloads":9}"#);
    rig.socket.take_played(1, &mut rig.log);
    assert_eq!(rig.frames(), [(BINARY, vec![1, 2]), (BINARY, vec![3])]);
    let told = [audio(&[4, 5]), audio(&[6, 7]), Told::Played(2), Told::Played(2), Told::Played(1)];
    assert_eq!(rig.told(), told);
}

#[test]
fn nothing_is_sent_once_it_is_over() {
    let mut rig = Rig::attached(telephone());
    rig.close(1000, "");
    rig.frames();
    for _ in 0..20 {
        rig.send(&[0x80], SECOND);
    }
    rig.socket.clear();
    rig.text(&media(1, "AQ=="));
    rig.pass(SECOND);
    assert!(rig.frames().is_empty());
    assert_eq!(rig.told(), [Told::Closed(1000, String::new())]);
    let text = frame(TEXT, media(2, "AQ==").as_bytes());
    rig.take(&text);
    assert!(rig.told().is_empty());
}
