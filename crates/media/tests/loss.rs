//! What a handler hears while packets get lost, come late, or overtake one another.

mod common;

use std::time::Duration;

use common::{FRAME, MS, Packet, Rig, options, tone, tone_packets, tone_packets_with_copies};
use parley_media::{PipelineOptions, PipelineStats, RtpStart};

/// When each packet arrives after the first one's time; none when it is lost.
type Path<'a> = &'a dyn Fn(usize) -> Option<Duration>;

/// A peer's packets on a path.
fn heard(options: PipelineOptions, packets: &[Packet], path: Path<'_>) -> Rig {
    let mut rig = Rig::new(options);
    rig.connect();
    let mut order: Vec<(Duration, usize)> =
        (0..packets.len()).filter_map(|n| path(n).map(|at| (at, n))).collect();
    order.sort();
    for (at, n) in order {
        rig.run_until(at);
        rig.receive(&packets[n]);
    }
    rig
}

fn on_time(n: usize) -> Duration {
    FRAME * n as u32
}

fn stats(rig: &Rig) -> PipelineStats {
    rig.pipeline.stats()
}

/// The longest time between two frames from the `from`th on.
fn longest_wait(rig: &Rig, from: usize) -> Duration {
    rig.frames[from..].windows(2).map(|pair| pair[1].0 - pair[0].0).max().unwrap_or_default()
}

fn rms(samples: &[i16]) -> f64 {
    tone::rms(&samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect::<Vec<_>>())
}

/// Frames that are silence, or nearly so, from the `from`th on.
fn faint(rig: &Rig, from: usize) -> usize {
    rig.frames[from..].iter().filter(|(_, samples)| rms(samples) < 0.08).count()
}

/// xorshift64*: the same numbers on every machine.
struct Numbers(u64);

impl Numbers {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40) as f64 / f64::from(1 << 24)
    }
}

/// A share of `count` packets, the first hundred excepted.
fn lost(share: f64, count: usize, seed: u64) -> Vec<bool> {
    let mut numbers = Numbers(seed);
    (0..count).map(|n| numbers.unit() < share && n >= 100).collect()
}

#[test]
fn a_lost_packet_is_restored_from_the_copy_in_the_one_behind_it() {
    let packets = tone_packets_with_copies(440.0, 100);
    let rig = heard(options(), &packets, &|n| Some(on_time(n)).filter(|_| n % 10 != 5 || n < 20));
    let stats = stats(&rig);
    assert_eq!((stats.lost, stats.fec_recovered, stats.concealed, stats.frames), (8, 8, 0, 100));
    let whole = tone::fit(&rig.heard_f32()[24_000..90_000], 440.0, 48_000);
    assert!(whole.snr_db > 12.0, "{} dB", whole.snr_db);
}

#[test]
fn of_two_lost_packets_the_first_is_concealed_and_the_second_restored() {
    let packets = tone_packets_with_copies(440.0, 100);
    let rig = heard(options(), &packets, &|n| Some(on_time(n)).filter(|_| n != 50 && n != 51));
    let stats = stats(&rig);
    assert_eq!((stats.lost, stats.fec_recovered, stats.concealed, stats.frames), (2, 1, 1, 100));
    assert_eq!(faint(&rig, 10), 0);
}

#[test]
fn a_lost_packet_that_nothing_restores_is_concealed_on_the_clock() {
    let packets = tone_packets(440.0, 1_200, RtpStart::default());
    let rig = heard(options(), &packets, &|n| Some(on_time(n)).filter(|_| n != 1_150));
    assert_eq!(rig.frames[1_150].0, on_time(1_150) + 5 * MS, "without waiting for the next packet");
    assert_eq!(rig.frames[1_151].0, on_time(1_151), "which is as early as ever");
    let stats = stats(&rig);
    assert_eq!((stats.lost, stats.concealed, stats.late, stats.frames), (1, 1, 0, 1_200));
}

#[test]
fn a_copy_is_waited_for_until_the_packet_that_has_it_is_due() {
    let packets = tone_packets_with_copies(440.0, 1_200);
    let rig =
        heard(options(), &packets, &|n| Some(on_time(n)).filter(|_| !matches!(n, 1_100 | 1_150 | 1_151)));
    assert_eq!(
        rig.frames[1_100].0,
        on_time(1_101) + 3 * MS,
        "the next packet, and the time to be overtaken in"
    );
    assert_eq!(rig.frames[1_150].0, on_time(1_151) + 5 * MS, "the next packet isn't here either");
    assert_eq!(rig.frames[1_151].0, on_time(1_152) + 3 * MS);
    assert_eq!(rig.frames[1_153].0, on_time(1_153));
}

#[test]
fn frames_keep_coming_however_many_packets_get_lost() {
    for share in [0.05, 0.1, 0.2] {
        let packets = tone_packets_with_copies(440.0, 3_000);
        let lost = lost(share, 3_000, 7);
        let rig = heard(options(), &packets, &|n| Some(on_time(n)).filter(|_| !lost[n]));
        let stats = stats(&rig);
        assert!(longest_wait(&rig, 0) <= 55 * MS, "{share}: {:?}", longest_wait(&rig, 0));
        assert!(longest_wait(&rig, 1_000) <= 45 * MS, "{share}: {:?}", longest_wait(&rig, 1_000));
        assert!(stats.frames >= 2_998, "{share}: {stats:?}");
        let real = 1.0 - (stats.concealed as f64) / stats.frames as f64;
        assert!(real > 1.0 - 1.2 * share * share - 0.002, "{share}: {real} real");
        assert!(faint(&rig, 20) <= 3, "{share}: {} frames without the tone", faint(&rig, 20));
    }
}

