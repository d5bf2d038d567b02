//! How hard encoders try goes by the time that their media thread has to spare.

mod common;

use common::caller::Caller;
use common::session_options;
use parley_netsim::{PeerOptions, tone};
use parley_transport::{OpusOptions, SessionOptions};
use std::time::Duration;

fn call_at(bitrate: u32) -> Caller {
    let opus = OpusOptions { bitrate, ..OpusOptions::default() };
    let (caller, _) =
        Caller::call_with(SessionOptions { opus, ..session_options() }, &PeerOptions::default());
    caller.session.session.write_audio(tone(440.0, Duration::from_secs(30))).expect("the session is open");
    caller
}

fn effort(caller: &Caller) -> u8 {
    caller.session.session.stats().session.media.complexity
}

#[test]
fn an_encoder_that_is_short_of_bits_tries_harder_while_its_media_thread_has_time() {
    let (mut poor, mut rich) = (call_at(24_000), call_at(64_000));
    let mut efforts = Vec::new();
    poor.run_silently(|call| {
        rich.step();
        let now = effort(call);
        if efforts.last() != Some(&now) {
            efforts.push(now);
        }
        now == 3
    });
    // On a machine that stands still it may fall in between.
    assert!(efforts.windows(2).all(|pair| pair[1] <= pair[0] + 1), "step by step: {efforts:?}");
    assert_eq!(effort(&rich), 0, "with bits enough it gains nothing");
    assert!(rich.peer.heard.count() > 50);
}
