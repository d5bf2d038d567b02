//! A peer whose clock is not ours.

mod common;

use std::time::Duration;

use common::{FRAME, MS, Packet, Rig, options, packets_of, tone, tone_packets};
use parley_media::RtpStart;

const HALF_AN_HOUR: u32 = 90_000;

/// Half an hour of a peer whose clock is fast by so many parts in a million; it says the packet again and again. Says
/// also by how much the handler's audio was ahead of or behind real time at most, the frame that is being made excepted.
fn half_an_hour(ppm: f64, packet: &Packet) -> (Rig, Duration) {
    let mut rig = Rig::new(options());
    rig.connect();
    let interval = Duration::from_secs_f64(0.02 / (1.0 + ppm / 1e6));
    let (mut frames, mut most) = (0, Duration::ZERO);
    for n in 0..HALF_AN_HOUR {
        rig.run_until(interval * n);
        rig.receive(&Packet { sequence_number: n as u16, timestamp: n * 960, ..packet.clone() });
        frames += rig.frames.len() as u32;
        rig.frames.clear();
        if n % 50 == 49 {
            let passed = rig.now + FRAME;
            let behind = passed.saturating_sub(FRAME * (frames + 1));
            most = most.max(behind).max((FRAME * frames).saturating_sub(passed));
        }
    }
    (rig, most)
}

#[test]
fn a_handler_stays_in_step_with_a_peer_whose_clock_is_300_ppm_off_while_it_speaks() {
    let speech = &tone_packets(440.0, 50, RtpStart::default())[30];
    for ppm in [300.0, -300.0] {
        let (rig, most) = half_an_hour(ppm, speech);
        assert!(most <= 20 * MS, "{ppm} ppm: {most:?} off");
        let stats = rig.pipeline.stats();
        assert_eq!((stats.late, stats.trimmed, stats.restarts, stats.lost), (0, 0, 0, 0), "{ppm} ppm");
        assert_eq!((stats.concealed, stats.synthesised), (0, 0), "{ppm} ppm");
        assert!((f64::from(stats.drift_ppm) - ppm).abs() <= 5.0, "{ppm} ppm: said {}", stats.drift_ppm);
    }
}

#[test]
fn a_handler_stays_in_step_while_the_peer_is_silent() {
    let silence = &packets_of(vec![0.0; 960 * 10], RtpStart::default())[5];
    for ppm in [300.0, -300.0] {
        let (_, most) = half_an_hour(ppm, silence);
        assert!(most <= 20 * MS, "{ppm} ppm: {most:?} off");
    }
}

#[test]
fn the_tone_of_a_peer_whose_clock_is_off_stays_clean() {
    let packets = tone_packets(440.0, 3_000, RtpStart::default());
    for ppm in [1_000.0, -1_000.0] {
        let mut rig = Rig::new(options());
        rig.connect();
        for (n, packet) in packets.iter().enumerate() {
            rig.run_until(Duration::from_secs_f64(0.02 * n as f64 / (1.0 + ppm / 1e6)));
            rig.receive(packet);
        }
        let heard = rig.heard_f32();
        for frame in heard[48_000..].chunks_exact(960) {
            let fit = tone::fit(frame, 440.0, 48_000);
            assert!(fit.snr_db > 15.0, "{ppm} ppm: {} dB", fit.snr_db);
        }
    }
}
