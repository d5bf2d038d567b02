//! The data channel: texts both ways, and its limits.

use parley_netsim::{Call, Ends, Kind, Link, PeerOptions, Scene, millis, secs};
use parley_session::{ChannelError, Event, Input, MAX_BUFFERED_BYTES, MAX_MESSAGE_BYTES};

fn failures(call: &Call) -> Vec<ChannelError> {
    let failed = call.events.iter().filter_map(|(_, event)| match event {
        Event::MessageFailed(error) => Some(*error),
        _ => None,
    });
    failed.collect()
}

#[test]
fn texts_arrive_in_order_both_ways() {
    let mut call = Call::connect(Link::perfect());
    let texts: Vec<String> = (0..100).map(|n| format!("text {n} ✓")).collect();
    for text in &texts {
        call.peer.send_text(call.now(), text);
        call.handle(Input::Message(text.clone()));
    }
    call.run(secs(2));
    assert_eq!(call.handler_messages(), texts);
    assert_eq!(call.peer.messages, texts);
}

#[test]
fn texts_arrive_over_a_lossy_link() {
    let mut call = Call::connect(Link::perfect());
    call.change_link(Link::lossy(0.2).seed(11));
    let texts: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    for text in &texts {
        call.peer.send_text(call.now(), text);
        call.handle(Input::Message(text.clone()));
        call.run(millis(20));
    }
    assert!(
        call.run_until(secs(30), |call| call.peer.messages.len() == 50
            && call.handler_messages().len() == 50)
    );
    assert_eq!(
        (call.handler_messages(), &call.peer.messages),
        (texts.iter().map(String::as_str).collect(), &texts)
    );
}

#[test]
fn texts_wait_until_the_channel_opens() {
    let mut call = Scene::default().ring();
    call.handle(Input::Message("first".to_owned()));
    call.handle(Input::Message("second".to_owned()));
    assert_eq!(call.session.buffered_message_bytes(), 11);
    assert!(call.run_until(secs(5), |call| call.peer.messages.len() == 2));
    assert_eq!(call.peer.messages, ["first", "second"]);
}

#[test]
fn an_empty_text_arrives_as_one() {
    let mut call = Call::connect(Link::perfect());
    call.handle(Input::Message(String::new()));
    call.peer.send_text(call.now(), "");
    call.run(secs(1));
    assert_eq!((call.handler_messages(), call.peer.messages.len()), (vec![""], 1));
}

#[test]
fn a_text_of_64_kib_arrives_and_a_longer_one_is_refused() {
    let mut call = Call::connect(Link::perfect());
    let longest = "x".repeat(MAX_MESSAGE_BYTES);
    call.handle(Input::Message(longest.clone()));
    call.peer.send_text(call.now(), &longest);
    call.handle(Input::Message("y".repeat(MAX_MESSAGE_BYTES + 1)));
    assert_eq!(failures(&call), [ChannelError::TooLarge]);
    call.run(secs(5));
    assert_eq!(call.peer.messages, [longest.as_str()]);
    assert_eq!(call.handler_messages(), [longest]);
}

#[test]
fn a_text_over_64_kib_of_the_peer_is_not_delivered_and_the_call_goes_on() {
    let mut call = Call::connect(Link::perfect());
    call.peer.try_send_text(call.now(), &"x".repeat(MAX_MESSAGE_BYTES + 1));
    call.run(secs(2));
    assert_eq!(call.handler_messages(), Vec::<&str>::new());
    call.assert_alive("a text that is too long");
}

#[test]
fn bytes_that_are_no_text_are_not_delivered() {
    let mut call = Call::connect(Link::perfect());
    call.peer.send_bytes(call.now(), &[0xff, 0xfe, 0xfd]);
    call.run(secs(1));
    assert_eq!(call.handler_messages(), Vec::<&str>::new());
    call.assert_alive("bytes that are no text");
}

#[test]
fn the_seventeenth_channel_is_closed_and_the_first_sixteen_stay() {
    let mut call = Call::connect(Link::perfect());
    for n in 0..20 {
        call.peer.open_channel(&n.to_string());
    }
    call.run(secs(5));
    assert_eq!(call.peer.channels_closed, 5, "21 were opened");
    call.assert_alive("twenty more channels");
}

#[test]
fn a_peer_that_acknowledges_nothing_is_owed_one_mebibyte_at_most() {
    let mut call = Call::connect(Link::perfect());
    call.change_link(Link::lossy(1.0));
    let text = "x".repeat(10_000);
    for _ in 0..200 {
        call.handle(Input::Message(text.clone()));
        call.run(millis(5));
        assert!(call.session.buffered_message_bytes() <= MAX_BUFFERED_BYTES);
    }
    let refused = failures(&call).len();
    assert_eq!(refused, 200 - MAX_BUFFERED_BYTES / 10_000);
    assert!(failures(&call).iter().all(|error| *error == ChannelError::Full));
}

#[test]
fn texts_for_a_channel_that_never_opens_are_bounded_too() {
    let mut call =
        Scene { peer: PeerOptions { channel: false, ..PeerOptions::default() }, ..Scene::default() }
            .connect();
    for _ in 0..200 {
        call.handle(Input::Message("x".repeat(10_000)));
    }
    assert!(call.session.buffered_message_bytes() <= MAX_BUFFERED_BYTES);
    assert_eq!(failures(&call).len(), 200 - MAX_BUFFERED_BYTES / 10_000);
}

#[test]
fn a_closed_channel_is_told_and_refuses_texts_and_the_audio_goes_on() {
    let mut call = Call::connect(Link::perfect());
    call.peer.close_channel();
    assert!(call.run_until(secs(5), |call| call.happened(&Event::ChannelClosed)));
    call.handle(Input::Message("too late".to_owned()));
    assert_eq!(failures(&call), [ChannelError::Closed]);
    call.peer_speaks(440.0, secs(1));
    assert!(call.handler_heard.last(millis(800)).tone_share(440.0) > 0.99);
}

#[test]
fn a_text_sent_right_before_the_end_still_arrives() {
    let mut call = Call::connect(Link::perfect());
    call.handle(Input::Message("good-bye".to_owned()));
    call.handle(Input::Close);
    call.run(secs(2));
    assert_eq!(call.peer.messages, ["good-bye"]);
    assert!(call.closed().is_some());
    assert!(call.wire.of(Ends::Server, Kind::Dtls).count() > 0);
}
