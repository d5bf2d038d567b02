//! What strangers send into a call: nothing of it is delivered, answered or remembered.

use parley_netsim::{
    Call, Check, Ends, Kind, Link, Random, Scene, millis, peer_address, secs, start_of_time,
};
use parley_session::{CloseReason, Event, Input};
use std::net::SocketAddr;

fn stranger() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 66], 6_666))
}

fn ice_ufrag(sdp: &str) -> &str {
    sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).expect("it has one")
}

#[test]
fn a_certificate_that_does_not_match_the_offer_ends_the_call_before_anything_is_heard() {
    let edit_offer = |offer: String| {
        let at = offer.find("sha-256 ").expect("a fingerprint") + 8;
        let (before, rest) = offer.split_at(at);
        // Another first byte, everywhere it is written.
        let (old, new) = (&rest[..2], if rest.starts_with("00") { "01" } else { "00" });
        format!("{before}{rest}").replace(&format!("sha-256 {old}"), &format!("sha-256 {new}"))
    };
    let mut call = Scene { edit_offer, ..Scene::default() }.ring();
    call.peer.speak(call.now(), parley_netsim::tone(440.0, secs(5)));
    call.run(secs(30));
    assert_eq!(call.closed(), Some(CloseReason::Failed), "{:?}", call.events);
    let refused = call.when(&Event::Closed(CloseReason::Failed)).expect("just seen");
    assert!(refused - start_of_time() <= secs(1), "at once");
    assert!(!call.happened(&Event::Connected));
    assert_eq!(call.handler_heard.count(), 0);
}

#[test]
fn forged_media_are_not_delivered_but_counted() {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(1));
    let (before, mut random) = (call.session.stats(), Random::new(3));
    let real: Vec<_> = call.wire.of(Ends::Peer, Kind::Rtp).map(|sent| sent.bytes.clone()).collect();
    for _ in 0..1_000 {
        let mut forged = random.pick(&real).clone();
        // A later number, so that it is no replay, and a payload that was not encrypted by the peer.
        forged[2..4].copy_from_slice(&(1_060 + random.below(50) as u16).to_be_bytes());
        let at = 12 + random.below(forged.len() - 12);
        forged[at] ^= 1 << random.below(8);
        assert!(call.inject(peer_address(), &forged).is_empty());
    }
    let after = call.session.stats();
    assert_eq!((after.packets_in, after.refused), (before.packets_in, before.refused + 1_000));
    call.assert_alive("forged media");
}

#[test]
fn replayed_media_are_not_delivered_but_counted() {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(1));
    call.run(millis(100));
    let before = call.session.stats();
    let real: Vec<_> = call.wire.of(Ends::Peer, Kind::Rtp).map(|sent| sent.bytes.clone()).collect();
    for datagram in &real {
        call.inject(peer_address(), datagram);
    }
    let after = call.session.stats();
    assert_eq!((after.packets_in, after.refused), (before.packets_in, before.refused));
    assert_eq!(after.media.duplicate, before.media.duplicate + real.len() as u64);
}

#[test]
fn a_forged_packet_keeps_none_from_being_heard_that_has_its_number() {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(1));
    let start = call.now();
    for _ in 0..50 {
        let newest = call.wire.of(Ends::Peer, Kind::Rtp).last().expect("it speaks").bytes.clone();
        let mut forged = newest.clone();
        let next = u16::from_be_bytes([newest[2], newest[3]]).wrapping_add(1);
        forged[2..4].copy_from_slice(&next.to_be_bytes());
        call.inject(peer_address(), &forged);
        call.peer_speaks(440.0, millis(20));
    }
    assert!(call.handler_heard.since(start).tone_share(440.0) > 0.97);
    let stats = call.session.stats();
    assert_eq!((stats.media.lost, stats.media.concealed, stats.media.duplicate), (0, 0, 0), "{stats:?}");
    assert!(stats.refused >= 50);
}

#[test]
fn checks_that_are_unsigned_or_signed_wrongly_get_no_answer_and_bind_nothing() {
    let mut call = Call::connect(Link::perfect());
    let ours = call.session.credentials().clone();
    let username = format!("{}:{}", ours.ufrag, ice_ufrag(&call.offer));
    let good =
        Check { username: username.clone(), password: Some(ours.password.clone()), ..Check::default() };
    let bad = [
        ("unsigned", Check { password: None, ..good.clone() }),
        ("wrong password", Check { password: Some("x".repeat(24)), ..good.clone() }),
        ("wrong name", Check { username: "somebody:else".to_owned(), ..good.clone() }),
        ("no name", Check { username: String::new(), ..good.clone() }),
        ("unsigned, asks to switch roles", Check { password: None, controlled: true, ..good.clone() }),
        ("unsigned, nominates", Check { password: None, nominates: true, ..good.clone() }),
    ];
    for (what, check) in &bad {
        let refused = call.session.stats().refused;
        assert!(call.inject(stranger(), &check.bytes()).is_empty(), "{what}");
        assert_eq!(call.session.stats().refused, refused + 1, "{what}");
    }
    assert!(!call.happened(&Event::Validated(stranger())));
    let answers = call.inject(stranger(), &good.bytes());
    assert!(answers.iter().any(|sent| sent.bytes.starts_with(&[1, 1])), "a good one is answered");
    assert!(call.happened(&Event::Validated(stranger())), "and binds");
}

/// The addresses that signed checks came from.
fn validated(call: &Call) -> Vec<SocketAddr> {
    let mut addresses = Vec::new();
    for (_, event) in &call.events {
        if let Event::Validated(address) = event
            && !addresses.contains(address)
        {
            addresses.push(*address);
        }
    }
    addresses
}

