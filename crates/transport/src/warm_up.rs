//! What the first call would otherwise wait for: the certificate, and code that the processor has not met yet.

use crate::identity::identity;
use crate::panic::{contain, quieten_this_thread};
use parley_media::{Chunk, Layout, OpusOptions, SampleRate, Samples, encode_ogg_opus};
use parley_session::{Identity, Input, LocalAddresses, Output, RtcSession, Seed, SessionOptions};
use std::net::SocketAddr;
use std::sync::{Arc, Once};
use std::time::Instant;

/// An offer of audio and a data channel, as browsers make them.
const OFFER: &str = include_str!("warm_up.sdp");

/// Makes the process's certificate and rehearses the codec, once, on a thread of its own that ends by itself. Returns
/// at once; without it the first session does the same while its caller waits.
pub fn warm_up() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let run = || {
            quieten_this_thread();
            // What fails here fails again with the first session, which can tell somebody.
            if let Err(fault) = contain(rehearse) {
                log::debug!("the warm-up met a fault: {fault}");
            }
        };
        if let Err(error) = std::thread::Builder::new().name("parley-warm-up".into()).spawn(run) {
            log::debug!("no thread for the warm-up: {error}");
        }
    });
}

fn rehearse() {
    // All of these say why not when they are asked again.
    if let Ok(identity) = identity() {
        answer(identity, Instant::now());
    }
    let rate = SampleRate::HZ_48000;
    let tone = (0..rate.hz() / 10).map(|n| ((f64::from(n) * 0.06).sin() * 8000.0) as i16);
    let chunk = Chunk { samples: Samples::I16(tone.collect()), rate, layout: Layout::Mono };
    let _ = encode_ogg_opus(chunk, OpusOptions::default());
}

/// Answers an offer that nobody made, and forgets it.
fn answer(identity: &Identity, now: Instant) {
    let options = SessionOptions::default();
    let address = SocketAddr::from(([127, 0, 0, 1], 9));
    let local = LocalAddresses { v4: Some(address), candidates: vec![address], ..LocalAddresses::default() };
    let seed = Seed { ssrc: 1, sequence_number: 0, timestamp: 0 };
    if let Ok((mut session, _)) = RtcSession::accept(now, identity, Arc::new(local), options, seed, OFFER) {
        session.handle(now, Input::Wake);
        while !matches!(session.poll_output(), Output::WakeAt(_)) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsal_leaves_the_process_its_certificate() {
        rehearse();
        assert!(identity().is_ok());
    }
}