#[test]
fn what_was_made_up_fades_to_silence_and_the_stream_keeps_time() {
    let packets = tone_packets(440.0, 200, RtpStart::default());
    let rig = heard(options(), &packets, &|n| Some(on_time(n)).filter(|_| !(100..150).contains(&n)));
    let levels: Vec<f64> = rig.frames[100..150].iter().map(|(_, samples)| rms(samples)).collect();
    assert!(levels[..4].iter().all(|level| *level > 0.08), "{levels:?}");
    assert!(levels[6..].iter().all(|level| *level == 0.0), "{levels:?}");
    assert!(longest_wait(&rig, 0) <= 40 * MS, "a frame each 20 ms all the while");
    let stats = stats(&rig);
    assert_eq!((stats.frames, stats.lost, stats.concealed + stats.synthesised), (200, 50, 50));
}

#[test]
fn a_packet_that_comes_late_is_heard_all_the_same_and_waited_for_next_time() {
    let packets = tone_packets(440.0, 2_000, RtpStart::default());
    let rig = heard(options(), &packets, &|n| {
        let late = if n >= 1_100 && n % 100 == 0 { 60 } else { 0 };
        // Nothing overtakes it.
        let wait = if n >= 1_100 { late.max(60_u32.saturating_sub(20 * (n % 100) as u32)) } else { 0 };
        Some(on_time(n) + wait * MS)
    });
    let stats = stats(&rig);
    assert_eq!((stats.lost, stats.late, stats.restarts), (0, 0, 0));
    assert_eq!(stats.concealed, 3, "at the first of nine times alone");
    assert_eq!(faint(&rig, 10), 0);
    assert!(stats.frames.abs_diff(2_000) <= 1, "and the time of it is taken back: {}", stats.frames);
}

#[test]
fn the_reorder_allowance_grows_at_once_with_what_overtakes_and_shrinks_slowly() {
    let packets = tone_packets(440.0, 3_000, RtpStart::default());
    let late = |n: usize| if n % 50 == 20 && (500..1_000).contains(&n) { 50 * MS } else { Duration::ZERO };
    let mut rig = Rig::new(options());
    rig.connect();
    let mut order: Vec<(Duration, usize)> = (0..packets.len()).map(|n| (on_time(n) + late(n), n)).collect();
    order.sort();
    let mut allowances = Vec::new();
    for (at, n) in order {
        rig.run_until(at);
        rig.receive(&packets[n]);
        allowances.push(stats(&rig).reorder_allowance);
    }
    assert_eq!(allowances[499], 3 * MS);
    assert_eq!(allowances[600], 33 * MS, "it came 30 ms after the one behind it");
    assert_eq!(allowances[1_400], 33 * MS, "ten seconds later it might happen again");
    assert_eq!(allowances[2_999], 3 * MS);
    let stats = stats(&rig);
    assert_eq!((stats.lost, stats.late, stats.concealed), (1, 1, 1), "the first of ten alone");
}

#[test]
fn a_copy_is_used_after_the_reorder_allowance_too() {
    let packets = tone_packets_with_copies(440.0, 100);
    let patient = PipelineOptions { jitter_min: 60 * MS, ..options() };
    let rig = heard(patient, &packets, &|n| Some(on_time(n)).filter(|_| n != 50));
    assert_eq!(rig.frames[50].0, on_time(51) + 60 * MS);
    let stats = stats(&rig);
    assert_eq!((stats.fec_recovered, stats.concealed), (1, 0));
}

#[test]
fn jitter_alone_makes_nothing_up_once_it_is_known() {
    let packets = tone_packets(440.0, 3_000, RtpStart::default());
    let mut numbers = Numbers(3);
    let mut last = Duration::ZERO;
    let arrivals: Vec<Duration> = (0..3_000)
        .map(|n| {
            last = last.max(on_time(n) + Duration::from_secs_f64(0.08 * numbers.unit()));
            last
        })
        .collect();
    let rig = heard(options(), &packets, &|n| Some(arrivals[n]));
    let stats = stats(&rig);
    assert_eq!((stats.lost, stats.late, stats.restarts), (0, 0, 0));
    assert!(stats.concealed <= 5, "{}", stats.concealed);
    assert!(stats.frames.abs_diff(3_000) <= 4, "{}", stats.frames);
    let stood = rig.frames.iter().filter(|(at, _)| !arrivals.contains(at)).count();
    assert!(stood <= 5, "what is in order is never held back: {stood}");
}

#[test]
fn a_pause_is_not_taken_for_loss() {
    let mut packets = tone_packets(440.0, 100, RtpStart::default());
    for packet in &mut packets[50..] {
        packet.timestamp += 48_000;
    }
    let rig = heard(options(), &packets, &|n| {
        Some(on_time(n) + if n >= 50 { Duration::from_secs(1) } else { Duration::ZERO })
    });
    let stats = stats(&rig);
    assert_eq!((stats.concealed, stats.lost, stats.synthesised, stats.frames), (0, 0, 50, 150));
}
