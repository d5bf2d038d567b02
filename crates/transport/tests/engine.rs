//! The media threads: when they start and end, what they bind, what they refuse.

mod common;

use common::{OFFER, Observed, PATIENCE, loopback, port, session_options};
use parley_transport::EngineOptions;
use std::net::{IpAddr, Ipv6Addr, UdpSocket};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Threads are counted for the process, so these tests take turns.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> std::sync::MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(target_os = "linux")]
fn media_threads() -> usize {
    let names = std::fs::read_dir("/proc/self/task")
        .expect("procfs")
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.starts_with("parley-")).count()
}

#[cfg(target_os = "linux")]
#[test]
fn the_threads_start_with_the_first_session_and_end_with_the_last() {
    let _turn = turn();
    until_no_thread_is_left();
    let engine = EngineOptions { workers: 3, ..loopback() };
    let one = Observed::accept(&engine, session_options(), OFFER);
    let two = Observed::accept(&engine, session_options(), OFFER);
    one.answer();
    two.answer();
    assert_eq!(media_threads(), 4, "three workers and the one that answers offers, shared");
    assert_eq!(one.close(), "local");
    assert_eq!(media_threads(), 4);
    assert_eq!(two.close(), "local");
    until_no_thread_is_left();
}

#[cfg(target_os = "linux")]
fn until_no_thread_is_left() {
    let give_up = Instant::now() + PATIENCE;
    while media_threads() > 0 {
        assert!(Instant::now() < give_up, "{} threads are left", media_threads());
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_session_that_is_over_keeps_no_descriptor_open_for_whoever_still_has_it() {
    let _turn = turn();
    until_no_thread_is_left();
    let descriptors = || std::fs::read_dir("/proc/self/fd").expect("procfs").count();
    let before = descriptors();
    let sessions = [(); 3].map(|()| {
        let session = Observed::accept(&loopback(), session_options(), OFFER);
        session.answer();
        assert_eq!(session.close(), "local");
        until_no_thread_is_left();
        session
    });
    // A thread that ended before it ever ran has no name yet by which it could be waited for.
    let give_up = Instant::now() + PATIENCE;
    while descriptors() > before {
        let after = descriptors();
        assert!(Instant::now() < give_up, "{before} before, {after} after {} sessions", sessions.len());
        std::thread::yield_now();
    }
}

#[test]
fn sessions_share_ports_and_the_second_worker_gets_its_first_when_the_first_has_many() {
    let _turn = turn();
    let engine = EngineOptions { workers: 2, ..loopback() };
    let sessions: Vec<Observed> =
        (0..136).map(|_| Observed::accept(&engine, session_options(), OFFER)).collect();
    let ports: Vec<u16> = sessions.iter().map(|session| port(&session.answer())).collect();
    let on_first =
        |range: std::ops::Range<usize>| ports[range].iter().filter(|port| **port == ports[0]).count();
    assert_eq!((on_first(0..64), on_first(64..128), on_first(128..136)), (64, 0, 4), "{ports:?}");
}

#[test]
fn a_port_is_free_again_for_the_session_after_the_last() {
    let _turn = turn();
    let free = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
    let engine = EngineOptions { udp_ports: (free, free), ..loopback() };
    for _ in 0..5 {
        let session = Observed::accept(&engine, session_options(), OFFER);
        assert_eq!(port(&session.answer()), free);
        assert_eq!(session.close(), "local");
    }
}

#[test]
fn a_port_that_is_taken_is_a_refusal_that_names_it() {
    let _turn = turn();
    let taken = UdpSocket::bind("127.0.0.1:0").expect("bound");
    let number = taken.local_addr().expect("bound").port();
    let session = Observed::accept(
        &EngineOptions { udp_ports: (number, number), ..loopback() },
        session_options(),
        OFFER,
    );
    let refusal = session.wait_for("rejected");
    assert_eq!(refusal.code, Some("transport"));
    let text = refusal.text.expect("a sentence");
    assert!(text.contains(&number.to_string()) && text.contains("media.udpPorts"), "{text}");
    assert_eq!(session.wait_for("closed").code, Some("failed"));
}

#[test]
fn ipv6_and_announced_addresses_are_answered() {
    let _turn = turn();
    let v6 = Observed::accept(
        &EngineOptions { bind_address: IpAddr::V6(Ipv6Addr::LOCALHOST), ..loopback() },
        session_options(),
        OFFER,
    );
    assert!(v6.answer().contains(" udp 2130706431 ::1 "));
    let announced = vec!["203.0.113.7".parse().expect("ip"), "2001:db8::7".parse().expect("ip")];
    let nat = Observed::accept(
        &EngineOptions { announced_addresses: announced, ..loopback() },
        session_options(),
        OFFER,
    );
    let answer = nat.answer();
    assert!(
        answer.contains(" 203.0.113.7 ")
            && answer.contains(" 2001:db8::7 ")
            && !answer.contains(" 127.0.0.1 "),
        "{answer}"
    );
}

#[test]
fn an_offer_that_cannot_be_used_says_why_and_leaves_nothing() {
    let _turn = turn();
    let session = Observed::accept(&loopback(), session_options(), "hello");
    let refusal = session.wait_for("rejected");
    assert_eq!(refusal.code, Some("invalid_sdp"));
    assert!(refusal.text.is_some_and(|text| text.contains("v=0")));
    assert_eq!(session.wait_for("closed").code, Some("failed"));
    assert!(session.session.write_audio(chunk()).is_err(), "after the end");
}

#[test]
fn a_session_that_never_connects_ends_by_itself() {
    let _turn = turn();
    let mut options = session_options();
    options.connect_timeout = Duration::from_millis(50);
    let session = Observed::accept(&loopback(), options, OFFER);
    session.answer();
    assert_eq!(session.wait_for("closed").code, Some("connect_timeout"));
}

#[test]
fn a_panic_in_a_session_ends_that_session_alone() {
    let _turn = turn();
    let (one, two) = (
        Observed::accept(&loopback(), session_options(), OFFER),
        Observed::accept(&loopback(), session_options(), OFFER),
    );
    assert_eq!(port(&one.answer()), port(&two.answer()), "on one worker");
    one.session.inject_panic();
    let error = one.wait_for("error");
    assert_eq!(error.code, Some("ERR_PARLEY_SESSION_FAULT"));
    assert!(error.text.is_some_and(|text| text.contains("injected") && !text.contains('/')));
    assert_eq!(one.wait_for("closed").code, Some("error"));
    assert_eq!(two.close(), "local", "the other lives on until it is closed");
}

#[test]
fn an_offer_that_panics_is_refused_and_the_next_one_answered() {
    let _turn = turn();
    let bystander = Observed::accept(&loopback(), session_options(), OFFER);
    let answered = port(&bystander.answer());
    for (line, code) in [("a=x-panic\r\n", "invalid_sdp"), ("a=x-panic-outside\r\n", "transport")] {
        let offer = format!("{OFFER}{line}");
        let session = Observed::accept(&loopback(), session_options(), &offer);
        assert_eq!(session.wait_for("rejected").code, Some(code));
        assert_eq!(session.wait_for("closed").code, Some("failed"));
    }
    let next = Observed::accept(&loopback(), session_options(), OFFER);
    assert_eq!(port(&next.answer()), answered, "on the same threads");
    assert_eq!(bystander.close(), "local");
}

#[test]
fn a_media_thread_that_panics_again_and_again_ends_its_sessions_and_is_replaced() {
    let _turn = turn();
    let (one, two) = (
        Observed::accept(&loopback(), session_options(), OFFER),
        Observed::accept(&loopback(), session_options(), OFFER),
    );
    assert_eq!(port(&one.answer()), port(&two.answer()), "on one worker");
    one.session.inject_panic_outside(u32::MAX);
    for session in [&one, &two] {
        assert_eq!(session.wait_for("error").code, Some("ERR_PARLEY_SESSION_FAULT"));
        assert_eq!(session.wait_for("closed").code, Some("error"));
    }
    let next = Observed::accept(&loopback(), session_options(), OFFER);
    next.answer();
    assert_eq!(next.close(), "local");
}

#[test]
fn what_is_asked_for_before_the_answer_is_kept() {
    let _turn = turn();
    let session = Observed::accept(&loopback(), session_options(), OFFER);
    session.session.add_candidate("candidate:1 1 udp 1 127.0.0.1 40000 typ host".into());
    session.session.send_message("early".into()).expect("kept");
    let depth = session.session.write_audio(chunk()).expect("kept");
    assert_eq!(depth, Duration::from_millis(20));
    session.session.close();
    session.answer();
    assert_eq!(session.wait_for("closed").code, Some("local"));
}

#[test]
fn datagrams_from_strangers_get_no_answer() {
    let _turn = turn();
    let session = Observed::accept(&loopback(), session_options(), OFFER);
    let answer = session.answer();
    let ufrag = answer.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).expect("credentials");
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("bound");
    let to = ("127.0.0.1", port(&answer));
    for datagram in strangers(ufrag) {
        stranger.send_to(&datagram, to).expect("sent");
    }
    // Commands and datagrams are taken in the same round, so after this the worker has seen them all.
    assert_eq!(session.close(), "local");
    stranger.set_nonblocking(true).expect("set");
    assert!(stranger.recv(&mut [0; 2048]).is_err(), "something was answered");
}

/// Unsigned and malformed checks, handshakes and media.
fn strangers(ufrag: &str) -> Vec<Vec<u8>> {
    let username = format!("{ufrag}:peer");
    let padded = username.len().next_multiple_of(4);
    let mut unsigned = vec![0, 1, 0, (4 + padded) as u8, 0x21, 0x12, 0xa4, 0x42];
    unsigned.extend([7; 12]);
    unsigned.extend([0, 6, 0, username.len() as u8]);
    unsigned.extend(username.bytes());
    unsigned.resize(24 + padded, 0);
    let mut wrongly_signed = unsigned.clone();
    wrongly_signed[3] += 24;
    wrongly_signed.extend([0, 8, 0, 20]);
    wrongly_signed.extend([9; 20]);
    let hello = [&[22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40][..], &[1; 40]].concat();
    vec![unsigned, wrongly_signed, hello, vec![0x80; 60], vec![], vec![0xff; 2048]]
}

fn chunk() -> parley_transport::Chunk {
    parley_transport::Chunk {
        samples: parley_transport::Samples::I16(vec![0; 480]),
        rate: parley_transport::SampleRate::HZ_24000,
        layout: parley_transport::Layout::Mono,
    }
}
