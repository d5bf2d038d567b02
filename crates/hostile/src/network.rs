//! What comes by the network from somebody who has no keys.

use crate::input::Input;
use parley_netsim::{Call, Link, Scene, millis, peer_address, start_of_time};
use parley_session::stun::{StunView, mapped_address};
use parley_session::{Identity, Received, Relay, TurnServer};
use std::net::SocketAddr;
use std::sync::OnceLock;

/// Datagrams of one run.
const MAX_DATAGRAMS: usize = 64;

/// One STUN message: nothing that is unsigned counts as signed.
pub fn stun(data: &[u8]) {
    let Some(view) = StunView::parse(data) else { return };
    let _ = (view.kind(), view.transaction_id(), view.local_ufrag(), view.username());
    let _ = mapped_address(&view);
    let provider = parley_netsim::crypto();
    assert!(!view.is_signed_with("a password that nobody has", provider.crypto()));
}

fn identity() -> &'static Identity {
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    IDENTITY.get_or_init(|| Identity::generate().expect("a certificate"))
}

/// Datagrams from a TURN server's address, each behind its length, with a moment between them.
pub fn turn(data: &[u8]) {
    let address = SocketAddr::from(([192, 0, 2, 77], 3_478));
    let server = TurnServer { address, username: "name".to_owned(), password: "secret".to_owned() };
    let mut now = start_of_time();
    let mut relay = Relay::new(now, server, identity(), || [7; 12]);
    let mut input = Input::new(data);
    for _ in 0..MAX_DATAGRAMS {
        relay.wake(now);
        relay.send(now, peer_address(), b"to a peer");
        assert!(std::iter::from_fn(|| relay.poll()).take(100).count() < 100, "an endless answer");
        let datagram = input.piece();
        if let Received::Data(_, inner) = relay.handle(now, datagram) {
            assert!(inner.len() <= datagram.len());
        }
        now += millis(u64::from(input.byte()) * 100);
        if input.is_empty() {
            break;
        }
    }
}

/// Datagrams from the peer's address while ICE and DTLS are under way. They may end the attempt, and nothing else.
pub fn handshake(data: &[u8]) {
    let mut input = Input::new(data);
    let mut call = Scene { link: Link::perfect(), ..Scene::default() }.ring();
    for _ in 0..MAX_DATAGRAMS {
        if input.is_empty() {
            break;
        }
        call.run(millis(u64::from(input.byte() % 16)));
        call.inject(peer_address(), input.piece());
    }
    call.run(millis(2_000));
    assert_eq!(call.handler_messages().len(), 0, "nobody with the keys sent any");
}

/// Datagrams from the peer's address to a call that stands: they change nothing.
pub fn datagrams(data: &[u8]) {
    let mut input = Input::new(data);
    let mut call = Call::connect(Link::perfect());
    for _ in 0..MAX_DATAGRAMS {
        if input.is_empty() {
            break;
        }
        let answers = call.inject(peer_address(), input.piece());
        assert!(answers.len() <= 4, "{} datagrams for one", answers.len());
        assert_eq!(call.closed(), None);
    }
    call.run(millis(200));
    assert_eq!(call.closed(), None);
    assert_eq!(call.handler_messages().len(), 0, "nobody with the keys sent any");
}
