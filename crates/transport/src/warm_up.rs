//! What the first call would otherwise wait for: the certificate, and code that the processor has not met yet.

use crate::identity::identity;
use crate::panic::{contain, quieten_this_thread};
use parley_media::{Chunk, Layout, OpusOptions, SampleRate, Samples, encode_ogg_opus};
use std::sync::Once;

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
    // Both keep what they made or say why not when they are asked again.
    let _ = identity();
    let rate = SampleRate::HZ_48000;
    let tone = (0..rate.hz() / 10).map(|n| ((f64::from(n) * 0.06).sin() * 8000.0) as i16);
    let chunk = Chunk { samples: Samples::I16(tone.collect()), rate, layout: Layout::Mono };
    let _ = encode_ogg_opus(chunk, OpusOptions::default());
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
