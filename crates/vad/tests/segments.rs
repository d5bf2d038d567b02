//! Stretches of speech beside those that Silero's own `get_speech_timestamps` finds: `reference/make_segments.py` wrote
//! them.

mod common;

use std::time::Duration;

use parley_vad::{FRAME_SAMPLES, Segment, SpeechOptions, find_speech, speech_segments};

struct Case {
    source: &'static str,
    options: SpeechOptions,
    expected: Vec<Segment>,
}

fn number<T: std::str::FromStr>(field: &str) -> T {
    field.parse().ok().expect("a number")
}

fn cases() -> Vec<Case> {
    include_str!("reference/segments.txt").lines().map(case).collect()
}

fn case(line: &'static str) -> Case {
    let fields: Vec<&str> = line.split(' ').collect();
    let ms = |index: usize| Duration::from_secs_f64(number::<f64>(fields[index]) / 1e3);
    let options = SpeechOptions {
        threshold: number(fields[1]),
        min_speech: ms(2),
        min_silence: ms(3),
        pad: ms(4),
        max_speech: (fields[5] != "inf").then(|| Duration::from_secs_f64(number(fields[5]))),
    };
    let segment = |field: &&str| {
        let (start, end) = field.split_once('-').expect("start and end");
        Segment { start: number(start), end: number(end) }
    };
    Case { source: fields[0], options, expected: fields[6..].iter().map(segment).collect() }
}

/// What the original model says, and how many samples that is about.
fn probabilities(source: &str) -> (Vec<f32>, usize) {
    if let Some(seed) = source.strip_prefix("drawn-") {
        return (drawn(number(seed)), 300 * FRAME_SAMPLES - 100);
    }
    let of = |name: &str| {
        let line = |line: &&str| line.starts_with(&format!("{name} 0 "));
        let line = include_str!("reference/probabilities.txt").lines().find(line).expect("the file");
        line.split(' ').skip(2).map(number::<f32>).collect::<Vec<f32>>()
    };
    if source == "all" {
        let all = ["greeting", "hesitation", "interruption", "noisy", "question", "reply"].map(of).concat();
        let samples = all.len() * FRAME_SAMPLES;
        return (all, samples);
    }
    (of(source), common::speech(source).len())
}

fn floats(name: &str) -> Vec<f32> {
    common::speech(name).iter().map(|sample| f32::from(*sample) / 32_768.0).collect()
}

/// As `reference/make_segments.py` draws them.
fn drawn(mut seed: u32) -> Vec<f32> {
    let mut draw = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed >> 16
    };
    let mut out = Vec::new();
    while out.len() < 300 {
        let (probability, frames) = (draw() as f32 / 65_536.0, 1 + draw() % 8);
        out.extend(std::iter::repeat_n(probability, frames as usize));
    }
    out.truncate(300);
    out
}

#[test]
fn stretches_of_speech_are_those_that_the_original_finds() {
    let cases = cases();
    assert_eq!(cases.len(), 15 * 9, "seven of speech and eight drawn, with nine options each");
    for Case { source, options, expected } in cases {
        let (probabilities, samples) = probabilities(source);
        assert_eq!(speech_segments(probabilities, samples, &options), expected, "{source} with {options:?}");
    }
}

#[test]
fn stretches_of_speech_in_audio_are_those_that_the_original_finds() {
    let files = |case: &Case| !case.source.starts_with("drawn") && case.source != "all";
    for Case { source, options, expected } in cases().into_iter().filter(files) {
        assert_eq!(find_speech(&floats(source), &options), expected, "{source} with {options:?}");
    }
}

#[test]
fn phrases_are_found_where_they_were_laid() {
    // `fixtures/speech/speech.json`: three phrases with 350 and 800 ms between them.
    let options = SpeechOptions {
        min_silence: Duration::from_millis(200),
        pad: Duration::ZERO,
        ..SpeechOptions::default()
    };
    let truth = include_str!("../../../fixtures/speech/speech.json");
    let truth = &truth
        [truth.find("\"hesitation\"").expect("the file")..truth.find("\"interruption\"").expect("the next")];
    let times = |name: &str| -> Vec<usize> {
        let after =
            |part: &str| number(part.trim_start_matches(": ").split([',', '\n']).next().expect("a number"));
        truth.split(&format!("\"{name}\"")).skip(1).map(after).collect()
    };
    let found = find_speech(&floats("hesitation"), &options);
    assert_eq!(found.len(), 3, "{found:?}");
    for ((found, start), end) in found.iter().zip(times("start")).zip(times("end")) {
        // Within two frames: a phrase begins and ends softly.
        assert!(found.start.abs_diff(start) <= 2 * FRAME_SAMPLES, "{found:?} begins at {start}");
        assert!(found.end.abs_diff(end) <= 4 * FRAME_SAMPLES, "{found:?} ends at {end}");
    }
}

#[test]
fn there_is_no_speech_in_nothing_nor_in_silence_nor_in_noise() {
    let options = SpeechOptions::default();
    let mut seed = 1_u32;
    let noise: Vec<f32> = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) as f32 / 65_536.0 - 0.5
    })
    .take(32_000)
    .collect();
    assert_eq!(find_speech(&[], &options), []);
    assert_eq!(find_speech(&[0.0; 16_001], &options), []);
    assert_eq!(find_speech(&noise, &options), []);
}
