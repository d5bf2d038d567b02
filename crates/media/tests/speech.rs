//! Speech is found where it is, and handed out whole, in whatever format and however it arrives.

mod common;
mod spoken;

use common::{FRAME, MS, Packet, Rig, options};
use parley_media::{Layout, SpeechEvent, SpeechRequest, SpeechSettings, TurnEnd};
use spoken::{HZ, Script, format, listener, secs};
use std::time::Duration;

/// A frame that is judged.
const JUDGED: f64 = 0.032;

/// Two sentences with silence around them.
fn two_sentences() -> Script {
    Script::default().silence(1.0).say("greeting").silence(2.0).say("question").silence(2.0)
}

#[test]
fn each_sentence_is_a_turn_in_every_format() {
    let script = two_sentences();
    let packets = script.packets();
    for hz in [8_000, 11_025, 16_000, 24_000, 44_100, 48_000] {
        for layout in [Layout::Mono, Layout::Stereo] {
            let mut rig = listener(SpeechSettings::default(), format(hz, layout));
            rig.hear(&packets);
            assert_eq!(rig.turns().len(), 2, "{hz} Hz, {layout:?}");
            assert!(rig.frames.is_empty(), "{hz} Hz, {layout:?}: no frame goes to the handler");
            for (turn, (start, end)) in rig.turns().iter().zip(&script.phrases) {
                let (from, to) = (turn.from.as_secs_f64(), turn.to.as_secs_f64());
                assert_eq!(turn.end, TurnEnd::Pause);
                assert!((0.3..=0.5).contains(&(start - from)), "{hz} Hz, {layout:?}: {from} for {start}");
                // Silero hears the end of a narrow band a little later.
                assert!((0.3..=0.55).contains(&(to - end)), "{hz} Hz, {layout:?}: {to} for {end}");
                // Times are rounded to samples at 16 kHz, which are up to three of these.
                let samples = ((to - from) * f64::from(hz)).round() as usize * layout.channels();
                assert!(
                    turn.audio.len().abs_diff(samples) <= 3 * layout.channels(),
                    "{hz} Hz, {layout:?}: {} for {samples}",
                    turn.audio.len()
                );
            }
        }
    }
}

/// What comes before a turn and is fainter than any speech is silence in its audio; all else is to be as it was received.
#[test]
fn the_audio_of_a_turn_is_what_the_handler_would_have_got() {
    let packets = two_sentences().packets();
    for (hz, layout) in [(16_000, Layout::Mono), (44_100, Layout::Stereo), (48_000, Layout::Mono)] {
        let mut plain = Rig::new(format(hz, layout));
        plain.connect();
        plain.hear(&packets);
        let mut rig = listener(SpeechSettings::default(), format(hz, layout));
        rig.hear(&packets);
        let frames = plain.heard();
        for turn in rig.turns() {
            // Times are rounded to samples at 16 kHz.
            let near = (turn.from.as_secs_f64() * f64::from(hz)) as usize;
            let places = (near.saturating_sub(3)..near + 4).map(|at| &frames[at * layout.channels()..]);
            let off = places.map(|heard| difference(&turn.audio, heard)).fold(f64::MAX, f64::min);
            assert!(off < 0.001, "{hz} Hz, {layout:?}, at {:?}: {off} of the power differs", turn.from);
        }
    }
}

/// The power of the difference of two signals against that of the first.
fn difference(signal: &[i16], other: &[i16]) -> f64 {
    let power = |samples: &mut dyn Iterator<Item = f64>| samples.map(|sample| sample * sample).sum::<f64>();
    let pairs = signal.iter().zip(other).map(|(a, b)| f64::from(*a) - f64::from(*b));
    power(&mut pairs.into_iter()) / power(&mut signal.iter().map(|sample| f64::from(*sample)))
}

