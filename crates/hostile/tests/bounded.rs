//! Each fuzz target on the inputs that are kept in `fuzz/corpus`, and on damaged copies of them, with equal seeds in
//! every run. `PARLEY_FUZZ_RUNS=100` makes a hundred times as many.

use parley_hostile::{TARGETS, damage};
use parley_netsim::Random;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).expect("a readable file")).collect()
}

fn run(name: &str) {
    let (_, target, count) = TARGETS.into_iter().find(|(target, ..)| *target == name).expect("a target");
    let times: usize = std::env::var("PARLEY_FUZZ_RUNS").map_or(1, |runs| runs.parse().expect("a number"));
    let kept = corpus(name);
    assert!(!kept.is_empty(), "fuzz/corpus/{name} keeps an input to begin with");
    let mut random = Random::new(1);
    let damaged = (0..count * times).map(|_| {
        let mut input = random.pick(&kept).clone();
        damage(&mut random, &mut input);
        input
    });
    for input in kept.iter().cloned().chain(damaged.collect::<Vec<_>>()) {
        let outcome = catch_unwind(AssertUnwindSafe(|| target(&input)));
        assert!(outcome.is_ok(), "{name}: {input:02x?}");
    }
}

macro_rules! bounded {
    ($($test:ident: $target:literal),* $(,)?) => {
        $(#[test]
        fn $test() {
            run($target);
        })*

        #[test]
        fn every_target_is_run_and_has_its_file() {
            let names = [$($target),*];
            assert_eq!(TARGETS.map(|(name, ..)| name), names);
            let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
            for name in names {
                assert!(fuzz.join(name).with_extension("rs").exists(), "fuzz/fuzz_targets/{name}.rs");
            }
        }
    };
}

bounded! {
    damaged_offers_are_answered_or_refused: "offer",
    damaged_candidates_lead_nowhere_forbidden: "candidate",
    damaged_stun_is_read_or_dropped: "stun",
    a_turn_client_survives_its_server: "turn",
    a_handshake_survives_what_comes_between: "handshake",
    a_call_survives_what_has_no_keys: "datagrams",
    a_call_survives_its_peers_media_and_reports: "media",
    a_call_survives_its_peers_messages_and_chunks: "sctp",
    the_pipeline_survives_any_rtp: "pipeline",
    the_decoder_survives_any_payload: "opus",
    the_encoder_survives_any_samples: "emitted",
    speech_is_looked_for_in_any_numbers: "speech",
    a_pipeline_that_listens_for_speech_survives_its_peer: "listening",
    a_socket_survives_its_far_end: "payloads",
    a_websocket_survives_any_bytes: "websocket",
    a_video_payload_is_read_or_refused: "vp8_payload",
    frames_of_any_packets_are_whole_or_never_come: "video_packets",
    frames_of_any_packets_of_h264_are_whole_or_never_come: "h264_packets",
    the_video_decoder_survives_any_frame: "vp8",
    a_call_survives_its_peers_camera: "video",
}
