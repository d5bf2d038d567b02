//! What retransmission of audio (NACK, RFC 4585) would give over what is done anyway: `cargo run -p parley-media
//! --example nack`. A receiver asks for a missing packet when the next one is here, and waits a round trip for it; what
//! it asks and what it gets may be lost too.

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Duration;

use common::{FRAME, MS, Packet, Rig, options, tone_packets, tone_packets_with_copies};
use parley_media::{PipelineOptions, RtpStart};

const PACKETS: usize = 6_000;

/// xorshift64*: the same numbers on every machine.
struct Numbers(u64);

impl Numbers {
    fn chance(&mut self, share: f64) -> bool {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let unit = (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40) as f64 / f64::from(1 << 24);
        unit < share
    }
}

/// Arrivals of packets of which a share is lost, once resent after a round trip if there is one.
fn arrivals(loss: f64, round_trip: Option<Duration>) -> Vec<(Duration, usize)> {
    let mut numbers = Numbers(0x9e37_79b9);
    let lost: Vec<bool> = (0..PACKETS).map(|_| numbers.chance(loss)).collect();
    let mut order = Vec::new();
    for n in 0..PACKETS {
        let at = FRAME * n as u32;
        let next = (n + 1..PACKETS).find(|n| !lost[*n]).unwrap_or(n);
        let resent = round_trip.filter(|_| !numbers.chance(loss) && !numbers.chance(loss));
        match (lost[n], resent) {
            (false, _) => order.push((at, n)),
            (true, Some(round_trip)) => order.push((FRAME * next as u32 + round_trip, n)),
            (true, None) => {}
        }
    }
    order.sort();
    order
}

fn measure(name: &str, packets: &[Packet], loss: f64, round_trip: Option<Duration>) {
    let wait = round_trip.map_or(Duration::ZERO, |round_trip| round_trip + 5 * MS);
    let mut rig = Rig::new(PipelineOptions { jitter_min: wait, jitter_max: wait.max(120 * MS), ..options() });
    rig.connect();
    for (at, n) in arrivals(loss, round_trip) {
        rig.run_until(at);
        rig.receive(&packets[n]);
    }
    let stats = rig.pipeline.stats();
    let share = |frames: u64| 100.0 * frames as f64 / stats.frames as f64;
    let waits: Vec<Duration> = rig.frames.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    let stalled = waits.iter().filter(|wait| **wait > 45 * MS).count();
    println!(
        "{name:28} loss {:2.0} %: guessed {:5.2} %, restored {:5.2} %, longest wait {:3} ms, over 45 ms {:4.1} a minute",
        loss * 100.0,
        share(stats.concealed),
        share(stats.fec_recovered),
        waits.iter().max().map_or(0, Duration::as_millis),
        stalled as f64 / 2.0,
    );
}

fn main() {
    let copies = tone_packets_with_copies(440.0, PACKETS);
    let plain = tone_packets(440.0, PACKETS, RtpStart::default());
    for loss in [0.05, 0.1, 0.2] {
        measure("FEC", &copies, loss, None);
        measure("neither", &plain, loss, None);
        for milliseconds in [10, 40, 100] {
            let round_trip = Some(MS * milliseconds);
            measure(&format!("NACK, {milliseconds} ms"), &plain, loss, round_trip);
            measure(&format!("NACK and FEC, {milliseconds} ms"), &copies, loss, round_trip);
        }
    }
}