#[test]
fn speech_out_of_a_faint_room_is_heard_from_its_first_sample_on() {
    // Where in a batch of packets the voice begins must not matter, nor that the stream's pace is being mended: it is
    // when the first packets came late.
    for (shift, late) in (0..8).flat_map(|shift| [(shift, Duration::ZERO), (shift, 19 * MS)]) {
        let mut script =
            Script::default().silence(1.5 + f64::from(shift) * 0.013).say("question").silence(1.0);
        let mut state = 1_u32;
        for sample in &mut script.samples {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample += 0.0008 * ((state >> 8) as f32 / 8_388_608.0 - 1.0);
        }
        let mut packets = script.packets();
        packets[..5].iter_mut().for_each(|packet| packet.at += late);
        let mut plain = Rig::new(options());
        plain.connect();
        plain.hear(&packets);
        let mut rig = listener(SpeechSettings::default(), options());
        rig.hear(&packets);
        let [turn] = rig.turns()[..] else { panic!("{} turns", rig.turns().len()) };
        let near = (turn.from.as_secs_f64() * 48_000.0) as usize;
        let heard = plain.heard();
        let off =
            (near - 3..near + 4).map(|at| difference(&turn.audio, &heard[at..])).fold(f64::MAX, f64::min);
        assert!(off < 0.001, "{shift}, {late:?} late: {off} of the power differs");
    }
}

/// What the definition says of these probabilities: when each start and each pause becomes true, in frames.
fn by_definition(probabilities: &[f32], settings: SpeechSettings) -> (Vec<usize>, Vec<usize>) {
    let (mut starts, mut pauses, mut speech) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_speech = false;
    for (n, probability) in probabilities.iter().enumerate() {
        is_speech = *probability >= settings.threshold - if is_speech { 0.15 } else { 0.0 };
        speech.push(if is_speech { 1.0 } else { 0.0 });
        let window = settings.window.as_secs_f64() / JUDGED;
        let (whole, part) = (window as usize, window.fract());
        let mut sum: f64 = speech.iter().rev().take(whole).sum();
        sum += part * speech.iter().rev().nth(whole).unwrap_or(&0.0);
        if starts.len() == pauses.len() && sum * JUDGED > settings.started.as_secs_f64() {
            starts.push(n);
        } else if starts.len() > pauses.len() && sum * JUDGED < settings.pause.as_secs_f64() {
            pauses.push(n);
            speech.clear();
        }
    }
    (starts, pauses)
}

#[test]
fn starts_and_pauses_are_found_in_the_frame_that_makes_them_true() {
    let packets = two_sentences().say("hesitation").silence(1.0).say("noisy").silence(1.0).packets();
    let narrow = SpeechSettings { window: 300 * MS, pause: 40 * MS, ..SpeechSettings::default() };
    for settings in [SpeechSettings::default(), narrow] {
        let settings = SpeechSettings { probabilities: true, ..settings };
        let mut rig = listener(settings, options());
        rig.hear(&packets);
        let probabilities: Vec<f32> = rig.speech.iter().filter_map(|(_, event)| probability(event)).collect();
        let (starts, pauses) = by_definition(&probabilities, settings);
        let ends =
            |frames: Vec<usize>| frames.into_iter().map(|n| (n + 1) as f64 * JUDGED).collect::<Vec<_>>();
        let found: Vec<f64> = rig.starts().into_iter().map(|(_, found)| found).collect();
        assert_found(&found, &ends(starts));
        let found: Vec<f64> = rig.turns().iter().map(|turn| turn.found_at.as_secs_f64()).collect();
        assert_found(&found, &ends(pauses));
    }
}

fn probability(event: &SpeechEvent) -> Option<f32> {
    match event {
        SpeechEvent::Probability { probability, .. } => Some(*probability),
        _ => None,
    }
}

/// Each was found with the packet that completed the frame.
fn assert_found(found: &[f64], true_at: &[f64]) {
    assert_eq!(found.len(), true_at.len(), "{found:?} for {true_at:?}");
    for (found, true_at) in found.iter().zip(true_at) {
        assert!((0.0..0.021).contains(&(found - true_at)), "{found} for {true_at}");
    }
}