#[test]
fn an_address_is_validated_only_by_a_signed_check() {
    let mut call = Scene::default().ring();
    assert!(call.run_until(secs(5), |call| call.happened(&Event::Connected)));
    assert_eq!(validated(&call), [peer_address()]);
    let first = call.wire.of(Ends::Peer, Kind::Stun).next().expect("a check").at + millis(10);
    assert_eq!(
        call.when(&Event::Validated(peer_address())),
        Some(first),
        "the first check binds, 10 ms later"
    );
}

#[test]
fn an_unsigned_check_before_the_connection_does_not_switch_our_role() {
    let mut call = Scene::default().ring();
    let username = format!("{}:{}", call.session.credentials().ufrag, ice_ufrag(&call.offer));
    let forged = Check { username, controlled: true, ..Check::default() };
    for _ in 0..20 {
        assert!(call.inject(peer_address(), &forged.bytes()).is_empty());
    }
    assert!(call.run_until(secs(2), |call| call.happened(&Event::Connected)), "{:?}", call.events);
}

#[test]
fn few_addresses_are_bound_however_many_signed_checks_come() {
    let mut call = Call::connect(Link::perfect());
    let ours = call.session.credentials().clone();
    let check = Check {
        username: format!("{}:{}", ours.ufrag, ice_ufrag(&call.offer)),
        password: Some(ours.password),
        ..Check::default()
    };
    for port in 1_000..2_000 {
        call.inject(SocketAddr::new(stranger().ip(), port), &check.bytes());
    }
    assert_eq!(validated(&call).len(), 32);
    call.assert_alive("a thousand addresses");
}

#[test]
fn of_a_thousand_candidates_twenty_are_contacted_and_none_that_is_forbidden() {
    let edit_offer = |offer: String| {
        let end = offer.find("m=application").expect("a data section");
        let mut lines = String::new();
        for n in 0..1_000 {
            let ip = match n % 5 {
                0 => "169.254.169.254".to_owned(),
                1 => "127.0.0.1".to_owned(),
                2 => format!("224.0.0.{}", n % 250),
                _ => format!("203.0.113.{}", n % 250 + 1),
            };
            lines.push_str(&format!("a=candidate:{n} 1 udp 2122260223 {ip} {} typ host\r\n", 10_000 + n));
        }
        format!("{}{lines}{}", &offer[..end], &offer[end..])
    };
    // The link carries nothing, so that all of them are tried.
    let mut call = Scene { edit_offer, link: Link::lossy(1.0), ..Scene::default() }.ring();
    for n in 0..1_000 {
        call.handle(Input::Candidate(&format!("candidate:1 1 udp 1 203.0.113.9 {} typ host", 20_000 + n)));
    }
    call.run(secs(20));
    let mut contacted: Vec<SocketAddr> = call.wire.of(Ends::Server, Kind::Stun).map(|sent| sent.to).collect();
    let checks = contacted.len();
    contacted.sort();
    contacted.dedup();
    assert!((15..=20).contains(&contacted.len()), "{contacted:?}");
    assert!(
        contacted.iter().all(|to| to.ip().to_string().starts_with("203.0.113.") || *to == peer_address())
    );
    assert!(checks <= 20 * 10, "{checks} checks");
}

#[test]
fn a_half_open_session_answers_no_flood_and_ends_in_time() {
    let mut call = Scene { link: Link::lossy(1.0), ..Scene::default() }.ring();
    for record in records(2_000) {
        assert!(call.inject(stranger(), &record).is_empty());
    }
    assert_eq!(call.session.stats().refused, 2_000);
    call.run(secs(20));
    assert_eq!(call.closed(), Some(CloseReason::ConnectTimeout));
}

#[test]
fn protected_records_before_the_handshake_are_not_kept_and_the_call_connects() {
    let mut call = Scene::default().ring();
    assert!(call.run_until(secs(5), |call| call.happened(&Event::Validated(peer_address()))));
    for record in records(2_000).filter(|record| record[0] == 23) {
        call.inject(peer_address(), &record);
    }
    assert!(call.session.stats().refused >= 900, "{}", call.session.stats().refused);
    assert!(call.run_until(secs(5), |call| call.happened(&Event::Connected) && call.peer.channel_is_open()));
    call.assert_alive("a flood before the handshake");
}

#[test]
fn datagrams_from_an_address_that_was_never_validated_are_not_read() {
    let mut call = Call::connect(Link::perfect());
    call.peer_speaks(440.0, secs(1));
    let real: Vec<_> = call.wire.since(Ends::Peer, start_of_time()).map(|sent| sent.bytes.clone()).collect();
    for datagram in real.iter().filter(|datagram| Kind::of(datagram) != Kind::Stun) {
        assert!(call.inject(stranger(), datagram).is_empty());
    }
    assert_eq!(call.session.stats().remote_address, Some(peer_address()));
    call.assert_alive("replays from elsewhere");
}

/// Handshake records in the clear and protected data, in turns.
fn records(count: u32) -> impl Iterator<Item = Vec<u8>> {
    let mut random = Random::new(9);
    (0..count).map(move |n| {
        let (kind, epoch) = if n % 2 == 0 { (22, 0) } else { (23, 1) };
        let mut record = vec![kind, 254, 253, 0, epoch, 0, 0];
        record.extend(n.to_be_bytes());
        record.extend(1_000_u16.to_be_bytes());
        record.extend(random.bytes(1_000));
        record
    })
}