#[test]
fn a_peer_that_falls_silent_without_packets_has_paused() {
    let script = Script::default().silence(1.0).say("greeting");
    let mut rig = listener(SpeechSettings::default(), options());
    let end = script.phrases[0].1;
    let said = (end / FRAME.as_secs_f64()) as usize;
    rig.hear(&script.packets()[..=said]);
    rig.run_for(secs(2.0));
    let turn = rig.turns()[0];
    assert!(turn.found_at.as_secs_f64() < end + 0.8, "{:?} for {end}", turn.found_at);
}

#[test]
fn a_peer_that_never_sends_anything_says_nothing_and_can_begin_at_any_time() {
    let mut rig = listener(SpeechSettings::default(), options());
    rig.run_for(secs(5.0));
    assert!(rig.speech.is_empty());
    let script = Script::default().silence(0.1).say("greeting").silence(1.0);
    rig.hear(&script.packets());
    let turn = rig.turns()[0];
    let began = script.phrases[0].0;
    assert!((began - turn.from.as_secs_f64()).abs() < 0.6, "{:?} of what it sent", turn.from);
    assert!(turn.audio.len() as f64 / 48_000.0 > script.phrases[0].1 - script.phrases[0].0);
}

#[test]
fn turns_are_the_same_when_a_tenth_is_lost() {
    let script = two_sentences();
    let mut rig = listener(SpeechSettings::default(), options());
    let arrived: Vec<Packet> = script
        .packets()
        .into_iter()
        .enumerate()
        .filter(|(n, _)| n % 10 != 7)
        .map(|(_, packet)| packet)
        .collect();
    rig.hear(&arrived);
    assert_eq!(rig.turns().len(), 2);
    for (turn, (start, end)) in rig.turns().iter().zip(&script.phrases) {
        assert!(start - turn.from.as_secs_f64() > 0.25 && turn.to.as_secs_f64() - end > 0.25);
    }
}

#[test]
fn a_hesitation_is_a_pause_only_when_it_is_long_enough() {
    let script = Script::default().silence(1.0).say("hesitation").silence(2.0);
    let mut rig = listener(SpeechSettings::default(), options());
    rig.hear(&script.packets());
    // 350 ms within the sentence are none, 800 ms behind it are one.
    assert_eq!(rig.turns().len(), 2);
    let quick = SpeechSettings { window: 300 * MS, ..SpeechSettings::default() };
    let mut rig = listener(quick, options());
    rig.hear(&script.packets());
    assert_eq!(rig.turns().len(), 3);
}

#[test]
fn a_turn_that_is_continued_begins_where_it_did() {
    let script = Script::default().silence(1.0).say("hesitation").silence(2.0);
    let packets = script.packets();
    let mut rig = listener(SpeechSettings::default(), options());
    let first = heard_until_turn(&mut rig, &packets, 1);
    rig.ask(SpeechRequest::ContinueTurn);
    rig.hear_from(&packets, first);
    let turns = rig.turns();
    assert_eq!(turns.len(), 2);
    assert_eq!(turns[1].from, turns[0].from);
    assert!(turns[1].audio.starts_with(&turns[0].audio), "what was said before is said again");
    assert!(turns[1].to.as_secs_f64() > script.phrases[2].1);
}

/// Hears packets until there are so many turns. Returns how many packets that took.
fn heard_until_turn(rig: &mut Rig, packets: &[Packet], turns: usize) -> usize {
    for (n, packet) in packets.iter().enumerate() {
        rig.run_until(packet.at);
        rig.receive(packet);
        if rig.turns().len() == turns {
            return n + 1;
        }
    }
    panic!("{} turns", rig.turns().len());
}

#[test]
fn a_turn_may_be_continued_after_the_next_has_begun_but_not_after_ten_seconds() {
    for (pause, continues) in [(0.5, true), (11.0, false)] {
        let script =
            Script::default().silence(1.0).say("greeting").silence(pause).say("question").silence(2.0);
        let packets = script.packets();
        let mut rig = listener(SpeechSettings::default(), options());
        for packet in &packets {
            rig.run_until(packet.at);
            rig.receive(packet);
            if rig.starts().len() == 2 && rig.turns().len() == 1 {
                rig.ask(SpeechRequest::ContinueTurn);
            }
        }
        let turns = rig.turns();
        assert_eq!(turns.len(), 2);
        assert_eq!(turns[1].from == turns[0].from, continues, "after {pause} s");
        if !continues {
            assert!(script.phrases[1].0 - turns[1].from.as_secs_f64() < 0.5);
        }
    }
}

#[test]
fn a_turn_that_is_not_continued_repeats_nothing() {
    let script = Script::default().silence(1.0).say("greeting").silence(0.05).say("question").silence(2.0);
    let quick =
        SpeechSettings { window: 200 * MS, started: 100 * MS, pause: 20 * MS, ..SpeechSettings::default() };
    let mut rig = listener(quick, options());
    rig.hear(&script.packets());
    let turns = rig.turns();
    assert!(turns.len() >= 2);
    assert!(turns.windows(2).all(|pair| pair[0].to <= pair[1].from));
}

#[test]
fn somebody_who_speaks_for_too_long_is_not_waited_for() {
    let settings = SpeechSettings { max_continuous: Some(secs(2.0)), ..SpeechSettings::default() };
    let script = Script::default().silence(1.0).say("reply").silence(2.0);
    let mut rig = listener(settings, options());
    rig.hear(&script.packets());
    let turns = rig.turns();
    let ends: Vec<TurnEnd> = turns.iter().map(|turn| turn.end).collect();
    assert_eq!(ends, [TurnEnd::Max, TurnEnd::Max, TurnEnd::Pause]);
    assert!(turns.windows(2).all(|pair| pair[0].to == pair[1].from), "not a sample is missing");
    assert!((turns[0].found_at.as_secs_f64() - rig.starts()[0].0 - 2.0).abs() < 0.06);
}

#[test]
fn a_turn_is_as_long_as_is_kept_and_no_longer() {
    let mut rig = listener(SpeechSettings::default(), format(8_000, Layout::Mono));
    let script = (0..80).fold(Script::default(), |script, _| script.say("reply"));
    rig.hear(&script.packets());
    let turns = rig.turns();
    assert_eq!(turns[0].end, TurnEnd::Max);
    let length = (turns[0].to - turns[0].from).as_secs_f64();
    assert!((300.0..300.1).contains(&length), "{length} s");
}

#[test]
fn what_was_said_so_far_can_be_looked_at_and_taken() {
    let script = Script::default().silence(1.0).say("question").silence(2.0);
    let packets = script.packets();
    let middle = (2.0 / FRAME.as_secs_f64()) as usize;
    let mut rig = listener(SpeechSettings::default(), options());
    rig.hear(&packets[..middle]);
    rig.ask(SpeechRequest::PeekTurn);
    rig.ask(SpeechRequest::TakeTurn);
    rig.ask(SpeechRequest::TakeTurn);
    rig.hear_from(&packets, middle);
    let turns = rig.turns();
    let ends: Vec<TurnEnd> = turns.iter().map(|turn| turn.end).collect();
    assert_eq!(ends, [TurnEnd::Open, TurnEnd::Taken, TurnEnd::Taken, TurnEnd::Pause]);
    assert_eq!((turns[0].from, turns[0].to, &turns[0].audio), (turns[1].from, turns[1].to, &turns[1].audio));
    assert!(script.phrases[0].0 - turns[1].from.as_secs_f64() > 0.3 && turns[1].to == secs(2.0));
    assert!(turns[2].audio.is_empty() && turns[2].from == turns[2].to, "nothing was said in between");
    assert_eq!(turns[3].from, turns[2].to, "and what follows is another turn");
}

#[test]
fn taking_a_turn_when_nothing_was_said_gives_an_empty_one() {
    let mut rig = listener(SpeechSettings::default(), options());
    rig.run_for(secs(1.0));
    rig.ask(SpeechRequest::TakeTurn);
    assert!(rig.turns()[0].audio.is_empty());
}

#[test]
fn after_a_reset_nothing_was_said() {
    let script = Script::default().silence(1.0).say("question").silence(2.0);
    let packets = script.packets();
    let middle = (2.9 / FRAME.as_secs_f64()) as usize;
    let mut rig = listener(SpeechSettings::default(), options());
    rig.hear(&packets[..middle]);
    rig.ask(SpeechRequest::Reset);
    rig.ask(SpeechRequest::TakeTurn);
    assert!(rig.turns()[0].audio.is_empty());
    rig.run_for(secs(2.0));
    assert_eq!(rig.turns().len(), 1, "no pause follows");
}

#[test]
fn packets_may_wait_until_somebody_speaks_or_a_reply_plays() {
    let script = Script::default().silence(2.0).say("question").silence(3.0);
    let mut rig = listener(SpeechSettings::default(), options());
    let (start, end) = script.phrases[0];
    for packet in script.packets() {
        rig.run_until(packet.at);
        rig.receive(&packet);
        let (at, is_waiting) = (rig.now.as_secs_f64(), rig.pipeline.is_waiting());
        let is_spoken = rig.starts().len() > rig.turns().len();
        let is_silent = at > 1.0 && at < start || at > end + 1.5;
        assert!(!(is_spoken && is_waiting) && (!is_silent || is_waiting), "{is_waiting} at {at}");
    }
    assert_eq!(rig.turns().len(), 1);
    rig.ask(SpeechRequest::Reply(parley_media::ReplyMode::Ask));
    assert!(!rig.pipeline.is_waiting());
}

#[test]
fn clicks_do_not_start_a_turn() {
    let mut script = Script::default().silence(1.0);
    for _ in 0..20 {
        script.samples.extend([0.9, -0.9, 0.8, -0.8]);
        script = script.silence(0.3);
    }
    let mut rig = listener(SpeechSettings::default(), options());
    rig.hear(&script.packets());
    assert!(rig.speech.is_empty());
}

/// How long before a sentence its turn begins, with the sentence at different places among the frames.
fn leads(quieter: f32) -> Vec<f64> {
    let lead = |shift: f64| {
        let mut script = Script::default().silence(3.0 + shift).say("greeting").silence(1.5);
        script.samples.iter_mut().for_each(|sample| *sample *= 10_f32.powf(-quieter / 20.0));
        let mut rig = listener(SpeechSettings::default(), options());
        rig.hear(&script.packets());
        assert_eq!(rig.turns().len(), 1, "{quieter} dB quieter");
        script.phrases[0].0 - rig.turns()[0].from.as_secs_f64()
    };
    [0.0, 0.004, 0.008, 0.012, 0.016].map(lead).to_vec()
}

#[test]
fn speech_of_any_level_is_found_by_its_first_frames() {
    for quieter in [0.0, 12.0, 24.0] {
        let mut leads = leads(quieter);
        leads.sort_by(f64::total_cmp);
        // What is fainter than -60 dB is not judged: of the quietest that may be the first three frames, and then the first
        // that is judged comes to a model that knows nothing of them.
        let least = if quieter < 24.0 { 0.3 } else { 0.15 };
        assert!(leads[0] > least && leads[1] > 0.3, "{quieter} dB quieter: {leads:?}");
    }
}

impl Rig {
    /// Hears the packets from that one on, in the time that they have among all.
    fn hear_from(&mut self, packets: &[Packet], first: usize) {
        for packet in &packets[first..] {
            self.run_until(packet.at.max(self.now));
            self.receive(packet);
        }
        self.run_for(FRAME);
    }
}

#[test]
fn times_count_from_the_streams_start_whenever_listening_begins() {
    let script = Script::default().silence(3.0).say("greeting").silence(1.5);
    let packets = script.packets();
    let mut rig = Rig::new(options());
    rig.connect();
    rig.hear(&packets[..100]);
    assert_eq!(rig.frames.len(), 100);
    rig.ask(SpeechRequest::Listen(SpeechSettings::default()));
    rig.hear_from(&packets, 100);
    assert_eq!(rig.frames.len(), 100);
    assert!((rig.starts()[0].0 - script.phrases[0].0).abs() < 0.1, "{:?}", rig.starts());
    assert!(HZ == 16_000 && Duration::ZERO < FRAME);
}
